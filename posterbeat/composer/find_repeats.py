"""Where a piece repeats itself: for each note, the earlier place that what comes next may recall.

Two ways to find that place. `matches` looks only backwards, as a compressor's match model does: the longest run of
notes just heard that was heard before. `recalled_bars` looks at whole bars and is how form is learned: which earlier bar
does this one resemble? In composing, a plan answers that question and `bar_pointer` turns the answer into a place.
"""

import numpy as np

from posterbeat.instruments import DRUM_FAMILY, FAMILIES, PITCHES, note_key

CONTEXTS = (4, 8, 16, 32)  # notes that must agree, shortest first
RECALL = 0.6  # Jaccard similarity from which a bar counts as a return of another
LITERAL = 0.85  # ... and from which it is almost the same


def _codes(fields: np.ndarray) -> np.ndarray:
    step, family, pitch = fields[:, 0].astype(np.uint64), fields[:, 1].astype(np.uint64), fields[:, 2].astype(np.uint64)
    code = (step * np.uint64(len(FAMILIES)) + family) * np.uint64(PITCHES) + pitch + np.uint64(1)
    with np.errstate(over="ignore"):
        code = code * np.uint64(0x9E3779B97F4A7C15)
        return code ^ (code >> np.uint64(29))


def matches(fields: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each note, where the run of notes that ends with it was heard before.

    Parameters
    ----------
    fields : np.ndarray of int, shape (notes, 5), as in `events.Events`

    Returns
    -------
    pointer : np.ndarray of int32, shape (notes,), index of the note that followed the latest earlier occurrence, or -1
    length : np.ndarray of int8, shape (notes,), 0 without a match, else 1 + the index in `CONTEXTS` of the run's length
    """
    n = len(fields)
    pointer, length = np.full(n, -1, np.int32), np.zeros(n, np.int8)
    if n == 0:
        return pointer, length
    code = _codes(fields)
    index = np.arange(n)
    hashed, reach = code, 1
    for rank, context in enumerate(CONTEXTS, start=1):
        while reach < context:  # a hash of 2k notes from two hashes of k notes
            later = np.zeros_like(hashed)
            later[reach:] = hashed[:-reach] if reach < n else 0
            with np.errstate(over="ignore"):
                hashed = hashed * np.uint64(0xBF58476D1CE4E5B9) + (later ^ (later >> np.uint64(31)))
            reach *= 2
        if n <= context:
            break
        rows = index[context - 1:]
        order = rows[np.argsort(hashed[rows], kind="stable")]
        same = hashed[order[1:]] == hashed[order[:-1]]
        here, before = order[1:][same], order[:-1][same]
        pointer[here] = before + 1
        length[here] = rank
    return pointer, length


def recalled_bars(fields: np.ndarray, onset: np.ndarray, bar: int) -> tuple[np.ndarray, np.ndarray]:
    """For each bar, the earlier bar that it resembles most.

    Returns
    -------
    source : np.ndarray of int32, shape (bars,), index of the earlier bar, or -1 where none reaches `RECALL`
    similarity : np.ndarray of float32, shape (bars,), Jaccard similarity of (onset in bar, pitch class) with it
    """
    index = onset // bar
    bars = int(index[-1]) + 1 if len(onset) else 0
    source, similarity = np.full(bars, -1, np.int32), np.zeros(bars, np.float32)
    if bars < 2:
        return source, similarity
    drums = fields[:, 1] == DRUM_FAMILY
    place = (onset % bar) * 24 + np.where(drums, 12, 0) + fields[:, 2] % 12
    cells, columns = np.unique(place, return_inverse=True)
    grid = np.zeros((bars, len(cells)), np.float32)
    grid[index, columns] = 1
    both = grid @ grid.T
    size = grid.sum(1)
    jaccard = both / np.maximum(size[:, None] + size[None, :] - both, 1)
    jaccard[np.triu_indices(bars)] = 0
    previous = -1
    for b in range(1, bars):
        row = jaccard[b, :b]
        best = int(row.argmax())
        # Phrases are recalled as wholes: where the next bar of the recalled phrase serves as well, go on with it.
        following = previous + 1
        if previous >= 0 and following < b and row[following] >= row[best] - 0.05:
            best = following
        if row[best] >= RECALL:
            source[b], similarity[b] = best, row[best]
            previous = best
        else:
            previous = -1
    return source, similarity


def bar_pointers(fields: np.ndarray, onset: np.ndarray, bar: int, source: np.ndarray) -> np.ndarray:
    """For each note, the index of the note that comes next in the bar which its own bar recalls, or -1.

    `source` is as `recalled_bars` gives it. np.ndarray of int32, shape (notes,).
    """
    index = onset // bar
    recalled = source[index]
    keys = note_key(onset.astype(np.int64), fields[:, 1], fields[:, 2])
    back = note_key((index - recalled).astype(np.int64) * bar, 0, 0)
    pointer = np.searchsorted(keys, keys - back, side="right").astype(np.int32)
    pointer[(recalled < 0) | (pointer > np.arange(len(onset)))] = -1
    return pointer
