"""Links that bring a take's settings back: what to compose, not the music itself."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from posterbeat.controls import CHECKS, COMPOSER_KINDS, Controls, from_text, to_text
from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES
from posterbeat.ui.components.example_posters import EXAMPLES

_NAMES = {"composer_kind": "composer"}  # of a control in a link, where it has another


def link_to(mix: Mapping[str, float], controls: Controls, poster: str | None = None, own: bool = False) -> str:
    """The query of a link to a take.

    Parameters
    ----------
    mix, controls
        What the take was made with.
    poster
        Path of its poster. Only an example's name goes into a link: a visitor's own poster stays with the visitor.
    own
        Whether the mixture is the poster's own reading, which a link to an example leaves to be read again.
    """
    example = _example(poster)
    query = {} if example and own else {genre: round(mix[genre], 3) for genre in GENRES if mix[genre] >= 0.0005}
    said = {name: to_text(value) for name, value in asdict(controls).items() if value is not None}
    if said["composer_kind"] == COMPOSER_KINDS[0]:
        del said["composer_kind"]
    query |= {_NAMES.get(name, name): value for name, value in said.items()}
    return "?" + urlencode({**query, **({"poster": example} if example else {})})


def wish_of(query: Mapping[str, str]) -> dict[str, Any]:
    """What a link asks for: the controls that it names, `mix` and `poster`; whatever makes no sense is left out.

    The seed stays text, as the page's own field holds it.
    """
    wish: dict[str, Any] = {}
    for name in CHECKS:
        said = query.get(_NAMES.get(name, name))
        if said is None:
            continue
        try:
            wish[name] = said if name == "seed" else from_text(name, said)
        except ParameterError:
            continue
    try:
        mix = {genre: max(0.0, float(query[genre])) for genre in GENRES if genre in query}
    except ValueError:
        mix = {}
    if sum(mix.values()) > 0:
        wish["mix"] = mix
    wish["poster"] = next((str(path) for path in EXAMPLES if path.stem == query.get("poster")), None)
    return wish


def _example(poster: str | None) -> str | None:
    if not poster or not Path(poster).exists():
        return None
    content = Path(poster).read_bytes()
    return next((path.stem for path in EXAMPLES if path.read_bytes() == content), None)
