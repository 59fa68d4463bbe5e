"""What is made of a take that is there already: the take gone on or partly written anew, and a take composed again."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from posterbeat import recipe as recipes
from posterbeat.errors import ParameterError
from posterbeat.recipe import Recipe
from posterbeat.steps import Step
from posterbeat.track import Track
from posterbeat.ui.page import text
from posterbeat.ui.studio import Report, Studio
from posterbeat.ui.take import Take


@dataclass(frozen=True)
class Further:
    """A take and what is to be done with it."""

    former: Take
    step: Step

    def take(self, studio: Studio, report: Report, stop: threading.Event, words: bool) -> Take:
        """The take after the step; arguments and what is raised as of `Studio.take`."""
        track = Track.from_midi(self.former.file(self.former.midi), weights=studio.beat.weights)
        track = studio.beat.take_step(track, self.step, progress=_progress(studio, report, stop))
        return replace(studio.play(track, self.former.poster, report, stop), former=self.former.link)


@dataclass(frozen=True)
class Again:
    """A take of which there is no more than its recipe, steps included, and its poster's path."""

    recipe: Recipe
    poster: str | None

    def take(self, studio: Studio, report: Report, stop: threading.Event, words: bool) -> Take:
        """As `Further.take`."""
        report("news", (1, text.WAKING, 0.0))
        track = studio.beat.again(self.recipe, progress=_progress(studio, report, stop))
        return studio.play(track, self.poster, report, stop)


@dataclass(frozen=True)
class Written:
    """What was written before Stop, and its poster's path: it can be kept."""

    track: Track
    poster: str | None

    def take(self, studio: Studio, report: Report, stop: threading.Event, words: bool) -> Take:
        """As `Further.take`."""
        return studio.play(self.track, self.poster, report, stop)


def check_weights(studio: Studio, recipe: Recipe) -> None:
    """Return where this studio's composer would write the very notes.

    Raises
    ------
    ParameterError
        Other weights wrote them.
    """
    try:
        recipes.check_weights(recipe.weights, studio.beat.weights)
    except ParameterError as error:  # in the page's words
        raise ParameterError(text.OTHER_WEIGHTS) from error


def _progress(studio: Studio, report: Report, stop: threading.Event) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> Any:
        studio.turns.go_on(stop)
        report("news", (1, f"{done} of {total} notes", done / total))

    return progress
