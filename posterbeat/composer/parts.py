"""A piece as parts by bars: who plays, and the notes of each cell (a part in a bar)."""

from dataclasses import dataclass

import numpy as np

from posterbeat.instruments import DRUM_FAMILY, family_of, on_keyboard
from posterbeat.music.events import DURATIONS, VELOCITY_BINS

MOST_PARTS = 8
MOST_PLACES = 96  # twelfths of a beat in the longest bar
_SMALL = 0.02  # share of a piece's notes below which a track joins another of its family
VOICES, BUSY, ACTIVE, REGISTERS = 3, 8, 6, 32  # classes of a part's description


@dataclass(frozen=True)
class Part:
    """What is known of a part before its first note.

    family : 0 to 15 as in General MIDI, 16 drums
    program : 0 to 127, or 128 for the drum kit
    register : median pitch // 4, 0 to 31 (0 for drums)
    voices : 0 one note at a time, 1 sometimes several, 2 chords
    busy : notes a bar where it plays, class 0 (at most 2) to 7 (more than 48)
    active : share of bars in which it plays, in sixths, 0 to 5
    """

    family: int
    program: int
    register: int
    voices: int
    busy: int
    active: int


@dataclass(frozen=True, eq=False)
class Arrangement:
    """A piece as parts by bars, moved to the common key.

    parts : tuple of Part, drums first, then from low to high
    bar : int, twelfths of a beat
    start : np.ndarray of int64, shape (bars * parts + 1,), where the notes of each cell (bar * parts + part) begin
    notes : np.ndarray of uint8, shape (notes, 4), sorted by cell, place, pitch: place in the bar in twelfths of a beat,
        pitch, index into `events.DURATIONS`, loudness 0 to 7
    """

    parts: tuple[Part, ...]
    bar: int
    start: np.ndarray
    notes: np.ndarray

    @property
    def bars(self) -> int:
        return (len(self.start) - 1) // len(self.parts)

    def cell(self, bar: int, part: int) -> np.ndarray:
        """The notes of one cell, (n, 4)."""
        number = bar * len(self.parts) + part
        return self.notes[self.start[number]:self.start[number + 1]]

    def onsets(self) -> np.ndarray:
        """np.ndarray of int64, shape (notes,): onset of each note in twelfths of a beat."""
        cells = np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))
        return cells // len(self.parts) * self.bar + self.notes[:, 0]

    def part_of_notes(self) -> np.ndarray:
        """np.ndarray of int64, shape (notes,): which part plays each note."""
        return np.repeat(np.arange(len(self.start) - 1) % len(self.parts), np.diff(self.start))


def merge_tracks(family: np.ndarray, pitch: np.ndarray, track: np.ndarray, *, most: int = MOST_PARTS,
                 small: bool = True) -> np.ndarray:
    """Which part each note's track belongs to: tracks of one family are merged until at most `MOST_PARTS` are left.

    Drum tracks are one part. A track with few notes joins the track of its family that is nearest in pitch, and then,
    while there are too many, the smallest one that has a fellow of its family. A piece of more families than
    `MOST_PARTS` keeps a part for each family, so that every note keeps its instrument.

    Parameters
    ----------
    family, pitch, track : np.ndarray of int, shape (notes,); `track` numbers the tracks, each of one family
    most : parts; small : whether tracks with few notes join others even where parts are not too many

    Returns
    -------
    np.ndarray of int64, shape (notes,), numbers of parts from 0, drums first, then by median pitch
    """
    names, owner = np.unique(track, return_inverse=True)
    owner = owner.reshape(-1)
    first = np.array([np.flatnonzero(owner == number)[0] for number in range(len(names))])
    group = {number: [number] for number in range(len(names))}
    kin = family[first]
    size = np.bincount(owner, minlength=len(names)).astype(float)
    height = np.array([np.median(pitch[owner == number]) for number in range(len(names))])

    def join(small: int, large: int) -> None:
        height[large] = (height[large] * size[large] + height[small] * size[small]) / (size[large] + size[small])
        size[large] += size[small]
        group[large] += group.pop(small)

    def fellows(number: int) -> list[int]:
        return [other for other in group if other != number and kin[other] == kin[number]]

    def nearest(number: int) -> int:
        return min(fellows(number), key=lambda other: (abs(height[other] - height[number]), other))

    drums = [number for number in group if kin[number] == DRUM_FAMILY]
    for number in drums[1:]:
        join(number, drums[0])
    for number in sorted(group, key=lambda other: size[other]):
        if small and size[number] < max(8, _SMALL * len(owner)) and fellows(number):
            join(number, nearest(number))
    while len(group) > most:
        crowded = [number for number in group if fellows(number)]
        if not crowded:
            break
        number = min(crowded, key=lambda other: (size[other], other))
        join(number, nearest(number))
    order = sorted(group, key=lambda number: (kin[number] != DRUM_FAMILY, height[number], number))
    place = np.empty(len(names), np.int64)
    for part, number in enumerate(order):
        place[group[number]] = part
    return place[owner]


def voices(track: np.ndarray, family: np.ndarray) -> np.ndarray:
    """Numbers of the tracks, each of one family: np.ndarray of int64, shape (notes,)."""
    return np.unique(np.stack([track, family]), axis=1, return_inverse=True)[1].reshape(-1)


def arrange(onset: np.ndarray, duration: np.ndarray, pitch: np.ndarray, velocity: np.ndarray, program: np.ndarray,
            track: np.ndarray, bar: int, shift: int = 0, *, part: np.ndarray | None = None) -> Arrangement:
    """Notes as parts by bars.

    Parameters
    ----------
    onset, duration : np.ndarray of int, shape (notes,), twelfths of a beat
    pitch, velocity, program : np.ndarray of int, shape (notes,); program 128 is the drum kit
    track : np.ndarray of int, shape (notes,), which track plays each note
    bar : int, twelfths of a beat
    shift : semitones added to pitched notes; a note that would leave 0 to 127 moves by an octave
    part : np.ndarray of int, shape (notes,), which part each note is of, where `merge_tracks` is not to say so

    Of several notes of one part and pitch at one onset the longest stays; whole empty bars at the start are left out.
    """
    family = family_of(program)
    if part is None:
        part = merge_tracks(family, pitch, voices(track, family))
    pitch = np.where(family == DRUM_FAMILY, pitch, pitch + shift)
    pitch = on_keyboard(pitch)
    order = np.lexsort((-duration, pitch, onset, part))
    onset, duration, pitch, velocity, program, part = (
        array[order] for array in (onset, duration, pitch, velocity, program, part))
    first = np.ones(len(onset), bool)
    first[1:] = (np.diff(onset) != 0) | (np.diff(part) != 0) | (np.diff(pitch) != 0)
    onset, duration, pitch, velocity, program, part = (
        array[first] for array in (onset, duration, pitch, velocity, program, part))
    onset = onset - onset.min() // bar * bar
    number, place = np.divmod(onset, bar)
    parts, bars = int(part.max()) + 1, int(number.max()) + 1
    edges = np.sqrt(DURATIONS[:-1] * DURATIONS[1:])
    columns = (place, pitch, np.searchsorted(edges, duration), np.clip(velocity * VELOCITY_BINS // 128, 0, VELOCITY_BINS - 1))
    cell = number * parts + part
    order = np.lexsort((pitch, place, cell))
    notes = np.stack(columns, axis=1).astype(np.uint8)[order]
    start = np.searchsorted(cell[order], np.arange(bars * parts + 1))
    described = tuple(describe(onset[part == index] // bar, onset[part == index], pitch[part == index],
                               program[part == index], bars) for index in range(parts))
    return Arrangement(described, bar, start, notes)


def describe(bar: np.ndarray, onset: np.ndarray, pitch: np.ndarray, program: np.ndarray, bars: int) -> Part:
    """The description of a part from its notes: bar number, onset, pitch and program of each, and the piece's length in bars."""
    usual = int(np.bincount(program).argmax())
    family = family_of(usual)
    played = len(np.unique(bar))
    together = len(onset) / len(np.unique(onset))
    rate = len(onset) / played
    return Part(
        family=family, program=usual, register=0 if family == DRUM_FAMILY else int(np.median(pitch)) // 4,
        voices=int(np.searchsorted((1.05, 1.7), together)), busy=int(np.searchsorted((2, 4, 6, 10, 16, 28, 48), rate)),
        active=min(ACTIVE - 1, int(played * ACTIVE / max(bars, 1))))
