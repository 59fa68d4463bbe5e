"""What may be asked for: a composition's controls with their ranges and the checks that name them, and the kinds of files."""

import numbers
import secrets
from dataclasses import dataclass, replace
from typing import Any

from posterbeat.contradictions import check_together
from posterbeat.errors import ParameterError
from posterbeat.instruments import families_of
from posterbeat.notation.chord_text import Bars, check_chords, parse_chords
from posterbeat.notation.keys import Key, check_key, key_of, parse_key
from posterbeat.notation.metres import check_metre
from posterbeat.notation.players import check_instruments
from posterbeat.text import said

NOTES = (32, 2000)  # fewer is no phrase; more is past the length of any piece that the composer has learned from
DEFAULT_NOTES = 600  # where neither notes nor seconds are given
TEMPERATURE = (0.1, 2.0)  # 0 would repeat itself; above 2 the network's choices drown in chance
SEED = (0, 2**32 - 1)  # what both NumPy and torch take
TEMPO = (40, 220)  # beats a minute
DENSITY = (0, 1)  # among the pieces of a genre, from the sparsest to the densest
SECONDS = (10, 300)  # shorter is no piece; longer ones go on from one that is there
COMPOSER_KINDS = ("posterbeat", "historical")  # this project's own, and the reference study's final stack
SUFFIXES = (".mid", ".wav", ".mp3", ".mp4", ".musicxml", ".pdf", ".zip")  # of the files that a track is saved as


def check_notes(notes: Any) -> int | None:
    """A whole number of notes from 32 to 2,000; 300.0 counts as whole, since JSON clients may send it. None stays None.

    Raises
    ------
    ParameterError
        Anything else, True and "300" included.
    """
    if notes is None:
        return None
    number = check_whole(notes)
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
    return check_number("Temperature", temperature, TEMPERATURE)


def check_seed(seed: Any) -> int:
    """A seed from 0 to 2**32 - 1; None draws one.

    Raises
    ------
    ParameterError
        Anything else.
    """
    if seed is None:
        return secrets.randbelow(SEED[1] + 1)
    number = check_whole(seed)
    if number is None or not SEED[0] <= number <= SEED[1]:
        raise ParameterError(
            f"Seed must be a whole number from {SEED[0]} to {SEED[1]}, or left out to have one drawn, not {said(seed)}."
        )
    return number


def check_tempo(tempo: Any) -> float | None:
    """Beats a minute, 40 to 220; None leaves it to the composer.

    Raises
    ------
    ParameterError
        Anything else.
    """
    return None if tempo is None else check_number("Tempo", tempo, TEMPO)


def check_density(density: Any) -> float | None:
    """0 (sparse) to 1 (busy); None leaves it to the composer.

    Raises
    ------
    ParameterError
        Anything else.
    """
    return None if density is None else check_number("Density", density, DENSITY)


def check_seconds(seconds: Any) -> float | None:
    """10 to 300 seconds; None stays None.

    Raises
    ------
    ParameterError
        Anything else.
    """
    return None if seconds is None else check_number("Seconds", seconds, SECONDS)


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
    notes : 32 to 2,000 note onsets, of all instruments together; 600 where `seconds` are not given either
    temperature : 0.1 (safe) to 2.0 (wild)
    seed : 0 to 2**32 - 1; the same seed and controls give the same notes. None draws one here
    ensemble : a name from `instruments.ENSEMBLES`; None leaves it to the composer, as with the next three
    tempo : beats a minute, 40 to 220
    mode : "major" or "minor"
    density : 0 (the sparsest pieces of the genre) to 1 (the busiest)
    composer_kind : "posterbeat", or "historical" for the reference study's final stack, which heeds notes, seed and tempo alone
    instruments : who plays, a name a part, as `notation.players.check_instruments` reads them
    chords : over which, from the first bar on and again to the end: `Am F C G`, as `notation.chord_text.check_chords` reads them
    key : "D minor", "F# major"
    metre : "4/4", "3/4", "2/4"
    seconds : 10 to 300, how long the piece lasts, in place of `notes`, which is None then

    Raises
    ------
    ParameterError
        A value outside its range, or two that contradict each other.
    """

    notes: int | None = None
    temperature: float = 1.0
    seed: int | None = None
    ensemble: str | None = None
    tempo: float | None = None
    mode: str | None = None
    density: float | None = None
    composer_kind: str = COMPOSER_KINDS[0]
    instruments: tuple[str, ...] | None = None
    chords: str | None = None
    key: str | None = None
    metre: str | None = None
    seconds: float | None = None

    def __post_init__(self):
        for name, check in CHECKS.items():
            object.__setattr__(self, name, check(getattr(self, name)))
        if self.notes is None and self.seconds is None:
            object.__setattr__(self, "notes", DEFAULT_NOTES)
        check_together(self)

    @property
    def bars(self) -> Bars | None:
        """The chords of each bar, as values."""
        return None if self.chords is None else parse_chords(self.chords)

    @property
    def tonality(self) -> Key | None:
        """The key that is asked for, or that the chords are in; None leaves it to the composer."""
        if self.key is not None:
            return parse_key(self.key)
        return None if self.chords is None else key_of(self.bars, self.mode)

    @property
    def steering(self) -> dict[str, Any]:
        """What steers the music by name, from `STEERING`, None where it is left open."""
        return {name: getattr(self, name) for name in STEERING}

    @property
    def length(self) -> str:
        """In words: 300 notes, 60 seconds."""
        return f"{self.notes} notes" if self.seconds is None else f"{self.seconds:g} seconds"

    def filled(self, **values: Any) -> "Controls":
        """These controls, with `values` where something was left open; a key, or chords, leave no mode open."""
        if self.tonality is not None:
            values.pop("mode", None)
        return replace(self, **{name: value for name, value in values.items() if getattr(self, name) is None})

    def changed(self, **values: Any) -> "Controls":
        """These controls with other values; what says the same in another way gives way: notes to seconds, a mode to a key."""
        for name, others in _INSTEAD.items():
            if values.get(name) is not None:
                values = {**dict.fromkeys(others), **values}
        return replace(self, **values)


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


def to_text(value: Any) -> str:
    """One control as text that `from_text` reads: a list of instruments with commas, a number as short as it may be."""
    return ", ".join(value) if isinstance(value, (tuple, list)) else str(value)


STEERING = ("ensemble", "tempo", "mode", "density", "instruments", "chords", "key", "metre")
_INSTEAD = {"notes": ("seconds",), "seconds": ("notes",), "ensemble": ("instruments",), "instruments": ("ensemble",),
            "key": ("mode",), "mode": ("key",)}
CHECKS = {
    "notes": check_notes, "temperature": check_temperature, "seed": check_seed, "ensemble": check_ensemble, "tempo": check_tempo,
    "mode": check_mode, "density": check_density, "composer_kind": check_composer_kind, "instruments": check_instruments,
    "chords": check_chords, "key": check_key, "metre": check_metre, "seconds": check_seconds,
}  # of each field of Controls; the order is that in which a wrong value is told
_NUMBERS = {"notes": int, "temperature": float, "seed": int, "tempo": float, "density": float, "seconds": float}


def check_whole(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        number = int(value)
    except (ValueError, OverflowError):  # not a number, infinite
        return None
    return number if value == number else None


def check_number(name: str, value: Any, limits: tuple[float, float]) -> float:
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not limits[0] <= value <= limits[1]:  # NaN fails the comparison
        raise ParameterError(f"{name} must be a number from {limits[0]} to {limits[1]}, not {said(value)}.")
    return float(value)
