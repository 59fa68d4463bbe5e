"""Keys by name, and which key given chords are in."""

import re
from dataclasses import dataclass
from typing import Any

from posterbeat.chords import Chord
from posterbeat.errors import ParameterError
from posterbeat.notation.chord_text import LETTERS, SIGNS, Bars
from posterbeat.text import said

_NAMES = {"major": ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
          "minor": ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")}
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_LEADING = 11  # the raised seventh of a minor key, which its dominant has
_MODES = {"": "major", "M": "major", "maj": "major", "major": "major", "m": "minor", "min": "minor", "minor": "minor"}
_KEY = re.compile(r"([A-Ga-g])([#b]?) *([A-Za-z]*)")
_FOREIGN = 0.6  # share of the chords' tones that a key must have: secondary dominants and borrowed chords pass
# What speaks for a key beside the tones: it is where the chords begin, and where they end.
_BEGINS, _ENDS, _LEADING_WORTH = 0.12, 0.06, 0.6


@dataclass(frozen=True)
class Key:
    """tonic : pitch class 0 to 11, C is 0; mode : "major" or "minor"."""

    tonic: int
    mode: str

    @property
    def name(self) -> str:
        """As musicians write it: Eb major, F# minor."""
        return f"{_NAMES[self.mode][self.tonic]} {self.mode}"

    def share(self, bars: Bars) -> float:
        """Share of the tones of chords that the key has, the raised seventh of minor among them."""
        own = {*_SCALES[self.mode], _LEADING}
        tones = [(tone - self.tonic) % 12 for chord in sounding(bars) for tone in chord.tones]
        return sum(tone in own for tone in tones) / len(tones)


def parse_key(key: Any) -> Key:
    """A key by its name: `D minor`, `F# major`, `Bb` (major), `Dm`; sharps and flats also as signs or words.

    Raises
    ------
    ParameterError
        Anything else.
    """
    return _read(key)[0]


def check_key(key: Any) -> str | None:
    """The key in one spelling, its tonic as it was given: `Db major`; None stays None. Raises as `parse_key` does."""
    if key is None:
        return None
    read, tonic = _read(key)
    return f"{tonic} {read.mode}"


def _read(key: Any) -> tuple[Key, str]:
    match = None
    if isinstance(key, str) and len(key) <= 40:
        text = key.replace("♯", "#").replace("♭", "b")
        for word, sign in (("sharp", "#"), ("flat", "b")):
            text = re.sub(rf"(?<=[A-G])[ -]*{word}\b", sign, text, flags=re.IGNORECASE)
        match = _KEY.fullmatch(text.strip())
    mode = None if match is None else _MODES.get(match[3], _MODES.get(match[3].lower()))
    if mode is None:
        raise ParameterError(f"Key {said(key)} is not known: write a tonic and major or minor, as in 'D minor', 'F# major' or "
                             "'Bb'.")
    tonic = match[1].upper() + match[2]
    return Key((LETTERS[tonic[0]] + SIGNS[tonic[1:]]) % 12, mode), tonic


def key_of(bars: Bars, mode: str | None = None) -> Key:
    """The key that chords are in, as far as can be told; `mode` says which it must be of.

    Every tone that the scale has speaks for a key, and that the chords begin or end on its tonic.
    """
    chords = sounding(bars)
    keys = [Key(tonic, one) for one in ("major", "minor") if mode in (None, one) for tonic in range(12)]
    return max(keys, key=lambda key: _fit(key, chords))


def sounding(bars: Bars) -> list[Chord]:
    """The chords in order, without N.C."""
    return [chord for bar in bars for chord in bar if chord.quality is not None]


def contradiction(key: Key, bars: Bars) -> str | None:
    """Says that chords are not of a key, and which would do; None where they are."""
    share = key.share(bars)
    if share >= _FOREIGN:
        return None
    return (f"only {share:.0%} of the chords' tones belong to {key.name}. They are nearer to {key_of(bars).name}: give that key, "
            f"leave the key out, or give other chords")


def _fit(key: Key, chords: list[Chord]) -> float:
    scale = _SCALES[key.mode]
    tones = [(tone - key.tonic) % 12 for chord in chords for tone in chord.tones]
    worth = sum(1.0 if tone in scale else _LEADING_WORTH * (tone == _LEADING) for tone in tones)
    return worth / len(tones) + _BEGINS * _is_tonic(key, chords[0]) + _ENDS * _is_tonic(key, chords[-1])


def _is_tonic(key: Key, chord: Chord) -> bool:
    third = (key.tonic + (4 if key.mode == "major" else 3)) % 12
    return chord.root == key.tonic and (third in chord.tones or not {(key.tonic + 3) % 12, (key.tonic + 4) % 12} & {*chord.tones})
