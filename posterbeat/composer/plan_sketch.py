"""A plan as far as it is drawn, and what follows from it for the bars to come."""

import numpy as np

from posterbeat.chords import NO_CHORD, feature_table
from posterbeat.composer.plan import LITERAL, NEAR, NEW, SILENT, VARIED, Plan

_CHORDS = feature_table()


class PlanSketch:
    """The arrays of `Plan`, with room for more bars; rows past the last bar are empty.

    Attributes
    ----------
    copy, chord, bass, cells : as in `Plan`
    contents : np.ndarray of int64, shape (bars, parts), a number for what each cell holds, 0 for silence, equal for copies
    last : np.ndarray of int, shape (parts,), the bar of each part's last cell with notes, -1 for none
    sums : list of int, the notes of each bar that has ended; total : int, of all
    ideas : as `contents`, but nearly literal repeats count as what they repeat, and so do variations of as many notes: they
        may come out alike
    run : int, how many bars on end hold the ideas of the last one
    """

    def __init__(self, parts: int):
        most = 64
        self.copy, self.chord = np.zeros(most, np.uint8), np.full((most, 2), NO_CHORD, np.uint8)
        self.bass, self.cells = np.zeros((most, 2), np.uint8), np.zeros((most, parts, 5), np.uint8)
        self.contents, self.ideas, self._fresh = np.zeros((most, parts), np.int64), np.zeros((most, parts), np.int64), 1
        self.last = np.full(parts, -1)
        self.sums: list[int] = []
        self.total = self.run = 0

    def plan(self, bars: int) -> Plan:
        """The first bars as a plan."""
        return Plan(self.copy[:bars].copy(), self.chord[:bars].copy(), self.bass[:bars].copy(), self.cells[:bars].copy())

    def make_room(self, bar: int) -> None:
        """See to it that there is a row for `bar`, which is the next."""
        if bar == len(self.copy):
            for name in ("copy", "chord", "bass", "cells", "contents", "ideas"):
                array = getattr(self, name)
                setattr(self, name, np.concatenate([array, np.zeros_like(array)]))

    def harmony(self, bar: int) -> np.ndarray:
        """Features of a bar's chords, zeros before the first: np.ndarray of float32, shape (72,)."""
        return np.zeros(72, np.float32) if bar < 0 else _CHORDS[self.chord[bar], self.bass[bar]].reshape(72)

    def repeat(self, bar: int, source: int) -> None:
        """Let a bar be what an earlier one is, in all parts."""
        cells = self.cells[source].copy()
        playing = cells[:, 0] != SILENT
        cells[playing, 0], cells[playing, 1] = LITERAL, bar - source
        self.cells[bar], self.contents[bar], self.ideas[bar] = cells, self.contents[source], self.ideas[source]
        self.chord[bar], self.bass[bar] = self.chord[source], self.bass[source]

    def put(self, bar: int, part: int, cell: np.ndarray) -> None:
        """Write a cell: its five numbers as in `Plan`."""
        self.cells[bar, part] = cell
        source = bar - int(cell[1])  # of the cells' own kind of number it would end at 255
        self.contents[bar, part] = self.ideas[bar, part] = 0 if cell[0] == SILENT else self._fresh
        self._fresh += 1
        if cell[0] == LITERAL:
            self.contents[bar, part] = self.contents[source, part]
        if cell[0] in (NEAR, LITERAL) or cell[0] == VARIED and cell[2] == self.cells[source, part, 2]:
            self.ideas[bar, part] = self.ideas[source, part]

    def end_bar(self, bar: int) -> None:
        """Count a bar whose cells are all there."""
        same = bar > 0 and (self.ideas[bar] == self.ideas[bar - 1]).all()
        self.run = self.run + 1 if same else 1
        self.last = np.where(self.cells[bar, :, 0] != SILENT, bar, self.last)
        self.sums.append(int(self.cells[bar, :, 2].sum()))
        self.total += self.sums[-1]

    def fit(self, bar: int, wanted: int) -> None:
        """Make the notes of the last bar exactly `wanted`: its cells become new ones or variations."""
        cells = self.cells[bar]
        counts = cells[:, 2].astype(int)
        if counts.sum() == wanted:
            return
        scaled = np.floor(counts * wanted / counts.sum()).astype(int)
        for part in np.argsort(-(counts * wanted / counts.sum() - scaled), kind="stable")[:wanted - scaled.sum()]:
            scaled[part] += 1
        for part in np.flatnonzero(scaled != counts):
            if scaled[part] == 0:
                cells[part] = 0
            else:
                self.put(bar, part, np.array([VARIED if cells[part, 1] else NEW, cells[part, 1], scaled[part], *cells[part, 3:]]))
        self.copy[bar] = 0
        self.total += wanted - self.sums[bar]
        self.sums[bar] = wanted
