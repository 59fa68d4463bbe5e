"""No pitch takes over a piece: how often each is heard while the piece is written."""

import numpy as np

from posterbeat.composer.plan import LITERAL, Plan
from posterbeat.instruments import PITCHES

_MOST = 0.45  # of the notes that one pitch takes


class PitchShares:
    """How many notes each pitch has in the piece as it will be: what a plan repeats counts as often as it comes.

    Parameters
    ----------
    plan : Plan
    drums : np.ndarray of bool, shape (parts,); they count only where nobody else plays
    """

    def __init__(self, plan: Plan, drums: np.ndarray):
        self._counted = drums if drums.all() else ~drums
        self._heard = np.ones(plan.kind.shape, int)  # how often each cell comes, itself and its copies
        for bar in range(plan.bars - 1, -1, -1):
            copies = np.flatnonzero(plan.kind[bar] == LITERAL)
            self._heard[bar - plan.back[bar, copies], copies] += self._heard[bar, copies]
        self._most = _MOST * plan.cells[:, self._counted, 2].sum()
        self._notes = np.zeros(PITCHES)

    def open(self, bar: int, part: int) -> np.ndarray:
        """Which pitches a note of a cell may have: np.ndarray of bool, shape (128,)."""
        if not self._counted[part]:
            return np.ones(PITCHES, bool)
        return self._notes + self._heard[bar, part] <= self._most

    def add(self, bar: int, part: int, pitches: int | np.ndarray) -> None:
        """Count notes of a cell that copies none."""
        if self._counted[part]:
            np.add.at(self._notes, pitches, self._heard[bar, part])
