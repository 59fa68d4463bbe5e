"""A performance: who sits where, and each note in seconds as it is played."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np
import pretty_midi

from posterbeat.audio.seats import CHORUS, PAN, REVERB, VOLUME, Seat, seats
from posterbeat.errors import RenderError
from posterbeat.instruments import DRUMS, family_of, numbered_names, program_name

SHORTEST = 0.002  # seconds of a note: less than a block of FluidSynth's would end before it begins
_BIN = 0.1  # seconds, in which loudness is guessed
_EXCERPT = 2.0  # seconds of the loudest passage
_CONTROLLERS = {VOLUME: "volume", PAN: "pan", REVERB: "reverb", CHORUS: "chorus"}


@dataclass(frozen=True, eq=False)
class Performance:
    """Notes as parallel arrays, one entry a note, in the order in which they begin.

    Attributes
    ----------
    seats : tuple of Seat
    seat : np.ndarray of int, shape (notes,), index into `seats`
    pitch, velocity : np.ndarray of int, shape (notes,)
    start, end : np.ndarray of float, shape (notes,), seconds; a note ends before its seat sounds the same pitch again
    """

    seats: tuple[Seat, ...]
    seat: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    start: np.ndarray
    end: np.ndarray

    def __post_init__(self):
        order = np.lexsort((self.pitch, self.seat, self.start))
        for name, kind in (("seat", int), ("pitch", int), ("velocity", int), ("start", float), ("end", float)):
            object.__setattr__(self, name, np.asarray(getattr(self, name), kind)[order])

    @property
    def seconds(self) -> float:
        """When the last note ends."""
        return float(self.end.max(initial=0.0))

    @classmethod
    def of_midi(cls, midi: pretty_midi.PrettyMIDI) -> "Performance":
        """MIDI played to the letter, with the controllers that its tracks set.

        Raises
        ------
        RenderError
            It holds no note.
        """
        tracks = [track for track in midi.instruments if track.notes]
        programs = [DRUMS if track.is_drum else track.program for track in tracks]
        own = [{_CONTROLLERS[change.number]: change.value for change in reversed(track.control_changes)
                if change.number in _CONTROLLERS} for track in tracks]
        rows = [(seat, note.pitch, note.velocity, note.start, note.end)
                for seat, track in enumerate(tracks) for note in track.notes]
        if not rows:
            raise RenderError("This score holds no note, so there is nothing to play: compose at least one note.")
        seat, pitch, velocity, start, end = np.array(rows, float).T
        usual = seats(list(zip(numbered_names([program_name(program) for program in programs]), programs)))
        found = tuple(replace(one, **changes) for one, changes in zip(usual, own))
        return cls(found, seat, pitch, velocity, start, without_overlaps(seat, pitch, start, end))

    def without(self, families: Collection[int]) -> "Performance":
        """The same with some families silent, which keep their seats; indices into `instruments.FAMILIES`."""
        silent = np.isin(family_of(np.array([seat.program for seat in self.seats])), list(families))
        return self._of(~silent[self.seat])

    def _of(self, rows: np.ndarray, earlier: float = 0.0) -> "Performance":
        return Performance(self.seats, self.seat[rows], self.pitch[rows], self.velocity[rows],
                           np.maximum(self.start[rows] - earlier, 0), self.end[rows] - earlier)

    def to_midi(self) -> pretty_midi.PrettyMIDI:
        """One track a seat, to half a millisecond, for renderers that read MIDI."""
        midi = pretty_midi.PrettyMIDI(resolution=1000, initial_tempo=120.0)
        for index, seat in enumerate(self.seats):
            drums = seat.program == DRUMS
            track = pretty_midi.Instrument(0 if drums else seat.program, is_drum=drums, name=seat.name)
            track.control_changes = [pretty_midi.ControlChange(number, getattr(seat, name), 0.0)
                                     for number, name in _CONTROLLERS.items()]
            track.notes = [pretty_midi.Note(int(self.velocity[row]), int(self.pitch[row]), self.start[row], self.end[row])
                           for row in np.flatnonzero(self.seat == index)]
            midi.instruments.append(track)
        return midi

    def events(self, rate: float) -> np.ndarray:
        """np.ndarray of int64, shape (2 * notes, 4): time in units of which `rate` make a second, seat, pitch, velocity (0
        ends a note), in the order in which they happen."""
        on = np.stack([self.start * rate, self.seat, self.pitch, np.maximum(self.velocity, 1)], axis=1)
        off = np.stack([np.maximum(self.end, self.start + SHORTEST) * rate, self.seat, self.pitch,
                        np.zeros_like(self.velocity)], axis=1)
        rows = np.concatenate([off, on]).astype(np.int64)
        return rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 3] > 0, rows[:, 0]))]

    def loudest(self) -> "Performance":
        """The two seconds that should be loudest, as a performance of their own that begins a second before them."""
        # A note's power grows with the fourth power of velocity and of its channel's volume.
        power = (self.velocity * np.array([seat.volume for seat in self.seats])[self.seat] / 127 ** 2) ** 4.0
        first, last = (self.start / _BIN).astype(int), (np.minimum(self.end, self.start + _EXCERPT) / _BIN).astype(int) + 1
        change = np.zeros(int(last.max()) + 2 + round(_EXCERPT / _BIN))
        np.add.at(change, first, power)
        np.add.at(change, last, -power)
        summed = np.concatenate([[0.0], np.cumsum(np.cumsum(change))])
        begin = int(np.argmax(summed[round(_EXCERPT / _BIN):] - summed[:-round(_EXCERPT / _BIN)])) * _BIN - 1
        return self._of((self.end > begin) & (self.start < begin + 1 + _EXCERPT), earlier=begin)


def without_overlaps(seat: np.ndarray, pitch: np.ndarray, start: np.ndarray, end: np.ndarray,
                     touching: Iterable[bool] | None = None) -> np.ndarray:
    """Ends of notes, each cut where its seat sounds the same pitch again; those that are `touching` last until then."""
    order = np.lexsort((start, pitch, seat))
    again = (np.diff(seat[order]) == 0) & (np.diff(pitch[order]) == 0)
    cut, following = order[:-1][again], order[1:][again]
    end = end.copy()
    held = np.zeros(len(end), bool) if touching is None else np.asarray(touching)
    end[cut] = np.where(held[cut], start[following], np.minimum(end[cut], start[following]))
    return end
