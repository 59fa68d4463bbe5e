"""What the network sees of a piece: NumPy arrays from events, for learning and for measuring.

`sampling.py` finds the same one note at a time while composing.
"""

from dataclasses import dataclass

import numpy as np

from posterbeat.composer.find_repeats import LITERAL
from posterbeat.composer.network import HINTS, MEMORY, PHRASE, START
from posterbeat.instruments import TONES, tone
from posterbeat.music.events import MAX_STEP, place_in_bar

_WRITTEN = np.array([1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512, 1024, 2048])
_LEFT = np.array([2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 2048])
_TEMPI = np.exp(np.linspace(np.log(50), np.log(220), 15))
_DENSITIES = np.array([1, 1.5, 2, 3, 4, 5.5, 7.5, 10, 14])
_BARS = (24, 36, 48, 60, 72, 84)
CONDITION_SIZES = (len(_TEMPI) + 2, len(_DENSITIES) + 2, 3, len(_BARS) + 2)
NO_HINT, MATCH, PLAN_NEW, PLAN_RECALL, PLAN_LITERAL = 0, 1, 6, 7, 8  # kinds of hint; MATCH to MATCH + 4 by length


def condition_buckets(tempo: float | None, density: float | None, minor: bool | None, bar: int | None) -> np.ndarray:
    """np.ndarray of int64, shape (4,): tempo (beats a minute), density (notes a beat), mode and metre as buckets.

    None stands for unknown.
    """
    return np.array([
        CONDITION_SIZES[0] - 1 if tempo is None else np.searchsorted(_TEMPI, tempo),
        CONDITION_SIZES[1] - 1 if density is None else np.searchsorted(_DENSITIES, density),
        2 if minor is None else int(minor),
        CONDITION_SIZES[3] - 1 if bar is None else _BARS.index(bar) if bar in _BARS else len(_BARS),
    ], dtype=np.int64)


def progress_buckets(written, left) -> np.ndarray:
    """Buckets of the notes written and left (the target included): (..., 2)."""
    return np.stack([np.searchsorted(_WRITTEN, written, side="right"), np.searchsorted(_LEFT, left, side="right")], axis=-1)


def notes_with_place(fields: np.ndarray, onset: np.ndarray, bar: int) -> np.ndarray:
    """Fields and place in the bar of each note: (notes, 8)."""
    return np.concatenate([fields, np.stack(place_in_bar(onset, bar), axis=1)], axis=1).astype(np.int64)


def first_event() -> np.ndarray:
    """What stands before the first note: (8,)."""
    return np.array([0, START, 0, 0, 0, 0, 0, 0], dtype=np.int64)


def voices(fields: np.ndarray, onset: np.ndarray) -> np.ndarray:
    """The last two notes of each note's own family: (notes, 2, 4), tone (`TONES` for none), duration, velocity, age."""
    n = len(fields)
    out = np.zeros((n, 2, 4), np.int64)
    out[:, :, 0] = TONES
    order = np.lexsort((np.arange(n), fields[:, 1]))
    family = fields[order, 1]
    for back in (1, 2):
        same = np.zeros(n, bool)
        same[back:] = family[back:] == family[:-back]
        here, before = order[same], order[np.flatnonzero(same) - back]
        out[here, back - 1, 0] = tone(fields[before, 2], fields[before, 1])
        out[here, back - 1, 1:3] = fields[before, 3:5]
        out[here, back - 1, 3] = np.minimum(onset[here] - onset[before], MAX_STEP)
    return out


def match_hints(fields: np.ndarray, pointer: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hints that look only backwards: notes (notes, HINTS, 5) and kinds (notes,), before each target note."""
    n = len(fields)
    first = np.full(n, -1)
    first[1:] = pointer[:-1]
    kind = np.full(n, MATCH)
    kind[1:] = MATCH + length[:-1]
    return _recalled(fields, first), kind


def plan_hints(fields, onset, bar, pointer, similarity) -> tuple[np.ndarray, np.ndarray]:
    """Hints from the bars that a piece is known to recall; shapes as in `match_hints`.

    pointer as `find_repeats.bar_pointers`, similarity (notes,) of each note's bar with the bar that it recalls.
    """
    recalled = np.zeros(len(fields))
    recalled[1:] = similarity[:-1]
    kind = np.where(recalled <= 0, PLAN_NEW, np.where(recalled < LITERAL, PLAN_RECALL, PLAN_LITERAL))
    return place_hints(fields, onset, bar, pointer), kind


def place_hints(fields, onset, bar, pointer) -> np.ndarray:
    """Notes (notes, HINTS, 5) that come next in the bar where `pointer`, of `find_repeats.bar_pointers`, lies."""
    first = np.full(len(fields), -1)
    first[1:] = pointer[:-1]
    notes = _recalled(fields, first)
    # The recalled place may lie between notes: the first step counts from there, not from the note before it.
    rows = np.flatnonzero(first >= 0)
    inside = onset[rows - 1] % bar
    wait = onset[first[rows]] % bar - inside
    wait += np.where(wait < 0, bar, 0)
    notes[rows, 0, 0] = np.minimum(wait, MAX_STEP)
    return notes


def _recalled(fields: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The notes from index `first` on, as far as they are written before the target: (notes, HINTS, 5)."""
    index = first[:, None] + np.arange(HINTS)
    known = (first[:, None] >= 0) & (index < np.arange(len(fields))[:, None])
    notes = fields[np.where(known, index, 0)].astype(np.int64)
    notes[~known] = (0, START, 0, 0, 0)
    return notes


@dataclass
class Window:
    """Phrases to read for a stretch of targets: indices of their first notes, and what each phrase of targets sees.

    starts : (p,) first note of each phrase read
    visible : (t // PHRASE, p) age of each of them for each phrase of targets, -1 hidden
    """

    starts: np.ndarray
    visible: np.ndarray


def window(start: int, phrases: int) -> Window:
    """For targets from note `start` (a multiple of PHRASE) on, `phrases` phrases long: what is read, what is visible.

    The opening comes first, then MEMORY phrases before `start`, then those of the stretch itself but its last.
    """
    here = start // PHRASE
    read = np.concatenate([[0], np.arange(here - MEMORY, here + phrases - 1)])
    now = here + np.arange(phrases)[:, None]
    age = now - read[None, :]
    visible = np.where((read >= 0) & (age >= 1) & (age <= MEMORY), age, -1)
    visible[:, 0] = np.where(now[:, 0] >= 1, 0, -1)
    return Window(read * PHRASE, visible)
