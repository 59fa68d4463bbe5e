"""What one step changes in a finished piece: which cells are planned and written anew, and how it is put together again."""

from dataclasses import dataclass, replace

import numpy as np

from posterbeat.composer.asked import TONIC, Asked, chord_round, ended, layout
from posterbeat.composer.known_piece import MOST_BARS, MOST_NOTES, KnownPiece, known
from posterbeat.composer.parts import Arrangement
from posterbeat.composer.plan import NEW, Plan
from posterbeat.composer.writing import Stays
from posterbeat.controls import Controls
from posterbeat.errors import ParameterError
from posterbeat.music.part_names import track_of
from posterbeat.music.score import Score
from posterbeat.steps import LONGEST, GoOn, Rewrite, Step
from posterbeat.text import said


@dataclass(frozen=True, eq=False)
class Revision:
    """What a step asks for.

    known : the piece as it is
    asked : what its new plan keeps to
    free : np.ndarray of bool, shape (bars that stay, parts), which of their cells are written anew
    seed : of the step
    ends : bars before the closing one, and how long the closing chord sounds, in twelfths of a beat; None where the piece ends
        as it did
    """

    known: KnownPiece
    asked: Asked
    free: np.ndarray
    seed: int
    ends: tuple[int, int] | None = None

    @property
    def closing(self) -> bool:
        """Whether the last bar is a closing chord."""
        return self.ends is not None or self.known.closes

    @property
    def stays(self) -> Stays:
        """What the writer finds there."""
        return Stays(self.known.piece, self.free)

    def check_size(self, plan: Plan) -> None:
        """Return where a new plan leaves the piece small enough to be taken further once more.

        Raises
        ------
        ParameterError
            It has more notes: they would take minutes to write.
        """
        notes = int(plan.cells[..., 2].sum())
        if notes > MOST_NOTES:
            raise ParameterError(f"With what is planned anew the piece would have {notes:,} notes: {MOST_NOTES:,} at most; write "
                                 "fewer bars anew, or one part, or try another seed.")

    def joined(self, written: Arrangement, plan: Plan) -> Score:
        """The score with the new notes in the place of those that they replace; all others as they were."""
        score, bars = self.known.score, len(self.free)
        anew = np.ones((written.bars, len(written.parts)), bool)
        anew[:bars] = self.free
        where = self.known.bar_of_notes
        keep = (where < bars) & ~self.free[np.minimum(where, bars - 1), self.known.part]
        old, new = _some(score, keep), self.known.notes(written, anew)
        whole = _together(old, _some(new, _clear(old, new)))
        if self.ends is not None:
            bars, closing = self.ends
            whole = ended(whole, bars + self.known.first, closing)
        else:
            last = int((score.onset + score.duration).max())
            whole = replace(whole, duration=np.minimum(whole.duration, last - whole.onset))
        return self.known.numbered(whole, plan)


def revision_of(score: Score, step: Step, controls: Controls) -> Revision:
    """What a step asks for.

    Raises
    ------
    ParameterError
        A part or bars that the piece does not have, or it would become too long.
    ScoreError
        The piece is too large to be taken in.
    """
    return going_on(score, step, controls) if isinstance(step, GoOn) else rewriting(score, step, controls)


def going_on(score: Score, step: GoOn, controls: Controls) -> Revision:
    """The last bar, which closes the piece, gives way; all before it stays, and the plan is drawn on from there."""
    it = known(score, controls)
    seconds = it.score.seconds - it.first * it.score.bar / 12 * 60 / it.score.tempo
    if it.score.seconds + step.seconds > LONGEST + 1:  # a piece ends on a twelfth of a beat
        left = LONGEST - it.score.seconds
        more = f"go on for {left:.0f} at most, as in seconds={left:.0f}" if left >= 10 else "start from a shorter one"
        raise ParameterError(f"The piece lasts {it.score.seconds:.0f} seconds, and {step.seconds:g} more would exceed {LONGEST} "
                             f"in all: {more}.")
    cut = max(1, it.piece.bars - 1)
    bars, closing = layout(seconds + step.seconds, it.brief)
    if bars <= cut:
        bars, closing = cut + 1, it.score.bar
    if bars > MOST_BARS:
        raise ParameterError(f"At {it.score.tempo:,.0f} beats a minute the piece would have {bars:,} bars: {MOST_BARS:,} at "
                             "most; ask for fewer seconds, or give a slower piece.")
    plan = it.plan
    given = Plan(plan.copy[:cut], plan.chord[:cut], plan.bass[:cut], plan.cells[:cut])
    free = np.zeros((cut, len(it.brief.parts)), bool)
    asked = Asked(bars=bars, round=chord_round(controls.bars, it.brief.shift), given=given, free=free,
                  most=MOST_NOTES)
    return Revision(it, asked, free, step.seed, (bars, closing))


def rewriting(score: Score, step: Rewrite, controls: Controls) -> Revision:
    """The cells of a part, of some bars or of both are drawn anew; no cell that stays is told to repeat one of them."""
    it = known(score, controls)
    first, last = step.bars or (1, it.piece.bars + it.first)
    if last > it.piece.bars + it.first:
        there = it.piece.bars + it.first
        raise ParameterError(f"Bars {first} to {last} are not all there: the piece has {there}; give the first and last, as in "
                             f"bars=({max(1, there - 7)}, {there}).")
    free = np.zeros((it.piece.bars, len(it.brief.parts)), bool)
    free[max(0, first - 1 - it.first):max(0, last - it.first), _part(it, step.part)] = True
    if not (it.plan.kind > 0)[free].any():
        raise ParameterError(f"Nothing plays in bars {first} to {last}{'' if step.part is None else f' of {said(step.part)}'}: "
                             "choose bars or a part with notes.")
    drawn, given = free.copy(), detached(it.plan, free)
    if it.closes:  # a closing chord stays one, and where it is written anew it is the tonic
        drawn[-1] = False
        if free[-1].any():
            given.chord[-1], given.bass[-1] = TONIC[it.brief.minor].number
    return Revision(it, Asked(given=given, free=drawn), free, step.seed)


def detached(plan: Plan, free: np.ndarray) -> Plan:
    """A plan in which no cell that stays recalls one that is free, and no bar with a free cell is a copy."""
    cells, copy = plan.cells.copy(), plan.copy.copy()
    touched, rows = free.any(1), np.arange(plan.bars)
    copy[touched | touched[rows - copy]] = 0
    source = rows[:, None] - plan.back
    lost = (plan.back > 0) & (free[source, np.arange(free.shape[1])] | free)
    cells[lost, 0], cells[lost, 1] = NEW, 0
    return Plan(copy, plan.chord.copy(), plan.bass.copy(), cells)


def _part(it: KnownPiece, wanted: str | int | None) -> np.ndarray:
    """Which parts of the piece are meant: np.ndarray of bool, shape (parts,)."""
    if wanted is None:
        return np.ones(len(it.tracks), bool)
    number, program = track_of(it.score, wanted)
    mine = np.unique(it.part[(it.score.part == number) & (it.score.program == program)])
    if len(np.unique(it.score.part[np.isin(it.part, mine)])) > 1:
        raise ParameterError(f"The piece has {len(it.score.tracks())} tracks, too many to tell {said(wanted)} apart from "
                             "the others: give bars alone, or a piece of fewer tracks.")
    return np.isin(np.arange(len(it.tracks)), mine)


def _some(score: Score, which: np.ndarray) -> Score:
    return replace(score, onset=score.onset[which], duration=score.duration[which], pitch=score.pitch[which],
                   velocity=score.velocity[which], program=score.program[which], part=score.part[which])


def _together(one: Score, two: Score) -> Score:
    arrays = {name: np.concatenate([getattr(one, name), getattr(two, name)])
              for name in ("onset", "duration", "pitch", "velocity", "program", "part")}
    return replace(one, **arrays).without_overlaps()


def _clear(old: Score, new: Score) -> np.ndarray:
    """Which new notes do not begin while their part holds the same pitch, which would cut a note that stays."""
    clear = np.ones(len(new), bool)
    held: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
    for onset, duration, *key in zip(*(array.tolist() for array in (old.onset, old.duration, old.part, old.program, old.pitch))):
        held.setdefault(tuple(key), []).append((onset, onset + duration))
    for row, (onset, *key) in enumerate(zip(*(array.tolist() for array in (new.onset, new.part, new.program, new.pitch)))):
        clear[row] = not any(begin <= onset < end for begin, end in held.get(tuple(key), ()))
    return clear
