"""A plan as the numbers that the reader and the planner see."""

import numpy as np

from posterbeat.chords import feature_table
from posterbeat.composer.parts import Part
from posterbeat.composer.plan import Plan

_COUNTS = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192])  # bars from which the next class holds
_METRES = (48, 36, 24, 72, 96)
UNKNOWN = {"tempo": 16, "mode": 2, "density": 8}
_CHORDS = feature_table()


def about_classes(tempo: float, minor: bool, bar: int, density: float) -> np.ndarray:
    """Classes of tempo (beats a minute), mode, metre (bar in twelfths of a beat) and density (notes a beat), shape (4,)."""
    fast = int(np.clip(np.log2(tempo / 40) * 6, 0, 15))
    dense = int(np.clip(np.log2(max(density, 1e-3)) * 1.5 + 1.5, 0, 7))
    return np.array([fast, int(minor), _METRES.index(bar) if bar in _METRES else len(_METRES), dense])


def part_columns(parts: tuple[Part, ...]) -> np.ndarray:
    """np.ndarray of int64, shape (parts, 5), columns as in `reader.PART_SIZES`."""
    return np.array([(part.family, part.register, part.voices, part.busy, part.active) for part in parts], np.int64)


def bar_columns(copy: np.ndarray, first: int, total: int) -> np.ndarray:
    """Columns as in `reader.BAR_SIZES` of the bars from `first` on of a piece of `total` bars, shape (len(copy), 4)."""
    number = first + np.arange(len(copy))
    since = np.searchsorted(_COUNTS, number, side="right")
    left = np.searchsorted(_COUNTS, np.maximum(total - 1 - number, 0), side="right")
    return np.stack([copy.astype(np.int64), number % 8, since, left], axis=1)


def chord_features(plan: Plan) -> np.ndarray:
    """np.ndarray of float32, shape (bars, 2, 36), as in `chords.feature_table`."""
    return _CHORDS[plan.chord, plan.bass]
