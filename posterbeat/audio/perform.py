"""How people play, who are no clocks. For the sound only; the saved MIDI stays on its grid."""

from collections.abc import Sequence

import numpy as np

from posterbeat.audio.performance import Performance, without_overlaps
from posterbeat.audio.seats import seats
from posterbeat.errors import RenderError
from posterbeat.instruments import DRUMS
from posterbeat.music.score import STEPS_PER_BEAT, Score
from posterbeat.music.sketch import sketch

LATEST = 0.04  # seconds, twice as much as any note moves: what begins later is not changed by what comes before
_SPREAD = 0.006  # seconds, standard deviation of a melodic player; below what is heard as late
_TIGHT = 0.0025  # of drums and bass, which hold the beat together
_FURTHEST = 3  # standard deviations
_OF_A_STEP = 0.4  # of the grid: notes keep their order
_TOUCH = 2.5  # standard deviation of velocity
_TIGHT_PROGRAMS = (*range(32, 40), DRUMS)  # General MIDI's basses


def perform(score: Score, seed: int, tracks: Sequence[tuple[int, int, str]] | None = None) -> Performance:
    """Have a piece played by people: notes start a few milliseconds early or late and are struck a little softer or harder.

    Deviations follow each other slowly within a track, as a player's do. They depend on the seed, on the track's number
    and on the notes before, never on those that come after, so that a piece can be played while it is written. No note
    moves by more than three standard deviations or overtakes another, starts before 0, or sounds into the next one of
    its pitch.

    Parameters
    ----------
    seed : of the players' deviations; a piece's own
    tracks : as `Score.tracks` gives them; of the whole piece, where `score` is its beginning

    Raises
    ------
    RenderError
        No note in the score.
    """
    if not len(score):
        raise RenderError("This score holds no note, so there is nothing to play: compose at least one note.")
    step = 60.0 / score.tempo / STEPS_PER_BEAT
    tracks = score.tracks() if tracks is None else tracks
    notes = []
    for index, (part, program, _) in enumerate(tracks):
        rows = np.flatnonzero((score.part == part) & (score.program == program))
        rows = rows[_last_of_each(score.onset[rows], score.pitch[rows])]
        deviation = np.random.default_rng([seed, index]).standard_normal((len(rows), 2))
        spread = _TIGHT if program in _TIGHT_PROGRAMS else _SPREAD
        shift = np.clip(spread * np.clip(_drift(deviation[:, 0]), -_FURTHEST, _FURTHEST), -_OF_A_STEP * step, _OF_A_STEP * step)
        onset, pitch, length = score.onset[rows], score.pitch[rows], score.duration[rows]
        start = np.maximum(0.0, onset * step + shift)
        # On the grid, a note that lasts until the next of its pitch cannot be told from one that was cut there.
        order = np.lexsort((onset, pitch))
        touching = np.zeros(len(rows), bool)
        touching[order[:-1]] = (np.diff(pitch[order]) == 0) & ((onset + length)[order[:-1]] >= onset[order[1:]])
        end = without_overlaps(np.full(len(rows), index), pitch, start, start + length * step, touching)
        velocity = np.clip(score.velocity[rows] + np.round(_TOUCH * deviation[:, 1]), 1, 127)
        notes.append((np.full(len(rows), index), pitch, velocity, start, end))
    seat, pitch, velocity, start, end = map(np.concatenate, zip(*notes))
    return Performance(seats([(name, program) for _, program, name in tracks]), seat, pitch, velocity, start, end)


def foreseen(score: Score, seed: int) -> tuple[list[tuple[int, int, str]], Performance]:
    """The tracks of all who will play, and a performance about as loud as theirs.

    Both follow from the plan alone, where the score has one that says so much; then its notes need not be there yet.
    """
    tracks = _planned(score)
    if tracks is None:
        return score.tracks(), perform(score, seed)
    return tracks, perform(sketch(score.plan, score.bar, score.tempo), seed, tracks)


def players(score: Score) -> list[tuple[int, int, str]]:
    """Part, program and name of all who play, or will play, in the order of their seats and stems."""
    tracks = _planned(score)
    return score.tracks() if tracks is None else tracks


def _planned(score: Score) -> list[tuple[int, int, str]] | None:
    plan = score.plan
    if plan is None or not plan.levels:
        return None
    tracks = [(part, program, name) for part, (program, name) in enumerate(zip(plan.programs, plan.parts))]
    others = {one[:2] for one in score.tracks()} - {one[:2] for one in tracks}  # they may play in a piece that went on
    return None if others else tracks


def _last_of_each(onset: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Indices of the last note of each onset and pitch, both sorted."""
    last = np.ones(len(onset), bool)
    last[:-1] = (np.diff(onset) != 0) | (np.diff(pitch) != 0)
    return np.flatnonzero(last)


def _drift(noise: np.ndarray) -> np.ndarray:
    """Autoregressive noise of standard deviation 1."""
    values, drift = [], 0.0
    for value in noise.tolist():
        drift = 0.8 * drift + 0.6 * value
        values.append(drift)
    return np.array(values)
