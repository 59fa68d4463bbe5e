"""What the writer is shown around the notes of a cell: where it may be repeating itself, and what else sounds.

Composing and the preparation of training pieces walk through a piece in the same order with the same code: bar by bar,
in each bar first the cells that are copied, then the written ones from the lowest part up.
"""

from dataclasses import dataclass

import numpy as np

from posterbeat.composer.parts import MOST_PLACES
from posterbeat.instruments import DRUM_FAMILY, PITCHES
from posterbeat.music.events import DURATIONS

NOBODY = PITCHES  # lowest pitch where nothing sounds


@dataclass(frozen=True)
class CellView:
    """What is known when a cell is begun.

    others : np.ndarray of uint8, shape (2, MOST_PLACES): where pitched parts, and drums, start notes in this bar
    sounding : np.ndarray of bool, shape (bar, 12): pitch classes of other parts that sound at each place
    lowest : np.ndarray of uint8, shape (bar,): the lowest of those pitches, `NOBODY` for none
    """

    others: np.ndarray
    sounding: np.ndarray
    lowest: np.ndarray


class Surroundings:
    """What sounds in a piece that is being written.

    Parameters
    ----------
    bars, bar : int, how many, and their length in twelfths of a beat
    """

    def __init__(self, bars: int, bar: int):
        self._bar = bar
        self._sounding = np.zeros((bars * bar, 12), np.uint8)
        self._lowest = np.full(bars * bar, NOBODY, np.uint8)
        self._onsets = np.zeros((bars, 2, MOST_PLACES), np.uint8)

    def add(self, bar: int, family: int, notes: np.ndarray) -> None:
        """A cell is finished: `notes` as in `parts.Arrangement`."""
        if not len(notes):
            return
        if family == DRUM_FAMILY:
            self._onsets[bar, 1, notes[:, 0]] = 1
            return
        self._onsets[bar, 0, notes[:, 0]] = 1
        begin = bar * self._bar + notes[:, 0].astype(np.int64)
        end = begin + DURATIONS[notes[:, 2]]
        for first, last, pitch in zip(begin.tolist(), end.tolist(), notes[:, 1].tolist()):
            self._sounding[first:last, pitch % 12] = 1
            low = self._lowest[first:last]
            np.minimum(low, pitch, out=low)

    def view(self, bar: int) -> CellView:
        """What other cells, all that were added so far, do in a bar."""
        rows = slice(bar * self._bar, (bar + 1) * self._bar)
        return CellView(self._onsets[bar], self._sounding[rows], self._lowest[rows])


def keys(notes: np.ndarray) -> np.ndarray:
    """Places and pitches of a cell's notes as numbers that sort as the notes do: np.ndarray of int64, shape (n,)."""
    return notes[:, 0].astype(np.int64) * PITCHES + notes[:, 1]


def following(source: np.ndarray, written: np.ndarray) -> np.ndarray:
    """For each note of a cell, the first note of a source cell that comes after the note before it.

    Parameters
    ----------
    source, written : np.ndarray of int64, `keys` of both cells

    Returns
    -------
    np.ndarray of int64, shape (len(written),), index into the source, its length where nothing comes
    """
    found = np.zeros(len(written), np.int64)
    found[1:] = np.searchsorted(source, written[:-1], side="right")
    return found


def matching(source: np.ndarray, written: np.ndarray) -> np.ndarray:
    """The same once the place is known: the first note of the source at that place or later, and after the note before."""
    places = written // PITCHES * PITCHES
    reached = np.full(len(written), -1)
    reached[1:] = written[:-1] + 1
    return np.searchsorted(source, np.maximum(places, reached), side="left")
