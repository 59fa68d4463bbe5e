"""Chords as musicians write them: `Am F C G`, `Am | F G | C`."""

import re
from collections.abc import Sequence
from typing import Any

from posterbeat.chords import QUALITIES, Chord
from posterbeat.errors import ParameterError
from posterbeat.text import said

Bars = tuple[tuple[Chord, ...], ...]  # the chords of each bar, one or two

MOST_BARS = 128
_LONGEST = 4000  # characters
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SIGNS = {"": 0, "#": 1, "b": -1}
# Other ways to write a quality. A capital M is major, a small one minor; otherwise capitals say nothing.
_ALIASES = {
    "M": "", "maj": "", "major": "", "min": "m", "mi": "m", "minor": "m", "-": "m", "°": "dim", "o": "dim", "+": "aug",
    "sus": "sus4", "dom7": "7", "M7": "maj7", "ma7": "maj7", "Δ": "maj7", "Δ7": "maj7", "min7": "m7", "mi7": "m7", "-7": "m7",
    "2": "sus2", "4": "sus4", "M6": "6", "min6": "m6", "-6": "m6", "min7b5": "m7b5", "-7b5": "m7b5", "ø": "m7b5", "ø7": "m7b5",
    "°7": "dim7", "o7": "dim7",
}
_KNOWN = {name: name for name in QUALITIES} | _ALIASES
_CHORD = re.compile(r"([A-Ga-g])([#b]?)([^/\s]*)(?:/([A-Ga-g])([#b]?))?")
_RIGHT = "write a root, what kind it is and perhaps a bass, as in Am, F#m7, Bbmaj7, Dsus4, C/E, or N.C. for none"


def check_chords(chords: Any) -> str | None:
    """The chords in one spelling, `Am F C G` or, where a bar has two, `Am | F G | C`; None stays None.

    Parameters
    ----------
    chords
        A text, or a list of such texts: a bar a chord from the first bar on, or the bars between `|`, one or two chords each.

    Raises
    ------
    ParameterError
        None of that, no chord, an unknown one, three in a bar, or more than `MOST_BARS` bars.
    """
    if chords is None:
        return None
    bars = [[_spelled(name, *_read(name)) for name in bar] for bar in _bars(chords)]
    if all(len(bar) == 1 for bar in bars):
        return " ".join(bar[0] for bar in bars)
    text = " | ".join(" ".join(bar) for bar in bars)
    return text if len(bars) > 1 else f"| {text} |"


def parse_chords(chords: str) -> Bars:
    """The chords of each bar; raises ParameterError as `check_chords` does."""
    return tuple(tuple(_read(name)[0] for name in bar) for bar in _bars(chords))


def _bars(chords: Any) -> list[list[str]]:
    """The names in each bar."""
    if isinstance(chords, Sequence) and not isinstance(chords, (str, bytes)) and all(isinstance(one, str) for one in chords):
        chords = " ".join(chords)
    if not isinstance(chords, str):
        raise ParameterError(f"Chords must be a text such as 'Am F C G', one bar each, not {said(chords)}.")
    if len(chords) > _LONGEST:
        raise ParameterError(f"Chords {said(chords)} of {len(chords)} characters are too many: {MOST_BARS} bars at most, since "
                             "they are repeated to the end of the piece; write one round, such as 'Am F C G'.")
    text = chords.replace("♯", "#").replace("♭", "b").replace(",", " ")
    if "|" in text:
        bars = [part.split() for part in re.split(r"\|+", text.strip().strip("|"))]
    else:
        bars = [[name] for name in text.split()]
    if not any(bars):
        raise ParameterError(f"Chords {said(chords)} hold no chord: write them as in 'Am F C G', one bar each, or "
                             "leave them out.")
    if len(bars) > MOST_BARS:
        raise ParameterError(f"Chords {said(chords)} fill {len(bars)} bars: {MOST_BARS} at most, since they are repeated to the "
                             "end of the piece; write one round, such as 'Am F C G'.")
    for number, bar in enumerate(bars, 1):
        if not 1 <= len(bar) <= 2:
            held = f"{len(bar)} chords" if bar else "no chord"
            raise ParameterError(f"Bar {number} of the chords {said(chords)} holds {held}: write one or two between bar lines, "
                                 "as in 'Am | F G | C', or N.C. where none is to sound.")
    if all(_read(name)[0].quality is None for bar in bars for name in bar):
        raise ParameterError(f"Chords {said(chords)} say N.C. throughout: name at least one chord, as in 'Am N.C. F G', or leave "
                             "them out.")
    return bars


def _read(name: str) -> tuple[Chord, re.Match | None]:
    """A chord, and its name in pieces; no pieces where it is none."""
    if name.replace(".", "").lower() == "nc":
        return Chord(), None
    match = _CHORD.fullmatch(name)
    quality = _quality(match[3]) if match else None
    if quality is None:
        raise ParameterError(f"Chord {said(name)} is not known: {_RIGHT}. The kinds are {', '.join(filter(None, QUALITIES))}.")
    root = (LETTERS[match[1].upper()] + SIGNS[match[2]]) % 12
    bass = root if match[4] is None else (LETTERS[match[4].upper()] + SIGNS[match[5]]) % 12
    return Chord(root, quality, bass), match


def _quality(written: str) -> str | None:
    if written in _KNOWN:
        return _KNOWN[written]
    if re.match(r"M(?![A-Za-z])", written):  # M9 is not m9
        return None
    return _KNOWN.get(written.lower())


def _spelled(name: str, chord: Chord, match: re.Match | None) -> str:
    """The chord in one spelling; its root keeps the name that it was given, Db or C#."""
    if match is None:
        return "N.C."
    bass = f"/{match[4].upper()}{match[5]}" if chord.bass != chord.root else ""
    return f"{match[1].upper()}{match[2]}{chord.quality}{bass}"
