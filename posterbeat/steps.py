"""What can be done with a piece, as values: go on, write some of it anew, end it early."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from posterbeat.controls import SECONDS, check_number, check_seed, check_whole
from posterbeat.errors import ParameterError
from posterbeat.text import said

LONGEST = 600  # seconds of a piece in all
MOST_STEPS = 50  # of a take
_PART = 60  # characters of a part's name
_LONGEST = 6000  # characters of steps as one text
_MOST_BARS = 10**6  # far more than any piece has, and short enough to be told
_BARS = re.compile(r"\s*(\d{1,6})\s*(?:[-–]\s*(\d{1,6})\s*)?")


@dataclass(frozen=True)
class GoOn:
    """The piece goes on. seconds : how much longer it becomes, 10 to 300; seed : as of `Controls`, None draws one here.

    Raises
    ------
    ParameterError
        A value outside its range.
    """

    seconds: float = 30.0
    seed: int | None = None

    def __post_init__(self):
        object.__setattr__(self, "seconds", check_number("Seconds", self.seconds, SECONDS))
        object.__setattr__(self, "seed", check_seed(self.seed))

    def __str__(self) -> str:
        return f"go-on:{self.seconds:g}:{self.seed}"


@dataclass(frozen=True)
class Rewrite:
    """Some of the piece is written anew: a part, some bars, or a part in some bars.

    part : its name, or its place in the plan's parts, counted from 0; None for all
    bars : first and last, counted from 1, both ends in; None for all. Also one text: "9-16", "9"
    seed : as of `Controls`, None draws one here

    Raises
    ------
    ParameterError
        Neither part nor bars, or none that can be.
    """

    part: str | int | None = None
    bars: tuple[int, int] | None = None
    seed: int | None = None

    def __post_init__(self):
        object.__setattr__(self, "part", _part(self.part))
        object.__setattr__(self, "bars", _bars(self.bars))
        object.__setattr__(self, "seed", check_seed(self.seed))
        if self.part is None and self.bars is None:
            raise ParameterError("Say what to write anew: a part, as in part='bass', bars, as in bars=(9, 16), or both.")

    def __str__(self) -> str:
        bars = "" if self.bars is None else f"{self.bars[0]}-{self.bars[1]}"
        return f"rewrite:{'' if self.part is None else self.part}:{bars}:{self.seed}"


@dataclass(frozen=True)
class Cut:
    """The piece ends after its first bars. bars : how many, 1 or more

    Raises
    ------
    ParameterError
        Not a whole number of 1 or more.
    """

    bars: int

    def __post_init__(self):
        bars = check_whole(self.bars)
        if bars is None or not 1 <= bars < _MOST_BARS:
            raise ParameterError(f"Bars {said(self.bars)} are none: say after how many the piece ends, as in cut:12.")
        object.__setattr__(self, "bars", bars)

    def __str__(self) -> str:
        return f"cut:{self.bars}"


Step = GoOn | Rewrite | Cut


def to_text(steps: Sequence[Step]) -> str:
    """Steps as one text, `cut:12,go-on:30:7,rewrite:bass:9-16:8`, which `from_text` reads."""
    return ",".join(map(str, steps))


def from_text(text: str) -> tuple[Step, ...]:
    """Steps from what `to_text` wrote.

    Raises
    ------
    ParameterError
        Anything else, or more than `MOST_STEPS`.
    """
    if len(text) > _LONGEST:
        raise ParameterError(f"Steps {said(text)} are {len(text)} characters: {_LONGEST} at most.")
    words = [step.split(":") for step in text.split(",") if step.strip()]
    if len(words) > MOST_STEPS:
        raise ParameterError(f"Steps {said(text)} are {len(words)}: {MOST_STEPS} at most.")
    steps: list[Step] = []
    for word in words:
        try:
            if word[0].strip() == "go-on":
                _, seconds, seed = word
                steps.append(GoOn(float(seconds), int(seed)))
            elif word[0].strip() == "cut":
                _, bars = word
                steps.append(Cut(int(bars)))
            else:
                name, part, bars, seed = word
                if name.strip() != "rewrite":
                    raise ValueError
                steps.append(Rewrite(part or None, bars or None, int(seed)))
        except ParameterError:
            raise
        except ValueError:
            raise ParameterError(f"Step {said(':'.join(word))} is not known: write go-on:30:7 (seconds, seed), "
                                 "rewrite:bass:9-16:8 (part, bars, seed) or cut:12 (bars).") from None
    return tuple(steps)


def _part(part: Any) -> str | int | None:
    if isinstance(part, str) and part.strip().isdecimal() and len(part) < 4:
        part = int(part)
    if part is None or isinstance(part, str) and 0 < len(part.strip()) <= _PART and not set(part) & {":", ",", "\n"}:
        return part and part.strip()
    number = check_whole(part)
    if number is None or not 0 <= number < 1000:
        raise ParameterError(f"Part {said(part)} is none: give its name, as in part='bass', or its place in the plan, counted "
                             "from 0.")
    return number


def _bars(bars: Any) -> tuple[int, int] | None:
    if bars is None:
        return None
    given = bars
    match = _BARS.fullmatch(bars) if isinstance(bars, str) else None
    if match:
        bars = (int(match[1]), int(match[2] or match[1]))
    elif check_whole(bars) is not None:
        bars = (bars, bars)
    ends = [check_whole(bar) for bar in bars] if isinstance(bars, Sequence) and not isinstance(bars, str) else []
    if len(ends) != 2 or None in ends or max(ends) >= _MOST_BARS:
        raise ParameterError(f"Bars {said(given)} are none: give the first and the last, counted from 1, as in bars=(9, 16).")
    if not 1 <= ends[0] <= ends[1]:
        wrong = "are the wrong way round" if ends[0] > ends[1] >= 1 else "begin before bar 1"
        raise ParameterError(f"Bars {said(given)} {wrong}: give the first and the last, counted from 1, as in bars=(9, 16).")
    return ends[0], ends[1]
