"""What can be said of pieces that are rows of words: whether they stick, go round in circles, or are all alike."""

from collections import Counter

import numpy as np

from posterbeat.music.historical import pitches_of
from train.music.measure_pieces import interval

SEED = 0  # of every bootstrap
GRAM = 8  # words in a row that tell one melody from another


def stuck(words: list[str], last: int = 50) -> float:
    """1.0 when the last words are one and the same: one note (or chord) for ever."""
    return float(len(set(words[-last:])) == 1)


def circling(words: list[str], last: int = 64, longest: int = 16) -> float:
    """1.0 when the last words are a row of at most `longest` words over and over."""
    tail = words[-last:]
    return float(any(tail[period:] == tail[:-period] for period in range(1, longest + 1)))


def repeated(words: list[str]) -> float:
    """Share of the words that are the same as the word before."""
    return float(np.mean([one == two for one, two in zip(words, words[1:])]))


def alike(pieces: list[list[str]], gram: int = GRAM) -> list[float]:
    """For each piece the share of its runs of `gram` words that another piece of the set holds, too."""
    runs = [{tuple(words[at:at + gram]) for at in range(len(words) - gram + 1)} for words in pieces]
    held = Counter(run for of in runs for run in of)
    return [float(np.mean([held[run] > 1 for run in of])) if of else float("nan") for of in runs]


def of_words(pieces: list[list[str]]) -> dict[str, dict]:
    """The figures that are told in words: nothing but the pieces is asked."""
    return {"repeated": interval([repeated(words) for words in pieces], seed=SEED),
            "stuck": interval([stuck(words) for words in pieces], seed=SEED),
            "circling": interval([circling(words) for words in pieces], seed=SEED),
            "different_words": interval([len(set(words)) for words in pieces], seed=SEED),
            "alike": interval(alike(pieces), seed=SEED)}


def cut(words: list[str], notes: int) -> list[str]:
    """The first words, as many as it takes to sound `notes` notes."""
    sounded = np.cumsum([len(pitches_of(word)) for word in words])
    return words[:int(np.searchsorted(sounded, notes)) + 1]
