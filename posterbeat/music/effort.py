"""How much work steps ask for, so that no recipe keeps a composer busy for long."""

from collections.abc import Sequence

from posterbeat.errors import ParameterError
from posterbeat.music.part_names import track_of
from posterbeat.music.score import Score
from posterbeat.steps import Cut, GoOn, Step

MOST_EFFORT = 50_000  # notes that the steps of one recipe write anew, about a minute and a half on one core
_HEARD = 0.25  # what it takes to hear a note of the piece and to plan around it, of what it takes to write one


def effort(score: Score, steps: Sequence[Step]) -> float:
    """About how many notes steps write anew, one after the other, and those that they hear, four of which count as one.

    Parameters
    ----------
    score
        The piece as it is before them. It is taken to have as many notes a second all along.
    """
    seconds, whole = score.seconds, 0.0
    rate = len(score) / max(seconds, 1e-9)
    for step in steps:
        if isinstance(step, Cut):
            seconds = min(seconds, score.second(step.bars * score.bar))
            continue
        whole += _HEARD * rate * seconds
        if isinstance(step, GoOn):
            seconds += step.seconds
            whole += rate * step.seconds
        else:
            bars = step.bars or (1, 10**6)
            first, last = (min(seconds, score.second(bar * score.bar)) for bar in (bars[0] - 1, bars[1]))
            whole += rate * (last - first) * (1.0 if step.part is None else _share(score, step.part))
    return whole


def checked(score: Score, steps: Sequence[Step], before: float = 0.0) -> float:
    """The effort of the first of some steps, which all together ask for no more than `MOST_EFFORT` less what was taken `before`.

    Raises
    ------
    ParameterError
        They ask for more.
    """
    asked = before + effort(score, steps)
    if asked > MOST_EFFORT:
        raise ParameterError(f"Composing this piece again takes steps that write about {round(asked, -3):,.0f} notes anew: "
                             f"{MOST_EFFORT:,} at most are written at a time. Open its MIDI file, or take fewer of its steps.")
    return effort(score, steps[:1])


def _share(score: Score, part: str | int) -> float:
    try:
        number, program = track_of(score, part)
    except ParameterError:  # told when its turn comes
        return 1.0
    return float(((score.part == number) & (score.program == program)).mean())
