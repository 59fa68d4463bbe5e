"""Cutting: a piece that ends early."""

from posterbeat.errors import ParameterError
from posterbeat.music.score import Score
from posterbeat.steps import Cut


def cut(score: Score, step: Cut) -> Score:
    """The first bars of a piece.

    Raises
    ------
    ParameterError
        It has fewer bars, or none of its notes begins in them.
    """
    bars = -(-int((score.onset + score.duration).max(initial=0)) // score.bar)
    if step.bars > bars:
        raise ParameterError(f"The piece has {bars} bars: it cannot end after bar {step.bars}.")
    first = score.first_bars(step.bars)
    if not len(first):
        raise ParameterError(f"No note begins in the first {step.bars} bars: let more of them stay.")
    return first
