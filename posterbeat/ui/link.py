"""Links that bring a take's settings back: what to compose, not the music itself."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from posterbeat.controls import CHECKS, COMPOSER_KINDS, Controls, from_text, to_text
from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES, MAX_WEIGHT, mixture
from posterbeat.recipe import Recipe
from posterbeat.steps import Step
from posterbeat.steps import from_text as steps_from_text
from posterbeat.steps import to_text as steps_to_text
from posterbeat.text import said
from posterbeat.ui.components.example_posters import EXAMPLES

_MARK = re.compile(r"[0-9A-Za-z]{0,64}")
_NAMES = {"composer_kind": "composer"}  # of a control in a link, where it has another


@dataclass(frozen=True)
class Wish:
    """What a link asks for.

    Attributes
    ----------
    controls : those that it names, by the fields of `Controls`; the seed stays text, as the page's own field holds it
    mix : weights of the genres that it names, as they stand there, or None
    poster : path of the example that it names, or None
    refused : a sentence for each value that makes no sense, and was left out
    steps : what was done with the piece since
    weights : which weights of the composer wrote it; empty where it does not say
    """

    controls: Mapping[str, Any]
    mix: Mapping[str, float] | None
    poster: str | None
    refused: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    weights: str = ""

    @property
    def recipe(self) -> Recipe | None:
        """How the take came to be that it links to; None where it says too little to have its notes again.

        Raises
        ------
        ParameterError
            Two controls contradict each other.
        """
        if not self.mix or "seed" not in self.controls:
            return None
        controls = Controls(**{**self.controls, "seed": int(self.controls["seed"])})
        return Recipe(mixture(self.mix), controls, self.steps, self.weights)

    @property
    def steers(self) -> bool:
        """Whether it says what else a poster's colours would: tempo, mode or density."""
        return any(name in self.controls for name in ("tempo", "mode", "density"))

    def __bool__(self) -> bool:
        return bool(self.controls or self.mix or self.poster)


def link_to(recipe: Recipe, poster: str | None = None) -> str:
    """The query of a link to a take. Its numbers are written in full: the network that composes would turn at the last digit.

    Parameters
    ----------
    recipe
        How the take came to be.
    poster
        Path of its poster. Only an example's name goes into the query: a visitor's own poster stays with the visitor.
    """
    example, mix, controls = _example(poster), recipe.genre_mix, recipe.controls
    query = {genre: mix[genre] for genre in GENRES if mix[genre] > 0}
    asked = {name: to_text(value) for name, value in asdict(controls).items() if value is not None}
    if asked["composer_kind"] == COMPOSER_KINDS[0]:
        del asked["composer_kind"]
    query |= {_NAMES.get(name, name): value for name, value in asked.items()}
    if recipe.steps:
        query["steps"] = steps_to_text(recipe.steps)
    if recipe.weights and controls.composer_kind == COMPOSER_KINDS[0]:
        query["weights"] = recipe.weights
    return "?" + urlencode({**query, **({"poster": example} if example else {})})


def wish_of(query: Mapping[str, str]) -> Wish:
    """What a link asks for."""
    controls, mix, refused = {}, {}, []
    for name in CHECKS:
        asked = query.get(_NAMES.get(name, name))
        if asked is None:
            continue
        try:
            value = from_text(name, asked)
            controls[name] = str(value) if name == "seed" else value
        except ParameterError as error:
            refused.append(str(error))
    for genre in GENRES:
        if genre in query:
            weight = _weight(query[genre])
            if weight is None:
                refused.append(f"The share of {genre} must be a number of 0 or more, not {said(query[genre])}.")
            else:
                mix[genre] = weight
    if mix and not sum(mix.values()) > 0:
        refused.append("At least one genre's share must be more than 0.")
    name = query.get("poster")
    poster = next((str(path) for path in EXAMPLES if path.stem == name), None)
    if name is not None and poster is None:
        refused.append(f"There is no example poster {said(name)}.")
    mix = mix if sum(mix.values()) > 0 else None
    taken: tuple[Step, ...] = ()
    try:
        taken = steps_from_text(query.get("steps", ""))
        if taken and not (mix and "seed" in controls):
            taken = ()
            refused.append("The steps belong to a piece whose genres and seed the link does not name.")
    except ParameterError as error:
        refused.append(str(error))
    weights = query.get("weights", "")
    if not _MARK.fullmatch(weights):
        refused.append(f"A version of the composer is named by letters and digits, not {said(weights)}.")
        weights = ""
    return Wish(controls, mix, poster, tuple(refused), taken, weights)


def _weight(asked: str) -> float | None:
    try:
        weight = float(asked)
    except ValueError:
        return None
    return weight if math.isfinite(weight) and 0 <= weight <= MAX_WEIGHT else None


def _example(poster: str | None) -> str | None:
    if not poster or not Path(poster).exists():
        return None
    content = Path(poster).read_bytes()
    return next((path.stem for path in EXAMPLES if path.read_bytes() == content), None)
