"""What may be asked for: the ranges of a composition's controls, the checks that name them, and the kinds of files."""

import math
import numbers
import secrets
from typing import Any

from posterbeat.errors import ParameterError

NOTES = (32, 2000)  # fewer is no phrase; more is past the length of any piece that the composer has learned from
TEMPERATURE = (0.1, 2.0)  # 0 would repeat itself; above 2 the network's choices drown in chance
SEED = (0, 2**32 - 1)  # what both NumPy and torch take
TEMPO = (40, 220)  # beats a minute
DENSITY = (0, 1)  # among the pieces of a genre, from the sparsest to the densest
COMPOSERS = ("posterbeat", "historical")  # this project's own, and the reference study's final stack
SUFFIXES = (".mid", ".wav", ".mp3", ".mp4", ".musicxml")  # of the files that a track is saved as


def check_notes(notes: Any) -> int:
    """A whole number of notes from 32 to 2,000; 300.0 counts as whole, since JSON clients may send it.

    Raises
    ------
    ParameterError
        Anything else, True and "300" included.
    """
    number = _whole(notes)
    if number is None or not NOTES[0] <= number <= NOTES[1]:
        raise ParameterError(f"Notes must be a whole number from {NOTES[0]} to {NOTES[1]}, not {_said(notes)}.")
    return number


def check_temperature(temperature: Any) -> float:
    """A finite number from 0.1 to 2.0.

    Raises
    ------
    ParameterError
        Anything else.
    """
    return _number("Temperature", temperature, TEMPERATURE)


def check_seed(seed: Any) -> int:
    """A seed from 0 to 2**32 - 1; None draws one.

    Raises
    ------
    ParameterError
        Anything else.
    """
    if seed is None:
        return secrets.randbelow(SEED[1] + 1)
    number = _whole(seed)
    if number is None or not SEED[0] <= number <= SEED[1]:
        raise ParameterError(
            f"Seed must be a whole number from {SEED[0]} to {SEED[1]} (2**32 - 1), or nothing to draw one, "
            f"not {_said(seed)}."
        )
    return number


def check_tempo(tempo: Any) -> float | None:
    """Beats a minute, 40 to 220; None leaves it to the composer.

    Raises
    ------
    ParameterError
        Anything else.
    """
    return None if tempo is None else _number("Tempo", tempo, TEMPO)


def check_density(density: Any) -> float | None:
    """0 (sparse) to 1 (busy); None leaves it to the composer.

    Raises
    ------
    ParameterError
        Anything else.
    """
    return None if density is None else _number("Density", density, DENSITY)


def check_mode(mode: Any) -> str | None:
    """"major" or "minor"; None leaves it to the composer.

    Raises
    ------
    ParameterError
        Anything else.
    """
    if mode not in (None, "major", "minor"):
        raise ParameterError(f"Mode must be 'major' or 'minor', not {_said(mode)}.")
    return mode


def check_composer(composer: Any) -> str:
    """A name from `COMPOSERS`; None stands for the first, this project's own.

    Raises
    ------
    ParameterError
        Anything else.
    """
    if composer is None:
        return COMPOSERS[0]
    if not isinstance(composer, str) or composer not in COMPOSERS:
        raise ParameterError(f"Composer must be {' or '.join(map(repr, COMPOSERS))}, not {_said(composer)}.")
    return composer


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else None


def _number(name: str, value: Any, limits: tuple[float, float]) -> float:
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not limits[0] <= value <= limits[1]:  # NaN fails the comparison
        raise ParameterError(f"{name} must be a number from {limits[0]} to {limits[1]}, not {_said(value)}.")
    return float(value)


def _said(value: Any) -> str:
    return repr(value)[:40]
