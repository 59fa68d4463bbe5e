"""Score to and from the integer fields that the network reads and writes, one event a note."""

from dataclasses import dataclass

import numpy as np

from posterbeat.instruments import DRUM_FAMILY, DRUMS, FAMILIES, PITCHES, on_keyboard
from posterbeat.music.score import Score

# Note lengths in twelfths of a beat: powers of two and three, from a thirty-second triplet to eight bars.
DURATIONS = np.array([1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 192, 240, 288, 384])
MAX_STEP = 96  # two bars of 4/4; a longer rest is written as this
VELOCITY_BINS = 8
FIELDS = ("step", "family", "pitch", "duration", "velocity")
SIZES = {"step": MAX_STEP + 1, "family": len(FAMILIES), "pitch": PITCHES, "duration": len(DURATIONS), "velocity": VELOCITY_BINS}
_EDGES = np.sqrt(DURATIONS[:-1] * DURATIONS[1:])  # nearest in logarithm


@dataclass(frozen=True)
class Events:
    """A piece as the network sees it.

    Attributes
    ----------
    fields : np.ndarray of int16, shape (notes, 5), columns as in `FIELDS`: onset step since the note before
        (the first note: since the start of its bar), instrument family, pitch, index into `DURATIONS`, velocity bin
    onset : np.ndarray of int32, shape (notes,), in twelfths of a beat
    bar : int, length of a bar in twelfths of a beat
    """

    fields: np.ndarray
    onset: np.ndarray
    bar: int

    def __len__(self) -> int:
        return len(self.onset)


def encode(score: Score, shift: int = 0) -> Events:
    """The events of a score, its pitched notes transposed by `shift` semitones.

    Whole empty bars before the first note are left out. Of several notes of one family and pitch at one onset
    the longest stays. Notes that transposition would take out of 0 to 127 move back by an octave.
    """
    drums = score.program == DRUMS
    pitch = np.where(drums, score.pitch, score.pitch + shift)
    pitch = on_keyboard(pitch)
    family = score.family
    order = np.lexsort((-score.duration, pitch, family, score.onset))
    onset, family, pitch = score.onset[order], family[order], pitch[order]
    duration, velocity = score.duration[order], score.velocity[order]
    first = np.ones(len(onset), dtype=bool)
    first[1:] = (np.diff(onset) != 0) | (np.diff(family) != 0) | (np.diff(pitch) != 0)
    onset, family, pitch, duration, velocity = (a[first] for a in (onset, family, pitch, duration, velocity))
    if len(onset):
        onset = onset - onset[0] // score.bar * score.bar
    fields = np.stack([
        np.minimum(np.diff(onset, prepend=0), MAX_STEP),
        family,
        pitch,
        np.searchsorted(_EDGES, duration),
        np.clip(velocity * VELOCITY_BINS // 128, 0, VELOCITY_BINS - 1),
    ], axis=1).astype(np.int16)
    return Events(fields, onset.astype(np.int32), score.bar)


def decode(fields: np.ndarray, programs: np.ndarray, *, tempo: float, bar: int, shift: int = 0) -> Score:
    """A score from event fields.

    Parameters
    ----------
    fields : np.ndarray of int, shape (notes, 5), as in `Events`
    programs : np.ndarray of int, shape (families,), the General MIDI program that plays each family (`DRUMS` for the kit)
    tempo : beats a minute
    bar : twelfths of a beat
    shift : semitones added to pitched notes; a note that would leave 0 to 127 moves by an octave
    """
    step, family, pitch, duration, velocity = np.asarray(fields, dtype=np.int32).T
    pitch = np.where(family == DRUM_FAMILY, pitch, pitch + shift)
    pitch = on_keyboard(pitch)
    bin_width = 128 // VELOCITY_BINS
    return Score(np.cumsum(step), DURATIONS[duration], pitch, velocity * bin_width + bin_width // 2,
                 np.asarray(programs)[family], tempo=tempo, bar=bar)
