"""Chord symbols and rehearsal marks of a score, as MusicXML."""

import re
from xml.sax.saxutils import escape

from posterbeat.music.score import Score

_KINDS = {  # MusicXML's words for what follows a chord's root
    "": "major", "m": "minor", "dim": "diminished", "aug": "augmented", "sus4": "suspended-fourth", "sus2": "suspended-second",
    "7": "dominant", "maj7": "major-seventh", "m7": "minor-seventh", "6": "major-sixth", "m6": "minor-sixth",
    "dim7": "diminished-seventh", "m7b5": "half-diminished",
}
_CHORD = re.compile(r"([A-G])([#b]?)([^/]*)(?:/([A-G])([#b]?))?")
_ALTER = {"": "", "#": "<{0}-alter>1</{0}-alter>", "b": "<{0}-alter>-1</{0}-alter>"}


def marks_by_bar(score: Score) -> dict[int, str]:
    """What stands above each bar that something begins in: bar number from 0 -> MusicXML."""
    told: dict[int, str] = {}
    for onset, kind, name in score.marks:
        bar, place = divmod(onset, score.bar)
        told[bar] = told.get(bar, "") + (_harmony(name, place) if kind == "chord" else _rehearsal(name, place))
    return told


def _offset(place: int) -> str:
    return f"<offset>{place}</offset>" if place else ""


def _rehearsal(name: str, place: int) -> str:
    return (f'<direction placement="above"><direction-type><rehearsal>{escape(name)}</rehearsal></direction-type>'
            f"{_offset(place)}</direction>")


def _harmony(name: str, place: int) -> str:
    """A chord symbol; nothing for a name that no chord has, since markers may come from anybody's MIDI."""
    if name == "N.C.":
        return f'<harmony><root><root-step text="">C</root-step></root><kind text="N.C.">none</kind>{_offset(place)}</harmony>'
    found = _CHORD.fullmatch(name)
    if found is None or found[3] not in _KINDS:
        return ""
    bass = f"<bass>{_step('bass', found[4], found[5])}</bass>" if found[4] else ""
    return (f"<harmony><root>{_step('root', found[1], found[2])}</root>"
            f'<kind text="{found[3]}">{_KINDS[found[3]]}</kind>{bass}{_offset(place)}</harmony>')


def _step(what: str, letter: str, sign: str) -> str:
    return f"<{what}-step>{letter}</{what}-step>{_ALTER[sign].format(what)}"
