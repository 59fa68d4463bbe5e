"""Yardsticks for the composer's bits a note: how well do plain counts foresee the same fields?"""

import numpy as np

from posterbeat.music.events import FIELDS, SIZES


class NGram:
    """Interpolated n-gram of notes: every field given the same field of the notes before.

    p(x | c) = (count(c, x) + kinds(c) p(x | shorter c)) / (count(c) + kinds(c)), where kinds(c) is the number of
    different x seen after c (Witten and Bell, "The zero-frequency problem", IEEE Trans. Inf. Theory 37, 1991); the
    shortest context rests on even chances.

    Parameters
    ----------
    pieces : the training pieces' fields, each np.ndarray of int, shape (notes, 5), as in `events.Events`
    order : number of notes before that count: 0, 1 or 2
    within : give each field also the field just before it in the note, in place of the earliest note's; a stronger
        yardstick of the same order
    """

    def __init__(self, pieces: list[np.ndarray], order: int = 2, within: bool = False):
        self._order, self._within = order, within
        self._counts = []
        for field in range(len(FIELDS)):
            contexts = [np.concatenate(columns) for columns in
                        zip(*(self._contexts(piece, field) for piece in pieces))]
            symbol = np.concatenate([piece[:, field] for piece in pieces]).astype(np.int64)
            self._counts.append([_count(context, symbol, SIZES[FIELDS[field]]) for context in contexts])

    def _contexts(self, fields, field):
        """Each length's context as one number a note, from none to the longest."""
        fields = fields.astype(np.int64)
        before = []
        for back in range(1, self._order + 1):
            column = np.full(len(fields), SIZES[FIELDS[field]], dtype=np.int64)  # a mark before the first note
            column[back:] = fields[:-back, field] if back < len(fields) else []
            before.append(column)
        if self._within and field:
            before.insert(0, fields[:, field - 1])
            before = before[:self._order]
        contexts = [np.zeros(len(fields), dtype=np.int64)]
        for column in before:
            contexts.append(contexts[-1] * 256 + column + 1)
        return contexts

    def bits(self, fields: np.ndarray, order: int | None = None) -> float:
        """Mean negative log2-likelihood of a piece's notes, all fields summed, in bits a note.

        With `order` no context longer than that counts, as if the model had been made with it.
        """
        lengths = 1 + (self._order if order is None else order)
        total = np.zeros(len(fields))
        for field, counts in enumerate(self._counts):
            size = SIZES[FIELDS[field]]
            chance = np.full(len(fields), 1 / size)
            for context, table in list(zip(self._contexts(fields, field), counts))[:lengths]:
                chance = _smooth(table, context, fields[:, field].astype(np.int64), size, chance)
            total -= np.log2(chance)
        return float(total.mean())


def _count(context, symbol, size):
    """Sorted (context, symbol) keys with counts, and sorted contexts with counts and kinds."""
    pair, seen = np.unique(context * size + symbol, return_counts=True)
    places, first = np.unique(pair // size, return_index=True)
    return pair, seen, places, np.add.reduceat(seen, first), np.diff(np.append(first, len(pair)))


def _smooth(table, context, symbol, size, shorter):
    pair, seen, places, number, kinds = table
    pairs = _look(pair, seen, context * size + symbol)
    number, kinds = _look(places, number, context), _look(places, kinds, context)
    return np.where(number > 0, (pairs + kinds * shorter) / np.maximum(1, number + kinds), shorter)


def _look(keys, values, wanted):
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)
