"""Score: note events on a grid of twelfths of a beat, to and from MIDI."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from posterbeat.errors import ScoreError
from posterbeat.instruments import DRUMS, family_of, numbered_names, program_name

if TYPE_CHECKING:
    import pretty_midi

    from posterbeat.music.marked_midi import MarkedMidi
    from posterbeat.music.outline import Outline

STEPS_PER_BEAT = 12
_TICKS_PER_STEP = 40  # 480 MIDI ticks a beat
_NOTE = ("onset", "duration", "pitch", "velocity", "program")


@dataclass(frozen=True, eq=False)
class Score:
    """A piece as parallel arrays, one entry a note, sorted by onset, then family, then pitch.

    Attributes
    ----------
    onset, duration : np.ndarray of int32, shape (notes,), in twelfths of a beat (duration at least 1)
    pitch : np.ndarray of int32, shape (notes,), MIDI number 0 to 127
    velocity : np.ndarray of int32, shape (notes,), 1 to 127
    program : np.ndarray of int32, shape (notes,), General MIDI program 0 to 127, or `DRUMS`
    tempo : float, beats a minute, one for the piece
    bar : int, length of a bar in twelfths of a beat (48 is 4/4)
    part : np.ndarray of int32, shape (notes,), which part plays each note, from 0; each part becomes a track of MIDI. Left
        out, all notes of a program are one part
    marks : tuple of (onset, "section" or "chord", name): where which section and chord begins; becomes markers in MIDI. Left
        out, those of `plan`
    plan : Outline or None, what was decided before the first note; MIDI does not keep it but for `marks`
    """

    onset: np.ndarray
    duration: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    program: np.ndarray
    tempo: float = 120.0
    bar: int = 48
    part: np.ndarray | None = None
    marks: tuple[tuple[int, str, str], ...] = ()
    plan: Outline | None = None

    def __post_init__(self):
        if self.plan is not None and not self.marks:
            object.__setattr__(self, "marks", self.plan.marks(self.bar))
        arrays = [np.asarray(getattr(self, name), dtype=np.int32) for name in _NOTE]
        part = np.unique(arrays[4], return_inverse=True)[1].reshape(-1) if self.part is None else self.part
        arrays.append(np.asarray(part, dtype=np.int32))
        if len({array.shape for array in arrays}) != 1 or arrays[0].ndim != 1:
            raise ScoreError("The arrays of a score must have one length.")
        order = np.lexsort((arrays[5], arrays[4], arrays[2], family_of(arrays[4]), arrays[0]))
        for name, array in zip((*_NOTE, "part"), arrays):
            object.__setattr__(self, name, array[order])

    def __len__(self) -> int:
        return len(self.onset)

    def __eq__(self, other) -> bool:
        """Whether the same notes are played by the same parts at one tempo; a part that never plays counts for nothing."""
        return isinstance(other, Score) and (self.bar, round(self.tempo, 2)) == (other.bar, round(other.tempo, 2)) and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in _NOTE
        ) and np.array_equal(*(np.unique(score.part, return_inverse=True)[1] for score in (self, other)))

    @property
    def family(self) -> np.ndarray:
        """np.ndarray of int32, shape (notes,): index into `FAMILIES`."""
        return family_of(self.program)

    @property
    def seconds(self) -> float:
        """Length from the start to the last note's end, in seconds."""
        if not len(self):
            return 0.0
        return self.second(float((self.onset + self.duration).max()))

    def second(self, onset: float) -> float:
        """When something at an onset happens, in seconds from the start."""
        return onset / STEPS_PER_BEAT * 60.0 / self.tempo

    def followed_by(self, other: Score) -> Score:
        """These notes and those of `other`, which stay at their onsets."""
        arrays = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in (*_NOTE, "part")}
        return replace(self, **arrays)

    def first_bars(self, bars: int) -> Score:
        """The notes that begin in the first bars, none of them longer than these."""
        keep, end = self.onset < bars * self.bar, bars * self.bar
        arrays = {name: getattr(self, name)[keep] for name in (*_NOTE, "part")}
        arrays["duration"] = np.minimum(arrays["duration"], end - arrays["onset"])
        return replace(self, **arrays, plan=self.plan and self.plan.first_bars(bars),
                       marks=tuple(mark for mark in self.marks if mark[0] < end))

    def without_overlaps(self) -> Score:
        """The score with every note cut where its part sounds the same pitch again, since a track cannot hold both.

        Of several notes at one onset that share part, program and pitch the last one stays.
        """
        order = np.lexsort((self.onset, self.pitch, self.program, self.part))
        onset, end = self.onset[order], (self.onset + self.duration)[order]
        again = np.all([np.diff(array[order]) == 0 for array in (self.part, self.program, self.pitch)], axis=0)
        end[:-1] = np.where(again, np.minimum(end[:-1], onset[1:]), end[:-1])
        keep = order[end > onset]
        return replace(self, onset=self.onset[keep], duration=(end - onset)[end > onset], pitch=self.pitch[keep],
                       velocity=self.velocity[keep], program=self.program[keep], part=self.part[keep])

    def tracks(self) -> list[tuple[int, int, str]]:
        """Part, program and name of each track of `to_midi`; a name that comes again is numbered."""
        tracks = np.unique(np.stack([self.part, self.program], axis=1), axis=0).tolist()
        names = numbered_names([program_name(program) for _, program in tracks])
        return [(part, program, name) for (part, program), name in zip(tracks, names)]

    def to_midi(self) -> MarkedMidi:
        """`without_overlaps` as MIDI: one track a part, 480 ticks a beat, one tempo, one time signature, `marks` as markers."""
        import pretty_midi  # only where MIDI is read or written: learning needs scores alone

        from posterbeat.music.marked_midi import MarkedMidi

        midi = MarkedMidi(resolution=STEPS_PER_BEAT * _TICKS_PER_STEP, initial_tempo=self.tempo)
        beats, unit = (self.bar // STEPS_PER_BEAT, 4) if self.bar % STEPS_PER_BEAT == 0 else (self.bar // 6, 8)
        midi.time_signature_changes.append(pretty_midi.TimeSignature(max(1, beats), unit, 0.0))
        second = 60.0 / self.tempo / STEPS_PER_BEAT
        for onset, kind, name in self.marks:
            midi.mark(onset * second, kind, name)
        plain = self.without_overlaps()
        for part, program, name in plain.tracks():
            drums = program == DRUMS
            track = pretty_midi.Instrument(0 if drums else program, is_drum=drums, name=name)
            for row in np.flatnonzero((plain.part == part) & (plain.program == program)):
                onset, end = plain.onset[row], plain.onset[row] + plain.duration[row]
                track.notes.append(pretty_midi.Note(
                    int(plain.velocity[row]), int(plain.pitch[row]), onset * second, end * second))
            midi.instruments.append(track)
        return midi

    @classmethod
    def from_midi(cls, source: str | Path | bytes | pretty_midi.PrettyMIDI) -> Score:
        """Read MIDI and put every note on the nearest twelfth of a beat.

        Raises
        ------
        ScoreError
            The file is not MIDI, or holds no note.
        """
        import pretty_midi

        from posterbeat.music.marked_midi import read_midi

        midi = source if isinstance(source, pretty_midi.PrettyMIDI) else read_midi(source)
        step = midi.resolution / STEPS_PER_BEAT
        rows = []
        for part, track in enumerate(one for one in midi.instruments if one.notes):
            for note in track.notes:
                onset = round(midi.time_to_tick(note.start) / step)
                end = round(midi.time_to_tick(note.end) / step)
                rows.append((onset, max(1, end - onset), note.pitch, max(1, note.velocity),
                             DRUMS if track.is_drum else track.program, part))
        if not rows:
            raise ScoreError("This MIDI file holds no note.")
        times, tempi = midi.get_tempo_changes()
        tempo = float(longest_lasting(tempi, times, midi.get_end_time()))
        signatures = midi.time_signature_changes or [pretty_midi.TimeSignature(4, 4, 0.0)]
        metre = longest_lasting(signatures, [one.time for one in signatures], midi.get_end_time())
        onset, duration, pitch, velocity, program, part = np.array(rows).T
        return cls(onset, duration, pitch, velocity, program, tempo=tempo, bar=bar_of(metre.numerator, metre.denominator),
                   part=part, marks=tuple((round(midi.time_to_tick(time) / step), kind, name)
                                          for time, kind, name in getattr(midi, "marks", ())))


def longest_lasting(values, starts, end: float):
    """That one of a piece's tempi or metres which lasts longest, given when each begins and when the piece ends."""
    lasting = np.diff(np.append(starts, max(end, starts[-1] + 1e-6)))
    return values[int(np.argmax(lasting))]


def bar_of(numerator: int, denominator: int) -> int:
    """Length of a metre's bar in twelfths of a beat; 4/4 in place of one below a beat or above two bars of 4/4."""
    bar = round(numerator * 4 / max(denominator, 1) * STEPS_PER_BEAT)
    return bar if STEPS_PER_BEAT <= bar <= 8 * STEPS_PER_BEAT else 4 * STEPS_PER_BEAT
