"""Whether a piece is played as it was planned, and whether a plan was copied: by the chords of its half-bars."""

import numpy as np

from posterbeat.chords import HEARD, NO_CHORD
from posterbeat.instruments import DRUMS
from posterbeat.music.harmony import estimate_chords, slots_in_bar
from posterbeat.music.score import Score
from posterbeat.notation.chord_text import parse_chords


def heard_chords(score: Score, chosen: np.ndarray | None = None) -> np.ndarray:
    """The chord of each half-bar (each bar in triple time) as it is heard, the bass left aside.

    Parameters
    ----------
    chosen : np.ndarray of bool, shape (notes,), which notes are heard; None for all

    Returns
    -------
    np.ndarray of int64, numbers as `chords.Chord.numbered` counts them
    """
    tuned = (score.program != DRUMS) & (True if chosen is None else chosen)
    bars = int(score.onset.max()) // score.bar + 1
    return estimate_chords(score.onset[tuned], score.duration[tuned], score.pitch[tuned], score.bar, bars)[0]


def planned_chords(score: Score) -> np.ndarray:
    """The same as it was planned, from the score's marks; -1 before the first of them and for chords that are never heard."""
    bars = int(score.onset.max()) // score.bar + 1
    slots = slots_in_bar(score.bar)
    planned = np.full(bars * slots, -1)
    for onset, kind, name in score.marks:
        if kind == "chord":
            planned[onset * slots // score.bar:] = _number(name.partition("/")[0])
    return planned


def _number(name: str) -> int:
    (chord,), = parse_chords(name)
    return chord.number[0] if chord.number[0] <= NO_CHORD else -1


def follows_plan(score: Score) -> float:
    """Share of half-bars in which the planned chord is heard; nan without a plan."""
    planned = planned_chords(score)
    known = planned >= 0
    return float((heard_chords(score) == planned)[known].mean()) if known.any() else float("nan")


def heard_in_halves(score: Score, random: np.random.Generator) -> float:
    """The ceiling of `follows_plan`: chords heard in one random half of a real piece's notes, and in the other."""
    side = random.random(len(score)) < 0.5
    return float((heard_chords(score, side) == heard_chords(score, ~side)).mean())


def chord_moves(chords: np.ndarray) -> np.ndarray:
    """How the harmony goes, whatever the key: from each chord to the next other one, as numbers above 0 for `CopyIndex`.

    Parameters
    ----------
    chords : np.ndarray of int, as `heard_chords` or `planned_chords` give them

    Returns
    -------
    np.ndarray of uint16: the root's step upwards and both kinds of chord
    """
    chords = chords[(chords >= 0) & (chords != NO_CHORD)]
    chords = chords[np.append(True, np.diff(chords) != 0)] if len(chords) else chords
    root, kind = chords % 12, chords // 12
    return (1 + (np.diff(root) % 12 * HEARD + kind[:-1]) * HEARD + kind[1:]).astype(np.uint16)
