"""Who plays, as the page's list of instruments has it: ensembles, families, General MIDI's names, among them second violins."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from posterbeat.instruments import ENSEMBLES, FAMILIES, PROGRAMS, program_name

_ORDINALS = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")  # a list holds each of its words once
_ENSEMBLES = {f"ensemble: {name}": players for name, players in ENSEMBLES.items()}  # a music box is an instrument, too
_ANOTHER = re.compile(rf"(?:{'|'.join(_ORDINALS)}) +(.+)", re.IGNORECASE)


def choices() -> list[tuple[str, str]]:
    """What is offered, as (words, value): ensembles with their players, families, then instruments in General MIDI's order."""
    ensembles = [(f"{name.capitalize()}: {', '.join(players)}", f"ensemble: {name}") for name, players in ENSEMBLES.items()]
    families = [(name.capitalize(), name) for name in FAMILIES]
    return [*ensembles, *families, *((name, name.lower()) for name in map(program_name, range(PROGRAMS)))]


def spelled_out(chosen: Any) -> Any:
    """The list with the players of an ensemble in its place; what is no list of texts stays as it is."""
    if not _named(chosen):
        return chosen
    return list(dict.fromkeys(player for name in chosen for player in _ENSEMBLES.get(name, (name,))))


def asked(chosen: Any) -> Any:
    """The list's value as `Controls` take it; None where nobody is chosen."""
    if not _named(chosen):
        return chosen or None
    return [match[1] if (match := _ANOTHER.fullmatch(name.strip())) else name for name in spelled_out(chosen)] or None


def listed(players: Iterable[str]) -> list[str]:
    """The list's value for names of players, one of which may come several times."""
    before: list[str] = []
    told = []
    for name in players:
        count = before.count(name)
        told.append(f"{_ORDINALS[count - 1]} {name}" if count else name)
        before.append(name)
    return told


def _named(chosen: Any) -> bool:
    return isinstance(chosen, Sequence) and all(isinstance(name, str) for name in chosen)
