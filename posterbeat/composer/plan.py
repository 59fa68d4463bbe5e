"""The plan of a piece: what each part does in each bar, and over which chords.

A plan is either drawn (`planner`) or read off a finished piece (`plan_of`), which is how the planner learns.
"""

from dataclasses import dataclass

import numpy as np

from posterbeat.composer.parts import REGISTERS, Arrangement
from posterbeat.instruments import DRUM_FAMILY, PITCHES
from posterbeat.music.events import DURATIONS
from posterbeat.music.harmony import estimate_chords, slots_in_bar

SILENT, NEW, VARIED, NEAR, LITERAL = range(5)  # kinds of cells; near: nine tenths of onsets and pitches as in the recalled cell
KINDS = ("silent", "new", "varied", "near", "literal")
MOST_BACK = 64  # bars to the recalled cell, at most
MOST_COUNTED = 63  # notes in a cell; more are one class, `MOST_COUNTED` + 1
_NEAR, _VARIED = 0.9, 0.5  # Jaccard index of (place, pitch)
_FIELDS = ("kind", "back", "count", "register", "loudness")


@dataclass(frozen=True, eq=False)
class Plan:
    """What is decided before the first note.

    copy : np.ndarray of uint8, shape (bars,): 0 where a bar is composed; else it repeats, in all parts, the bar so many before
    chord, bass : np.ndarray of uint8, shape (bars, 2), numbers of `chords.Chord.numbered`; where a bar has one chord, twice
    cells : np.ndarray of uint8, shape (bars, parts, 5): kind; bars back to the recalled cell, 0 for silent and new;
        notes, at most `MOST_COUNTED` + 1; register: mean pitch // 4 (0 for drums and silence); loudness: mean class 0 to 7
    """

    copy: np.ndarray
    chord: np.ndarray
    bass: np.ndarray
    cells: np.ndarray

    @property
    def bars(self) -> int:
        return len(self.copy)

    @property
    def kind(self) -> np.ndarray:
        return self.cells[..., 0]

    @property
    def back(self) -> np.ndarray:
        """Of int64: it is subtracted from numbers of bars, which need not fit the cells' own kind of number."""
        return self.cells[..., 1].astype(np.int64)


def plan_of(piece: Arrangement) -> Plan:
    """The plan that a finished piece follows."""
    bars, parts = piece.bars, len(piece.parts)
    cells = np.zeros((bars, parts, len(_FIELDS)), np.uint8)
    content = _contents(piece)
    copy = _whole_copies(content)
    lower = [0] * bars  # bars back of the part below
    for part in range(parts):
        lower = _recall(piece, part, content[:, part], copy, lower, cells)
        _describe(piece, part, cells)
    chord, bass = _chords(piece, copy)
    return Plan(copy, chord, bass, cells)


def _contents(piece: Arrangement) -> np.ndarray:
    """A number for what each cell holds, in every field, 0 for nothing: np.ndarray of int64, shape (bars, parts)."""
    parts = len(piece.parts)
    numbers = np.zeros((piece.bars, parts), np.int64)
    for part in range(parts):
        known = {b"": 0}
        for bar in range(piece.bars):
            numbers[bar, part] = known.setdefault(piece.cell(bar, part).tobytes(), len(known))
    return numbers


def _whole_copies(content: np.ndarray) -> np.ndarray:
    """Bars back to a bar that is the same in all parts, 0 where there is none or nobody plays: shape (bars,).

    Of several the one as far back as in the bar before, else the nearest.
    """
    copy = np.zeros(len(content), np.uint8)
    where: dict[bytes, list[int]] = {}
    for bar, row in enumerate(content):
        before = where.setdefault(row.tobytes(), [])
        if row.any() and before and bar - before[-1] <= MOST_BACK:
            kept = int(copy[bar - 1])
            copy[bar] = kept if kept and bar - kept in before else bar - before[-1]
        before.append(bar)
    return copy


def _recall(piece: Arrangement, part: int, content: np.ndarray, copy: np.ndarray, lower: list[int],
            cells: np.ndarray) -> list[int]:
    """Write kinds and recalled cells of one part; returns the bars back of its cells for the part above.

    Of cells that fit equally well the one as far back as in the part's cell before is taken, then the one as far back as
    the part below, then the nearest.
    """
    same: dict[int, list[int]] = {}
    sets: dict[int, frozenset] = {}
    last, mine = 0, [0] * len(content)
    for bar, number in enumerate(content.tolist()):
        if number == 0:
            continue
        if number not in sets:
            notes = piece.cell(bar, part)
            sets[number] = frozenset((notes[:, 0].astype(np.int64) * PITCHES + notes[:, 1]).tolist())
        kind, back = NEW, 0
        before = same.get(number)
        if copy[bar]:
            kind, back = LITERAL, int(copy[bar])
        elif before and bar - before[-1] <= MOST_BACK:
            kind, back = LITERAL, _preferred(bar, before, last, lower[bar])
        else:
            likest, best = 0.0, []
            for other, places in same.items():
                if bar - places[-1] > MOST_BACK:
                    continue
                shared = len(sets[number] & sets[other])
                alike = shared / (len(sets[number]) + len(sets[other]) - shared)
                if alike > likest:
                    likest, best = alike, places
                elif alike == likest and alike > 0:
                    best = sorted([*best, *places])
            if likest >= _VARIED:
                kind, back = NEAR if likest >= _NEAR else VARIED, _preferred(bar, best, last, lower[bar])
        cells[bar, part, :2] = kind, back
        same.setdefault(number, []).append(bar)
        if back:
            last = mine[bar] = back
    return mine


def _preferred(bar: int, places: list[int], *wanted: int) -> int:
    """Bars back to one of the bars `places`: the first of `wanted` that hits, else the nearest."""
    for back in wanted:
        if back and bar - back in places:
            return back
    return bar - places[-1]


def _describe(piece: Arrangement, part: int, cells: np.ndarray) -> None:
    """Write notes, register and loudness of the cells of one part."""
    parts = len(piece.parts)
    numbers = np.arange(piece.bars) * parts + part
    begin, end = piece.start[numbers], piece.start[numbers + 1]
    count = end - begin
    sums = np.concatenate([np.zeros((1, 4)), np.cumsum(piece.notes.astype(np.int64), axis=0)])
    mean = (sums[end] - sums[begin]) / np.maximum(count, 1)[:, None]
    cells[:, part, 2] = np.minimum(count, MOST_COUNTED + 1)
    if piece.parts[part].family != DRUM_FAMILY:
        cells[:, part, 3] = np.minimum(mean[:, 1] / 4, REGISTERS - 1)
    cells[:, part, 4] = np.round(mean[:, 3])


def _chords(piece: Arrangement, copy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chords and basses by half-bar, (bars, 2); a bar that repeats another has its chords."""
    drums = np.array([part.family == DRUM_FAMILY for part in piece.parts])
    pitched = ~drums[piece.part_of_notes()]
    notes = piece.notes[pitched]
    index, bass = estimate_chords(piece.onsets()[pitched], DURATIONS[notes[:, 2]], notes[:, 1].astype(np.int64),
                                  piece.bar, piece.bars)
    slots = slots_in_bar(piece.bar)
    pairs = [np.repeat(values.reshape(-1, slots), 2 // slots, axis=1).astype(np.uint8) for values in (index, bass)]
    for values in pairs:
        for bar in np.flatnonzero(copy):
            values[bar] = values[bar - copy[bar]]
    return pairs[0], pairs[1]
