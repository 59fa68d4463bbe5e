"""Measures of form: bars that come back, an opening that returns, an ending."""

import numpy as np

from posterbeat.instruments import DRUMS, note_key
from posterbeat.music.key import estimate_key
from posterbeat.music.score import STEPS_PER_BEAT, Score

ALIKE = 0.6  # Jaccard index of two bars from which one closely matches the other
_LATER = 4  # an idea that comes again within four bars is a repetition, not a return


def bar_sets(score: Score) -> np.ndarray:
    """Which (onset in the bar, pitch class) each bar holds, drums left out.

    Returns
    -------
    np.ndarray of bool, shape (bars, bar * 12), up to the bar of the last onset
    """
    pitched = score.program != DRUMS
    bars = int(score.onset.max()) // score.bar + 1 if len(score) else 0
    held = np.zeros((bars, score.bar * 12), dtype=bool)
    onset = score.onset[pitched]
    held[onset // score.bar, onset % score.bar * 12 + score.pitch[pitched] % 12] = True
    return held


def bar_likeness(score: Score) -> np.ndarray:
    """Jaccard index of every two bars' sets: np.ndarray, shape (bars, bars); 0 where either bar is empty."""
    held = bar_sets(score).astype(np.float32)
    common = held @ held.T
    size = held.sum(1)
    return common / np.maximum(size[:, None] + size[None, :] - common, 1)


def returning_bars(score: Score) -> float:
    """Share of the bars at least four bars in, empty ones left out, that closely match some earlier bar.

    nan when the piece has no such bar.
    """
    alike = bar_likeness(score)
    later = np.flatnonzero(alike.diagonal() > 0)
    later = later[later >= _LATER]
    if not len(later):
        return float("nan")
    return float(np.mean([(alike[bar, :bar] >= ALIKE).any() for bar in later]))


def opening_returns(score: Score) -> bool:
    """Whether the first two bars, from the first that is not empty, come back in order at least four bars later."""
    alike = bar_likeness(score) >= ALIKE
    sounding = np.flatnonzero(alike.diagonal())
    if not len(sounding) or sounding[0] + 1 >= len(alike):
        return False
    start = sounding[0]
    if not alike[start + 1, start + 1]:  # an empty second bar can not be recognised
        return bool(alike[start, start + _LATER:].any())
    first, second = alike[start, start + _LATER:-1], alike[start + 1, start + _LATER + 1:]
    return bool((first & second).any())


def longest_repeat(score: Score) -> int:
    """Length in bars of the longest run of equal bars (same onsets, families and pitches), empty bars left out."""
    if not len(score):
        return 0
    bars = int(score.onset.max()) // score.bar + 1
    code = note_key(score.onset % score.bar, score.family, score.pitch)
    edges = np.searchsorted(score.onset, np.arange(bars + 1) * score.bar)
    longest = run = 0
    before = b""
    for start, stop in zip(edges[:-1], edges[1:]):
        now = np.unique(code[start:stop]).tobytes()
        run = run + 1 if now and now == before else int(bool(now))
        longest, before = max(longest, run), now
    return longest


def ends(score: Score) -> bool:
    """Whether the piece comes to an end: its last bar is one chord that holds the tonic, held or followed by a rest.

    In the bar of the last onset all pitched notes start together; with those still sounding they hold the tonic of
    the piece's estimated key; and they last a beat, or leave at least a beat of rest in the bar. Game music mostly
    goes round for ever, so that few real pieces end in this sense.
    """
    pitched = score.program != DRUMS
    if not pitched.any():
        return False
    onset, stop, pitch = score.onset[pitched], (score.onset + score.duration)[pitched], score.pitch[pitched]
    last = onset.max()
    in_last_bar = onset >= last - last % score.bar
    if (onset[in_last_bar] != last).any() or score.onset.max() // score.bar != last // score.bar:
        return False
    chord = stop > last
    end = stop[chord].max()
    held, rest = end - last >= STEPS_PER_BEAT, -end % score.bar >= STEPS_PER_BEAT
    return bool((held or rest) and estimate_key(score)[0] in pitch[chord] % 12)
