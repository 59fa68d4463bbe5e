"""Who is to play, by name: families, General MIDI's instruments, named ensembles."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from posterbeat.errors import ParameterError
from posterbeat.instruments import DRUM_FAMILY, ENSEMBLES, FAMILIES, family_of
from posterbeat.text import said

MOST_PLAYERS = 8
_LONGEST = 1000  # characters of a list as one text
# What musicians say, and what General MIDI calls it.
_ALIASES = {
    "drum kit": "drums", "drum set": "drums", "kit": "drums", "percussion": "drums", "double bass": "contrabass",
    "upright bass": "acoustic bass", "bass guitar": "electric bass (finger)", "electric bass": "electric bass (finger)",
    "keyboard": "piano", "sax": "alto sax", "saxophone": "alto sax", "alto saxophone": "alto sax", "tenor saxophone": "tenor sax",
    "soprano saxophone": "soprano sax", "baritone saxophone": "baritone sax", "woodwind": "reed", "voice": "choir aahs",
    "vocals": "choir aahs", "horn": "french horn", "synth": "synth lead", "synthesizer": "synth lead", "lead": "synth lead",
    "pad": "synth pad", "string section": "string ensemble 1", "string orchestra": "string ensemble 1", "mallets":
    "chromatic percussion", "classical guitar": "acoustic guitar (nylon)",
}


@dataclass(frozen=True)
class Player:
    """name : as it is asked for, `strings`, `violin`; family : index into `FAMILIES`; program : 0 to 127 where one is named,
    None where the family alone is."""

    name: str
    family: int
    program: int | None = None


def players(names: Sequence[str]) -> tuple[Player, ...]:
    """The players of checked names, in their order."""
    return tuple(_known()[_words(name)] for name in names)


def check_instruments(instruments: Any) -> tuple[str, ...] | None:
    """Names of players in one spelling; a name that comes twice asks for two. None leaves them to the composer.

    Parameters
    ----------
    instruments
        A list of names, or one text with commas between them: families (`strings`), General MIDI's instruments (`violin`,
        `electric guitar (jazz)`, or some words of theirs), singular or plural; or the name of an ensemble alone.

    Raises
    ------
    ParameterError
        None of that, an unknown name, nobody, more than `MOST_PLAYERS`, drums alone or twice.
    """
    if instruments is None:
        return None
    names = instruments
    if isinstance(names, str) and len(names) <= _LONGEST:
        names = ENSEMBLES.get(names.strip().lower()) or [name for name in names.split(",") if name.strip()]
    if isinstance(names, str) or not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise ParameterError("Instruments must be a list of names such as ['piano', 'strings', 'drums'], "
                             f"not {said(instruments)}.")
    if not names:
        raise ParameterError(f"Instruments {said(instruments)} name nobody: give one to {MOST_PLAYERS} as in "
                             "['piano', 'strings', 'drums'], or leave them to the composer.")
    if len(names) == 1 and names[0].strip().lower() in ENSEMBLES:
        names = ENSEMBLES[names[0].strip().lower()]
    if len(names) > MOST_PLAYERS:
        raise ParameterError(f"Instruments {said(instruments)} are {len(names)}: {MOST_PLAYERS} play at most, as in "
                             "['flute', 'violin', 'violin', 'cello', 'piano', 'bass', 'drums'].")
    found = [_player(name) for name in names]
    drums = sum(player.family == DRUM_FAMILY for player in found)
    if drums > 1:
        raise ParameterError(f"Instruments {said(instruments)} ask for the drums {drums} times: a piece has one drum kit, as in "
                             "['piano', 'bass', 'drums'].")
    if drums == len(found):
        raise ParameterError(f"Instruments {said(instruments)} are drums alone, which play no harmony: add another, as in "
                             "['drums', 'bass'].")
    return tuple(player.name for player in found)


def _player(name: str) -> Player:
    known, words = _known(), _words(name)
    if words in known:
        return known[words]
    # Some words of a name of General MIDI: "jazz guitar", "harp"; of several the first, which is the plainest. A number alone
    # is none: "4" would be the fourth of the leads.
    telling = len(name) < 60 and any(not word.isdigit() for word in words)
    fit = next((player for full, player in known.items() if telling and set(words) <= set(full)), None)
    if fit is None:
        names = [player.name for player in known.values()]
        near = difflib.get_close_matches(" ".join(words), names, 1, 0.75) if len(name) < 60 else []
        meant = f" Did you mean {near[0]}?" if near else ""
        raise ParameterError(f"Instrument {said(name)} is not known.{meant} Choose from {', '.join(FAMILIES)}, or General MIDI's "
                             "names such as violin, flute, french horn.")
    return fit


@cache
def _known() -> dict[tuple[str, ...], Player]:
    """Every name in `_words`' form: families, then General MIDI's programs in their order, then what else they are called."""
    import pretty_midi  # its list of names is the standard's; few callers need it

    table = {_words(family): Player(family, number) for number, family in enumerate(FAMILIES)}
    for program, name in enumerate(pretty_midi.INSTRUMENT_MAP):
        table.setdefault(_words(name), Player(name.lower(), family_of(program), program))
    return table | {_words(other): table[_words(name)] for other, name in _ALIASES.items() if _words(other) not in table}


def _words(name: str) -> tuple[str, ...]:
    """A name as small words in the singular."""
    return tuple(_singular(word) for word in re.findall(r"[a-z0-9]+", name.lower()))


def _singular(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    return word if word.endswith("ss") or len(word) < 4 else word.removesuffix("s")
