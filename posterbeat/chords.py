"""Chords: a root, a quality and a bass note, and the pitch classes that they stand for."""

from dataclasses import dataclass

import numpy as np

# Semitones above the root. The first eight are what `music.harmony` hears and the planner draws; the others can be asked
# for, since the networks see a chord as its pitch classes.
QUALITIES = {
    "": (0, 4, 7), "m": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "sus4": (0, 5, 7), "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10),
    "sus2": (0, 2, 7), "6": (0, 4, 7, 9), "m6": (0, 3, 7, 9), "m7b5": (0, 3, 6, 10), "dim7": (0, 3, 6, 9),
    "9": (0, 4, 7, 10, 2), "add9": (0, 4, 7, 2), "7sus4": (0, 5, 7, 10),
}
HEARD = 8  # qualities
NO_CHORD = 12 * HEARD  # index of silence, or of drums alone
CHORDS = NO_CHORD + 1  # what the planner chooses from
NUMBERS = 12 * len(QUALITIES) + 1  # with those that can only be asked for, which follow `NO_CHORD`
FEATURES = 36  # twelve pitch classes, twelve roots, twelve bass notes
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


@dataclass(frozen=True)
class Chord:
    """root, bass : pitch class 0 to 11, C is 0; quality : a key of `QUALITIES`, or None for no chord."""

    root: int = 0
    quality: str | None = None
    bass: int = 0

    @classmethod
    def numbered(cls, index: int, bass: int = 0) -> "Chord":
        """The chord of a number below `NUMBERS`: root + 12 * place in `QUALITIES`, `NO_CHORD` between the heard qualities
        and the others; `bass` in semitones above the root."""
        if index == NO_CHORD:
            return cls()
        place, root = divmod(index - (index > NO_CHORD), 12)
        return cls(root, list(QUALITIES)[place], (root + bass) % 12)

    @property
    def number(self) -> tuple[int, int]:
        """What `numbered` takes."""
        if self.quality is None:
            return NO_CHORD, 0
        index = self.root + 12 * list(QUALITIES).index(self.quality)
        return index + (index >= NO_CHORD), (self.bass - self.root) % 12

    @property
    def tones(self) -> tuple[int, ...]:
        """Its pitch classes, the root first."""
        return () if self.quality is None else tuple((self.root + step) % 12 for step in QUALITIES[self.quality])

    @property
    def name(self) -> str:
        """As musicians write it: Am, F/A, G7, N.C."""
        if self.quality is None:
            return "N.C."
        return _NAMES[self.root] + self.quality + (f"/{_NAMES[self.bass]}" if self.bass != self.root else "")

    def transposed(self, semitones: int) -> "Chord":
        """The same chord, so many semitones higher."""
        if self.quality is None:
            return self
        return Chord((self.root + semitones) % 12, self.quality, (self.bass + semitones) % 12)


def templates() -> np.ndarray:
    """np.ndarray of float, shape (NO_CHORD, 12): 1 where a chord that can be heard has the pitch class."""
    table = np.zeros((NO_CHORD, 12))
    for index in range(NO_CHORD):
        table[index, list(Chord.numbered(index).tones)] = 1.0
    return table


def feature_table() -> np.ndarray:
    """What the networks see of each numbered chord with each bass: np.ndarray of float32, shape (NUMBERS, 12, FEATURES).

    Twelve pitch classes, the root, the bass; all zero for no chord.
    """
    table = np.zeros((NUMBERS, 12, FEATURES), np.float32)
    for index in range(NUMBERS):
        for bass in range(12 if index != NO_CHORD else 0):
            chord = Chord.numbered(index, bass)
            table[index, bass, list(chord.tones)] = 1.0
            table[index, bass, 12 + chord.root] = 1.0
            table[index, bass, 24 + chord.bass] = 1.0
    return table
