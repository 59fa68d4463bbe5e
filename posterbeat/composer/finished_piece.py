"""A finished piece as the networks are shown it: parts by bars in the common key, its plan, and what the writer sees of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from posterbeat.composer.parts import Arrangement, arrange
from posterbeat.composer.plan import Plan, plan_of
from posterbeat.composer.plan_features import about_classes
from posterbeat.composer.written_view import written_view
from posterbeat.genres import GENRES
from posterbeat.music.key import estimate_key, shift_to_common_key
from posterbeat.music.score import STEPS_PER_BEAT, Score


@dataclass(frozen=True, eq=False)
class Finished:
    """A piece that is there, and what is known of it.

    piece : Arrangement; plan : the Plan that it follows; view : dict of np.ndarray, as `written_view` gives it
    tempo : beats a minute; density : notes a beat; minor : bool; shift : semitones that it was moved by to the common key
    mix : np.ndarray of float32, shape (5,), genre weights
    """

    piece: Arrangement
    plan: Plan
    view: dict[str, np.ndarray]
    tempo: float
    density: float
    minor: bool
    shift: int
    mix: np.ndarray

    @property
    def about(self) -> np.ndarray:
        """Classes as `plan_features.about_classes` makes them, shape (4,)."""
        return about_classes(self.tempo, self.minor, self.piece.bar, self.density)


def finished(score: Score, mix: Mapping[str, float]) -> Finished:
    """A score, its key and plan estimated.

    Parameters
    ----------
    mix : weight of every genre
    """
    tonic, mode = estimate_key(score)
    shift = shift_to_common_key(tonic, mode)
    piece = arrange(score.onset, score.duration, score.pitch, score.velocity, score.program, score.part, score.bar, shift)
    plan = plan_of(piece)
    beats = max(1.0, piece.bars * piece.bar / STEPS_PER_BEAT)
    return Finished(piece, plan, written_view(piece, plan), score.tempo, len(piece.notes) / beats, mode == "minor", shift,
                    np.array([mix[genre] for genre in GENRES], np.float32))
