"""What happens on the page at Compose, at Another take, and at Stop."""

import secrets
from types import SimpleNamespace

import gradio as gr

from posterbeat.controls import SEED, Controls
from posterbeat.errors import PosterBeatError
from posterbeat.genres import GENRES
from posterbeat.ui.error_messages import spoken
from posterbeat.ui.page import scripts, text
from posterbeat.ui.page.events import PRIVATE, QUIET
from posterbeat.ui.page.on_take import on_screen, widgets_of_a_take
from posterbeat.ui.studio import Studio, follow
from posterbeat.ui.turns import AT_ONCE, COMPOSING, Stopped

TAKES = 6  # kept of each visitor


def wire(studio: Studio, page: gr.Blocks, w: SimpleNamespace) -> None:
    """Connect the buttons of `layout.lay_out` that begin and end a piece of work with what they do."""
    turns = studio.turns
    busy, free = gr.update(interactive=False), gr.update(interactive=True)
    running = {w.compose: gr.update(visible=False), w.stop: gr.update(visible=True), w.another_take: busy,
               w.stage: text.stage(0, "Waiting for a place")}
    rested = {w.compose: gr.update(visible=True), w.stop: gr.update(visible=False), w.another_take: free}

    def perform_with(fresh: bool):
        """The handler of Compose, or with `fresh`, which draws another seed, of Another take."""

        @spoken
        def perform(request: gr.Request, given: dict):
            session, turn = request.session_hash, given[w.turn]
            signal = turns.begin(session, turn)
            if signal is None:  # stopped while it waited for a place, and the visitor was told then
                yield {w.stage: gr.skip()}
                return
            mix = {text.OWN: None, text.MIXED: {name: given[share] for name, share in zip(GENRES, w.shares)}}.get(
                given[w.genre], given[w.genre])
            if mix is None and given[w.poster] is None:
                raise PosterBeatError(text.NO_POSTER)
            try:
                controls = controls_of(given, w, fresh)
                for kind, what in follow(lambda report: studio.take(
                        given[w.poster], given[w.reading], mix, controls, report, signal, given[w.read_words])):
                    if kind == "news":
                        yield {w.stage: text.stage(*what)}
                takes = [what, *given[w.takes]][:TAKES]
                yield {**rested, w.stage: "", w.takes: takes, w.take_actions: gr.update(visible=True), **on_screen(w, takes, 0)}
            except Stopped:  # said here as well: what was reported before Stop may reach the browser after halt's word
                overtaken = turns.overtaken(session, turn)
                yield {w.stage: gr.skip()} if overtaken else {**rested, w.stage: text.notice(text.STOPPED)}
            finally:
                signal.set()
                turns.done(session, turn)

        return perform

    def ask(request: gr.Request):
        return {**running, w.turn: turns.ask(request.session_hash)}

    def halt(request: gr.Request):
        turns.stop(request.session_hash)
        return {**rested, w.stage: text.notice(text.STOPPED)}

    def leave(request: gr.Request):
        turns.stop(request.session_hash)

    given = {w.turn, w.poster, w.reading, w.genre, w.notes, w.temperature, w.seed, w.follow_colours, w.steered_by, w.tempo,
             w.mode, w.density, w.ensemble, w.composer_kind, w.takes, w.read_words, *w.shares}
    results = [*rested, w.stage, w.takes, w.take_actions, *widgets_of_a_take(w)]
    for button, fresh in ((w.compose, False), (w.another_take, True)):
        asked = button.click(ask, None, [*running, w.turn], js=scripts.SCROLL, **QUIET)
        # "multiple": while the browser still waits to hear that a stopped piece is gone, "once" would drop the next one.
        work = asked.then(perform_with(fresh), given, results, show_progress="hidden", concurrency_limit=AT_ONCE,
                          concurrency_id=COMPOSING, trigger_mode="multiple", **PRIVATE)
        work.failure(lambda: {**rested, w.stage: ""}, None, [*rested, w.stage], **QUIET)
    # Not gradio's `cancels`: a piece cut off from outside could not have the last word, and would drop the next one.
    w.stop.click(halt, None, [*rested, w.stage], **QUIET)
    w.draw_seed.click(lambda: str(secrets.randbelow(SEED[1] + 1)), None, w.seed, **QUIET)
    page.unload(leave)


def controls_of(given: dict, w: SimpleNamespace, fresh: bool) -> Controls:
    """The controls as the page's widgets stand; with `fresh` the seed is drawn.

    Raises
    ------
    ParameterError
        A value is outside its range.
    """
    steering = given[w.follow_colours] and given[w.steered_by]
    steer = {"tempo": given[w.tempo], "mode": given[w.mode], "density": given[w.density]} if steering else {}
    return Controls(given[w.notes], given[w.temperature], None if fresh else text.seed(given[w.seed]),
                    given[w.ensemble] or None, composer_kind=given[w.composer_kind], **steer)
