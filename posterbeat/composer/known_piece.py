"""A finished score as the composer sees it: parts by bars in the common key, and the plan that they follow."""

from dataclasses import dataclass, replace

import numpy as np

from posterbeat.composer.asked import chord_round
from posterbeat.composer.brief import Brief
from posterbeat.composer.parts import Arrangement, arrange, merge_tracks, voices
from posterbeat.composer.plan import Plan, plan_of
from posterbeat.composer.sections import outline
from posterbeat.controls import Controls
from posterbeat.errors import ScoreError
from posterbeat.instruments import DRUMS, on_keyboard
from posterbeat.music.events import DURATIONS, VELOCITY_BINS
from posterbeat.music.key import estimate_key, shift_to_common_key
from posterbeat.music.score import STEPS_PER_BEAT, Score
from posterbeat.steps import LONGEST

MOST_NOTES, MOST_TRACKS, MOST_BARS = 20000, 64, 2000  # of a piece that is taken in
MOST_CELLS = 12000  # bars of all its parts together, each of which is planned
_PARTS = 16  # tracks up to which each is a part


@dataclass(frozen=True, eq=False)
class KnownPiece:
    """What is to be gone on from, or partly written anew.

    score : Score, without overlaps
    first : empty bars before its first note, which `piece` lacks
    piece, plan, brief : what the composer would have written, planned and been given
    tracks : np.ndarray of int, shape (parts, 2), part number and program in the score of each part of `piece`
    part : np.ndarray of int, shape (notes,), which part of `piece` each note of the score is of
    """

    score: Score
    first: int
    piece: Arrangement
    plan: Plan
    brief: Brief
    tracks: np.ndarray
    part: np.ndarray

    @property
    def bar_of_notes(self) -> np.ndarray:
        """np.ndarray of int, shape (notes,): the bar of `piece` that each note of the score begins in."""
        return self.score.onset // self.score.bar - self.first

    @property
    def closes(self) -> bool:
        """Whether all notes of the last bar begin with it, as those of a closing chord do."""
        return bool((self.piece.notes[self.piece.start[-1 - len(self.piece.parts)]:, 0] == 0).all())

    def notes(self, written: Arrangement, cells: np.ndarray) -> Score:
        """The notes of some cells, np.ndarray of bool of shape (bars, parts), in the score's own key, parts and place."""
        mine = cells.reshape(-1)[np.repeat(np.arange(len(written.start) - 1), np.diff(written.start))]
        part, notes = written.part_of_notes()[mine], written.notes[mine].astype(int)
        number, program = self.tracks[part].T
        pitch = np.where(program == DRUMS, notes[:, 1], on_keyboard(notes[:, 1] - self.brief.shift))
        width = 128 // VELOCITY_BINS
        return Score(written.onsets()[mine] + self.first * self.score.bar, DURATIONS[notes[:, 2]], pitch,
                     notes[:, 3] * width + width // 2, program, self.score.tempo, self.score.bar, number)

    def numbered(self, score: Score, plan: Plan) -> Score:
        """A score of the same tracks, numbered from 0 in their order, so that each keeps its name; with the plan in names."""
        if self.first or len(self.score.tracks()) > len(self.tracks):  # bars, or tracks, that the plan does not have
            return replace(score, plan=None, marks=())
        order = np.lexsort(self.tracks.T[::-1])
        known = [tuple(track) for track in self.tracks[order].tolist()]
        part = [known.index(track) for track in zip(score.part.tolist(), score.program.tolist())]
        brief = replace(self.brief, parts=tuple(self.brief.parts[one] for one in order))
        told = outline(Plan(plan.copy, plan.chord, plan.bass, plan.cells[:, order]), brief)
        return replace(score, part=np.array(part), plan=told, marks=())


def known(score: Score, controls: Controls) -> KnownPiece:
    """A score as the composer sees it.

    Parameters
    ----------
    controls : of the piece; a key and chords that it was composed over are taken from there, else estimated

    Raises
    ------
    ScoreError
        More notes, tracks or bars than are taken in, or too long a piece.
    """
    score = replace(score.without_overlaps(), tempo=round(score.tempo, 2))  # as it comes back from MIDI
    _check(score)
    key = controls.tonality
    tonic, mode = (key.tonic, key.mode) if key is not None else estimate_key(score)
    shift, family = shift_to_common_key(tonic, mode), score.family
    part = merge_tracks(family, score.pitch, voices(score.part, family), most=_PARTS, small=False)
    _check_cells(int(score.onset.max()) // score.bar - int(score.onset.min()) // score.bar + 1, int(part.max()) + 1)
    piece = arrange(score.onset, score.duration, score.pitch, score.velocity, score.program, score.part, score.bar, shift,
                    part=part)
    plan = plan_of(piece)
    if controls.chords is not None:
        plan = _over(plan, chord_round(controls.bars, shift))
    beats = piece.bars * score.bar / STEPS_PER_BEAT
    brief = Brief(score.tempo, len(score) / beats, mode == "minor", score.bar, shift, piece.parts)
    return KnownPiece(score, int(score.onset.min()) // score.bar, piece, plan, brief, _tracks(score, part), part)


def _over(plan: Plan, chords: np.ndarray) -> Plan:
    """A plan over the chords that were asked for, which its last bar may leave."""
    rows = chords[np.arange(plan.bars - 1) % len(chords)]
    chord, bass = (np.concatenate([rows[..., column], last[-1:]]) for column, last in enumerate((plan.chord, plan.bass)))
    return Plan(plan.copy, chord, bass, plan.cells)


def _tracks(score: Score, part: np.ndarray) -> np.ndarray:
    """Of each part of the piece the track of the score that has most of its notes."""
    found = []
    for number in range(int(part.max()) + 1):
        mine = part == number
        tracks, count = np.unique(np.stack([score.part[mine], score.program[mine]]), axis=1, return_counts=True)
        found.append(tracks[:, count.argmax()])
    return np.array(found)


def _check_cells(bars: int, parts: int) -> None:
    if bars * parts > MOST_CELLS:
        raise ScoreError(f"This piece has {parts} parts in {bars:,} bars, together {bars * parts:,} bars of parts: "
                         f"{MOST_CELLS:,} at most can be continued or rewritten; give a shorter or smaller one.")


def _check(score: Score) -> None:
    bars, tracks = int(score.onset.max()) // score.bar + 1, len(score.tracks())
    for what, held, most in (("notes", len(score), MOST_NOTES), ("tracks", tracks, MOST_TRACKS), ("bars", bars, MOST_BARS)):
        if held > most:
            raise ScoreError(f"This piece has {held:,} {what}: {most:,} at most can be continued or rewritten; give a "
                             "shorter or smaller one.")
    if score.seconds > 1.1 * LONGEST:
        raise ScoreError(f"This piece lasts {score.seconds:.0f} seconds: {LONGEST} at most can be continued or rewritten.")
