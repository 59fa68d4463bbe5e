"""What may be asked for: a composition's controls with their ranges and the checks that name them, and the kinds of files."""

import numbers
import secrets
from dataclasses import dataclass, replace
from typing import Any

from posterbeat.errors import ParameterError
from posterbeat.instruments import families_of
from posterbeat.text import said

NOTES = (32, 2000)  # fewer is no phrase; more is past the length of any piece that the composer has learned from
TEMPERATURE = (0.1, 2.0)  # 0 would repeat itself; above 2 the network's choices drown in chance
SEED = (0, 2**32 - 1)  # what both NumPy and torch take
TEMPO = (40, 220)  # beats a minute
DENSITY = (0, 1)  # among the pieces of a genre, from the sparsest to the densest
COMPOSER_KINDS = ("posterbeat", "historical")  # this project's own, and the reference study's final stack
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
        raise ParameterError(f"Notes must be a whole number from {NOTES[0]} to {NOTES[1]}, not {said(notes)}.")
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
            f"not {said(seed)}."
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
    if mode is not None and not (isinstance(mode, str) and mode in ("major", "minor")):
        raise ParameterError(f"Mode must be 'major' or 'minor', not {said(mode)}.")
    return mode


def check_composer_kind(kind: Any) -> str:
    """A name from `COMPOSER_KINDS`; None stands for the first, this project's own.

    Raises
    ------
    ParameterError
        Anything else.
    """
    if kind is None:
        return COMPOSER_KINDS[0]
    if not isinstance(kind, str) or kind not in COMPOSER_KINDS:
        raise ParameterError(f"Composer must be {' or '.join(map(repr, COMPOSER_KINDS))}, not {said(kind)}.")
    return kind


def check_ensemble(ensemble: Any) -> str | None:
    """A name from `instruments.ENSEMBLES`; None leaves it to the composer.

    Raises
    ------
    ParameterError
        Anything else.
    """
    if ensemble is not None:
        families_of(ensemble)
    return ensemble


@dataclass(frozen=True)
class Controls:
    """What is asked of a piece beside its genre: checked once, when it is made, and passed on whole.

    Attributes
    ----------
    notes : 32 to 2,000 note onsets, of all instruments together
    temperature : 0.1 (safe) to 2.0 (wild)
    seed : 0 to 2**32 - 1; the same seed and controls give the same notes. None draws one here
    ensemble : a name from `instruments.ENSEMBLES`; None leaves it to the composer, as with the next three
    tempo : beats a minute, 40 to 220
    mode : "major" or "minor"
    density : 0 (the sparsest pieces of the genre) to 1 (the busiest)
    composer_kind : "posterbeat", or "historical" for the reference study's final stack, which heeds notes, seed and tempo alone

    Raises
    ------
    ParameterError
        A value outside its range.
    """

    notes: int = 600
    temperature: float = 1.0
    seed: int | None = None
    ensemble: str | None = None
    tempo: float | None = None
    mode: str | None = None
    density: float | None = None
    composer_kind: str = COMPOSER_KINDS[0]

    def __post_init__(self):
        for name, check in CHECKS.items():
            object.__setattr__(self, name, check(getattr(self, name)))

    @property
    def steering(self) -> dict[str, Any]:
        """What steers the music by name: ensemble, tempo, mode and density, None where they are left open."""
        return {name: getattr(self, name) for name in STEERING}

    def filled(self, **values: Any) -> "Controls":
        """These controls, with `values` where something was left open."""
        return replace(self, **{name: value for name, value in values.items() if getattr(self, name) is None})


def asked_for(controls: Controls | None, **named: Any) -> Controls:
    """`controls` where they are given whole, else those that the public keywords make.

    `composer` stands for `composer_kind`: it was its name once, and still is in links and over the API.
    """
    if controls is not None:
        return controls
    if "composer" in named:
        named["composer_kind"] = named.pop("composer")
    return Controls(**named)


def from_text(name: str, value: str) -> Any:
    """One control written as text, as in a CSV or a link, checked; `name` is a field of `Controls`.

    Raises
    ------
    ParameterError
        It is outside its range, or no number where one is needed.
    """
    value = value.strip()
    kind = _NUMBERS.get(name, str)
    try:
        value = kind(value)
    except ValueError:
        pass  # the check says what is needed, and what was written
    return CHECKS[name](value)


STEERING = ("ensemble", "tempo", "mode", "density")
CHECKS = {
    "notes": check_notes, "temperature": check_temperature, "seed": check_seed, "ensemble": check_ensemble, "tempo": check_tempo,
    "mode": check_mode, "density": check_density, "composer_kind": check_composer_kind,
}  # of each field of Controls; the order is that in which a wrong value is told
_NUMBERS = {"notes": int, "temperature": float, "seed": int, "tempo": float, "density": float}


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        number = int(value)
    except (ValueError, OverflowError):  # not a number, infinite
        return None
    return number if value == number else None


def _number(name: str, value: Any, limits: tuple[float, float]) -> float:
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not limits[0] <= value <= limits[1]:  # NaN fails the comparison
        raise ParameterError(f"{name} must be a number from {limits[0]} to {limits[1]}, not {said(value)}.")
    return float(value)
