"""What sets a piece apart: how its lines move, whether it stresses the beat, whether it swings.

Pieces by people differ more from one another than pieces that a network draws note by note: each of its choices is the
usual one for all of music, and every piece comes out much like the average. What is drawn here holds for a whole piece.
"""

from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from posterbeat.composer.parts import MOST_PLACES
from posterbeat.instruments import PITCHES
from posterbeat.music.score import STEPS_PER_BEAT

# Mean, and spread between pieces and between the parts of a piece, of what is added to logits. Chosen on `val`.
_STEPS, _REPEATS = (0.2, 0.7, 0.3), (0.1, 0.7, 0.3)
_ACCENT, _SWING = 0.25, 1.0  # spread between pieces
_STEP = 2  # semitones
_LOUDNESSES = np.arange(8)
_OFF_GRID = np.arange(MOST_PLACES) % 3 != 0  # neither on the beat nor on one of its sixteenths


@dataclass(frozen=True, eq=False)
class Character:
    """What is added to logits throughout a piece.

    steps, repeats : np.ndarray of float, shape (parts,), for each part's pitches a step away from its last ones, and at them
    accent : for each class of loudness that a note on the beat is louder, and a note beside it softer, by
    swing : for places off the sixteenths
    """

    steps: np.ndarray
    repeats: np.ndarray
    accent: float = 0.0
    swing: float = 0.0

    @classmethod
    def drawn(cls, parts: int, random: np.random.Generator) -> "Character":
        """Of a new piece."""
        steps, repeats = (mean + by_piece * random.normal() + by_part * random.normal(size=parts)
                          for mean, by_piece, by_part in (_STEPS, _REPEATS))
        return cls(steps, repeats, _ACCENT * max(0.0, random.normal()), _SWING * random.normal())

    @classmethod
    def neutral(cls, parts: int) -> "Character":
        """Of a piece that goes on or is partly written anew: what of it is there tells what it is like."""
        return cls(np.zeros(parts), np.zeros(parts))

    def places(self) -> np.ndarray:
        """For each place in a bar: np.ndarray of float, shape (MOST_PLACES,)."""
        return self.swing * _OFF_GRID

    def pitches(self, part: int, line: list[list[int]]) -> np.ndarray:
        """For each pitch, after the notes of a part, each [place, pitch, ...]: np.ndarray of float, shape (128,)."""
        before = [note[1] for note in takewhile(lambda note: note[0] == line[-1][0], reversed(line))]  # what sounded together
        away = np.abs(np.arange(PITCHES)[:, None] - np.array(before)).min(1)
        return np.select([away == 0, away <= _STEP], [self.repeats[part], self.steps[part]])

    def loudnesses(self, place: int) -> np.ndarray:
        """For each class of loudness of a note at a place: np.ndarray of float, shape (8,)."""
        return self.accent * _LOUDNESSES * (-1 if place % STEPS_PER_BEAT else 1)
