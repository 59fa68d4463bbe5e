"""Links that bring a take's settings back: what to compose, not the music itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from posterbeat.controls import COMPOSERS
from posterbeat.genres import GENRES

_NUMBERS = {"notes": int, "temperature": float, "tempo": float, "density": float}


def link_to(wish: Mapping[str, Any], examples: list[Path]) -> str:
    """The query of a link to a take.

    Parameters
    ----------
    wish
        mix, notes, temperature, seed, and poster, ensemble, tempo, mode, density, composer or None; `own` if the mix is the
        poster's own reading, which a link to an example leaves to be read again.
    examples
        The posters that a link may name; a visitor's own poster stays with the visitor.
    """
    example = _example(wish.get("poster"), examples)
    query = (
        {}
        if example and wish.get("own")
        else {genre: round(wish["mix"][genre], 3) for genre in GENRES if wish["mix"][genre] >= 0.0005}
    )
    query |= {
        name: wish[name]
        for name in ("notes", "temperature", "seed", "ensemble", "tempo", "mode", "density", "composer")
        if wish.get(name) is not None
    }
    return "?" + urlencode({**query, **({"poster": example} if example else {})})


def wish_of(query: Mapping[str, str], examples: list[Path]) -> dict[str, Any]:
    """What a link asks for; whatever in it makes no sense is left out, and the seed stays text."""
    wish: dict[str, Any] = {}
    for name, kind in _NUMBERS.items():
        try:
            wish[name] = kind(query[name])
        except (KeyError, ValueError):
            continue
    wish |= {name: query[name] for name in ("seed", "ensemble", "mode") if name in query}
    if query.get("composer") in COMPOSERS:
        wish["composer"] = query["composer"]
    try:
        mix = {genre: max(0.0, float(query[genre])) for genre in GENRES if genre in query}
    except ValueError:
        mix = {}
    if sum(mix.values()) > 0:
        wish["mix"] = mix
    wish["poster"] = next((str(path) for path in examples if path.stem == query.get("poster")), None)
    return wish


def _example(poster: str | None, examples: list[Path]) -> str | None:
    if not poster or not Path(poster).exists():
        return None
    content = Path(poster).read_bytes()
    return next((path.stem for path in examples if path.read_bytes() == content), None)
