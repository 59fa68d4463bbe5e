"""What is done on the page with the take on the screen to have another: it goes on, a part is written anew, and back again."""

from types import SimpleNamespace

import gradio as gr

from posterbeat.errors import PosterBeatError
from posterbeat.steps import GoOn, Rewrite, Step
from posterbeat.ui.error_messages import spoken
from posterbeat.ui.further import Further
from posterbeat.ui.page import scripts, text
from posterbeat.ui.page.events import QUIET
from posterbeat.ui.page.on_take import on_screen, there, widgets_of_a_take
from posterbeat.ui.studio import Studio


def longer() -> Step:
    """What is asked for at Go on."""
    return GoOn(text.LONGER)


def anew(event: gr.EventData) -> Step:
    """What is asked for at a part's button.

    Raises
    ------
    ParameterError
        What is named cannot be a part, or what was typed cannot be its bars.
    """
    bars = event.bars
    if isinstance(bars, list):
        bars = tuple(text.number(str(bar)) for bar in bars[:2])
    return Rewrite(part=str(event.part), bars=bars)


def further(studio: Studio, w: SimpleNamespace, given: dict) -> Further:
    """The take on the screen and the step that was asked for.

    Raises
    ------
    PosterBeatError
        There is no take.
    """
    return Further(there(given[w.take]), given[w.asked_step])


def wire(w: SimpleNamespace) -> None:
    """Connect Undo, which shows the take that the one on the screen was made from."""

    @spoken
    def undo(take, takes):
        place = next((place for place, other in enumerate(takes) if take and other.link == take.former), None)
        if place is None:
            raise PosterBeatError(text.NOT_THERE)
        return on_screen(w, takes, place)

    w.undo.click(undo, [w.take, w.takes], widgets_of_a_take(w), **QUIET).then(None, js=scripts.focus("#go-on"))
