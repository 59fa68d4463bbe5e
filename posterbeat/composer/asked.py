"""What was asked of a piece, in the terms of a plan: over which chords, where it ends, who has to play."""

from dataclasses import dataclass, replace

import numpy as np

from posterbeat.chords import Chord
from posterbeat.composer.brief import MOST_NOTES, Brief
from posterbeat.composer.plan import Plan
from posterbeat.controls import Controls
from posterbeat.errors import ParameterError
from posterbeat.music.score import STEPS_PER_BEAT, Score
from posterbeat.notation.chord_text import Bars
from posterbeat.text import said

TONIC = (Chord(0, "", 0), Chord(9, "m", 9))  # of the common keys, C major and A minor


@dataclass(frozen=True, eq=False)
class Asked:
    """What a plan keeps to.

    notes : how many, the closing chord among them; None where `bars` says how long it is
    bars : before the closing one; None, and no notes either, where no more is to be drawn than `given` has
    round : np.ndarray of uint8, shape (bars of the round, 2, 2), number and bass of each half-bar's chord in the common key,
        which come again to the end; None leaves chords to the planner
    everyone : whether every part has to play; most : notes, where `bars` say how long it is
    given : a plan whose bars stand first; free : np.ndarray of bool, shape (its bars, parts), which of its cells are drawn anew
    """

    notes: int | None = None
    bars: int | None = None
    round: np.ndarray | None = None
    everyone: bool = False
    most: int = MOST_NOTES
    given: Plan | None = None
    free: np.ndarray | None = None

    def harmony(self, bar: int) -> np.ndarray | None:
        """Numbers and basses of a bar's chords, (2, 2); None where they are to be drawn."""
        if self.given is not None and bar < self.given.bars:
            return np.stack([self.given.chord[bar], self.given.bass[bar]], axis=1)
        return None if self.round is None else self.round[bar % len(self.round)]

    def copy(self, bar: int) -> int | None:
        """Bars back to the bar that this one repeats in all parts, 0 for none; None where it is to be drawn."""
        return int(self.given.copy[bar]) if self.given is not None and bar < self.given.bars else None

    def cell(self, bar: int, part: int) -> np.ndarray | None:
        """A cell that stays; None where it is to be drawn."""
        if self.given is None or bar >= self.given.bars or self.free[bar, part]:
            return None
        return self.given.cells[bar, part]


def asked_of(controls: Controls, brief: Brief) -> Asked:
    """What controls ask of a plan for this brief.

    Raises
    ------
    ParameterError
        More chords than the piece has bars, as far as that is known before it is planned.
    """
    bars = None if controls.seconds is None else layout(controls.seconds, brief)[0]
    asked = Asked(notes=controls.notes, bars=bars, round=chord_round(controls.bars, brief.shift),
                  everyone=(controls.instruments or controls.ensemble) is not None)
    if bars is not None:
        check_room(asked, bars, controls)
    return asked


def chord_round(bars: Bars | None, shift: int) -> np.ndarray | None:
    """Chords by bar as `Asked.round`, moved by `shift` semitones."""
    if bars is None:
        return None
    halves = [[bar[0], bar[-1]] for bar in bars]
    return np.array([[chord.transposed(shift).number for chord in bar] for bar in halves], np.uint8)


def check_room(asked: Asked, bars: int, controls: Controls) -> None:
    """Raise ParameterError where a round of chords is longer than `bars` and the closing bar."""
    if asked.round is not None and len(asked.round) > bars + 1:
        raise ParameterError(f"Chords {said(controls.chords)} fill {len(asked.round)} bars, and a piece of {controls.length} has "
                             f"{bars + 1}: ask for a longer one, as in seconds=120, or give fewer chords.")


def layout(seconds: float, brief: Brief) -> tuple[int, int]:
    """Bars before the closing one, and how long the closing chord sounds, in twelfths of a beat: half a bar to one and a half."""
    total = round(seconds * brief.tempo / 60 * STEPS_PER_BEAT)
    bars = max(1, round(total / brief.bar) - 1)
    return bars, max(1, total - bars * brief.bar)


def ended(score: Score, bars: int, closing: int | None) -> Score:
    """A score whose last chord, after so many bars, sounds for `closing` twelfths of a beat, and nothing longer.

    None leaves that chord as long as it was written, which is two bars at most.
    """
    begin = bars * score.bar
    end = begin + (2 * score.bar if closing is None else closing)
    duration = np.minimum(score.duration, end - score.onset)
    return replace(score, duration=duration if closing is None else np.where(score.onset >= begin, closing, duration))
