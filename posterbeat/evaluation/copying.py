"""How much of a melody was copied: exact longest matches against all training melodies through a suffix array.

A melody is told by steps, not by pitches, so that transposition hides nothing: for each two neighbouring notes of
the skyline (the highest note at every onset) the interval in semitones and the onset step in twelfths of a beat.
Compare a generated piece with what real, unseen pieces share with the training set (Yin et al., "The Originality
Report", SN Computer Science 3, 2022).
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from posterbeat.instruments import DRUMS
from posterbeat.music.score import Score

LONGEST_STEP = 96  # two bars of 4/4; a longer pause is a pause
_STEPS = LONGEST_STEP + 1


def skyline(score: Score) -> tuple[np.ndarray, np.ndarray]:
    """The highest pitched note at every onset, drums left out.

    Returns
    -------
    onset, pitch : np.ndarray of int32, shape (onsets,), onsets rising
    """
    pitched = score.program != DRUMS
    onset, pitch = score.onset[pitched], score.pitch[pitched]
    if not len(onset):
        return onset, pitch
    first = np.flatnonzero(np.append(True, onset[1:] != onset[:-1]))  # onsets are sorted
    return onset[first], np.maximum.reduceat(pitch, first)


def melody_pairs(score: Score) -> np.ndarray:
    """The skyline's (interval, onset step) pairs, each as one number above 0.

    Returns
    -------
    np.ndarray of uint16, shape (max(0, onsets - 1),); steps above `LONGEST_STEP` count as that
    """
    onset, pitch = skyline(score)
    pairs = (np.diff(pitch) + 127) * _STEPS + np.minimum(np.diff(onset), LONGEST_STEP) + 1
    return pairs.astype(np.uint16)


class CopyIndex:
    """All training melodies, searchable for the longest match from every note of a piece.

    Parameters
    ----------
    melodies : the training pieces' `melody_pairs`, each np.ndarray of uint16, shape (pairs,)

    Building sorts all suffixes by doubling (Manber and Myers, 1993; only unsettled ones again): a minute for ten
    million notes, about 6 bytes a pair when built.
    """

    def __init__(self, melodies: Iterable[np.ndarray]):
        parts, starts, length = [], [], 0
        for melody in melodies:
            starts.append(length)
            parts += [np.asarray(melody, dtype=np.uint16), np.zeros(1, dtype=np.uint16)]  # 0 parts the pieces
            length += len(melody) + 1
        self._text = np.concatenate(parts) if parts else np.zeros(1, dtype=np.uint16)
        self._starts = np.array(starts, dtype=np.int64)
        self._order = _suffix_array(self._text)

    def save(self, path: str | Path) -> None:
        """Write the index as an npz file."""
        np.savez(path, text=self._text, starts=self._starts, order=self._order)

    @classmethod
    def load(cls, path: str | Path) -> "CopyIndex":
        """Read an index that `save` wrote."""
        index = cls.__new__(cls)
        with np.load(path, allow_pickle=False) as arrays:
            index._text, index._starts, index._order = arrays["text"], arrays["starts"], arrays["order"]
        return index

    def __len__(self) -> int:
        """Number of training melodies."""
        return len(self._starts)

    def matches(self, melody: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """From every pair of a melody, how many pairs on some training melody goes the same way.

        Returns
        -------
        length : np.ndarray of int32, shape (pairs,), the longest match that starts here
        piece : np.ndarray of int32, shape (pairs,), number of a training melody that holds it
        """
        melody = np.asarray(melody, dtype=np.uint16)
        length = np.zeros(len(melody), dtype=np.int32)
        low = np.zeros(len(melody), dtype=np.int64)
        high = np.full(len(melody), len(self._order), dtype=np.int64)
        alive = np.arange(len(melody))
        depth = 0
        while len(alive):
            alive = alive[alive + depth < len(melody)]
            wanted = melody[alive + depth].astype(np.int32)
            left = self._narrow(low[alive], high[alive], wanted, depth)
            right = self._narrow(low[alive], high[alive], wanted + 1, depth)
            found = left < right
            alive = alive[found]
            low[alive], high[alive] = left[found], right[found]
            depth += 1
            length[alive] = depth
        where = self._order[np.minimum(low, len(self._order) - 1)]
        piece = np.searchsorted(self._starts, where, side="right") - 1
        return length, piece.astype(np.int32)

    def _narrow(self, low, high, wanted, depth):
        """First place in each [low, high) of the order whose suffix has at `depth` a number not below `wanted`."""
        low, high = low.copy(), high.copy()
        while (open_ := low < high).any():
            middle = (low + high) // 2
            at = np.minimum(self._order[np.minimum(middle, len(self._order) - 1)] + depth, len(self._text) - 1)
            below = open_ & (self._text[at] < wanted)
            low = np.where(below, middle + 1, low)
            high = np.where(open_ & ~below, middle, high)
        return low

    def longest(self, score: Score) -> int:
        """Number of pairs in the longest run of the piece's skyline that also occurs in a training piece."""
        length, _ = self.matches(melody_pairs(score))
        return int(length.max(initial=0))

    def share(self, score: Score, gram: int = 8) -> float:
        """Share of the piece's runs of `gram` pairs that occur in training; nan for a shorter melody."""
        length, _ = self.matches(melody_pairs(score))
        starts = length[:len(length) - gram + 1] if len(length) >= gram else length[:0]
        return float((starts >= gram).mean()) if len(starts) else float("nan")


def _suffix_array(text: np.ndarray) -> np.ndarray:
    """Order of all suffixes of a text of uint16 below 65535: np.ndarray of int32, shape (len(text),)."""
    size = len(text)
    depth = 4  # four numbers of sixteen bits make the first key
    wide = np.concatenate([text.astype(np.uint64) + 1, np.zeros(depth, dtype=np.uint64)])  # past the end is lowest
    key = (wide[:size] << 48) | (wide[1:size + 1] << 32) | (wide[2:size + 2] << 16) | wide[3:size + 3]
    order = np.argsort(key, kind="stable").astype(np.int32)
    key = key[order]
    fresh = np.append(True, key[1:] != key[:-1])
    rank = np.zeros(size + 1, dtype=np.int64)  # one past the end ranks lowest
    places = np.arange(size)
    rank[order] = np.maximum.accumulate(np.where(fresh, places + 1, 0))
    while True:
        # A suffix is settled when its rank is its own; the others are sorted again by twice as many numbers.
        alone = fresh & np.append(fresh[1:], True)
        unsettled = np.flatnonzero(~alone) if depth == 4 else places[~alone]
        if not len(unsettled):
            return order
        rows = order[unsettled]
        key = (rank[rows] << 32) | rank[np.minimum(rows.astype(np.int64) + depth, size)]
        again = np.argsort(key, kind="stable")
        key, rows = key[again], rows[again]
        order[unsettled] = rows
        fresh = np.append(True, key[1:] != key[:-1])
        rank[rows] = np.maximum.accumulate(np.where(fresh, unsettled + 1, 0))
        places, depth = unsettled, depth * 2
