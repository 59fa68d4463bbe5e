"""What happens on the page at Compose, at Another take, and at Stop."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from urllib.parse import parse_qsl

import gradio as gr

from posterbeat.controls import Controls
from posterbeat.errors import ParameterError, PosterBeatError, PosterError
from posterbeat.genres import GENRES, mixture
from posterbeat.recipe import Recipe
from posterbeat.steps import Step
from posterbeat.ui.components.piano_roll import STOPPED
from posterbeat.ui.components.poster_ways import PosterWays
from posterbeat.ui.error_messages import spoken
from posterbeat.ui.further import Again, Further, Written, check_weights
from posterbeat.ui.link import wish_of
from posterbeat.ui.page import scripts, text, who_plays
from posterbeat.ui.page.controls_shown import NAMES, controls_of
from posterbeat.ui.page.events import PRIVATE, QUIET
from posterbeat.ui.page.on_steps import anew, further, longer
from posterbeat.ui.page.on_take import on_screen, widgets_of_a_take
from posterbeat.ui.server.queue_place import place_of
from posterbeat.ui.studio import PosterReading, Report, Studio, follow
from posterbeat.ui.take import Take
from posterbeat.ui.turns import AT_ONCE, COMPOSING, Stopped

TAKES = 6  # kept of each visitor


def wire(studio: Studio, page: gr.Blocks, w: SimpleNamespace) -> None:
    """Connect the buttons of `layout.lay_out` that begin and end a piece of work with what they do."""
    turns = studio.turns
    busy, free = gr.update(interactive=False), gr.update(interactive=True)
    running = {w.compose: gr.update(visible=False), w.stop: gr.update(visible=True), w.another_take: busy,
               w.go_on: busy, w.undo: busy, w.clock: gr.Timer(active=True), w.keep: gr.update(visible=False)}
    rested = {w.compose: gr.update(visible=True), w.stop: gr.update(visible=False), w.another_take: free,
              w.go_on: free, w.undo: free, w.clock: gr.Timer(active=False)}

    def perform_with(wanted: Callable[[Studio, SimpleNamespace, dict], _Wanted | Again | Further | Written]):
        """The handler of a button that composes; `wanted` says what."""

        @spoken
        def perform(request: gr.Request, given: dict):
            session, turn = request.session_hash, given[w.turn]
            signal = turns.begin(session, turn)
            if signal is None:  # nothing to compose for, or stopped while it waited: the visitor was told then
                yield {w.stage: gr.skip()}
                return
            yield {w.stage: text.stage(0), w.clock: gr.Timer(active=False)}
            try:
                ask = wanted(studio, w, given)
                for kind, what in follow(lambda report: ask.take(studio, report, signal, given[w.read_words])):
                    if kind == "news":
                        yield {w.stage: text.stage(*what)}
                    elif kind == "heard":
                        yield {w.roll: what}
                takes = [what, *(take for take in given[w.takes] if take.link != what.link)][:TAKES]
                shown = gr.update(visible=True)
                yield {**rested, w.stage: "", w.takes: takes, w.take_facts: shown, w.take_actions: shown,
                       **on_screen(w, takes, 0)}
            except PosterError as error:
                yield {**rested, w.stage: "", w.poster_said: PosterWays.say(str(error))}
            except ParameterError as error:
                yield {**rested, w.stage: "", w.compose_said: text.refused(str(error))}
            except Stopped as stopped:  # said here as well: what was reported before Stop may come after halt's word
                if turns.overtaken(session, turn):
                    yield {w.stage: gr.skip()}
                elif stopped.written is None:
                    yield {**rested, w.roll: STOPPED, w.stage: text.notice(text.STOPPED)}
                else:
                    yield {**rested, w.roll: STOPPED, w.stage: text.notice(text.STOPPED_IN_TIME, leaves=False),
                           w.written: Written(stopped.written, ask.poster),
                           w.keep: gr.update(visible=True, value=text.keep(stopped.written.score.seconds))}
            finally:
                signal.set()
                turns.done(session, turn)

        return perform

    def begun(session: str) -> dict:
        return {**running, w.turn: turns.ask(session), w.stage: text.stage(None, text.ASKED), w.poster_said: PosterWays.say(""),
                w.compose_said: ""}

    def ask(request: gr.Request, given: dict):
        try:
            controls_of(given, w, fresh=False)
        except ParameterError as error:  # told at once, not when its turn has come; the poster may be on its way
            return {w.turn: None, w.compose_said: text.refused(str(error))}
        return begun(request.session_hash)

    def ask_another(request: gr.Request, given: dict):
        return begun(request.session_hash) if given[w.take] is not None and not _asks(given, w) else ask(request, given)

    def ask_again(request: gr.Request, event: gr.EventData):
        return {**begun(request.session_hash), w.asked_link: str(event.link)}

    def ask_step(step: Step, request: gr.Request):
        return {**begun(request.session_hash), w.asked_step: step}

    def ask_longer(request: gr.Request):
        return ask_step(longer(), request)

    @spoken
    def ask_anew(request: gr.Request, event: gr.EventData):
        try:
            return ask_step(anew(event), request)
        except ParameterError as error:
            return {w.turn: None, w.compose_said: text.refused(str(error))}

    def ask_to_keep(request: gr.Request):
        return begun(request.session_hash)

    def tell_place(request: gr.Request):
        place = place_of(page._queue, request.session_hash)
        return text.waiting(*place) if place else gr.skip()

    def halt(request: gr.Request):
        turns.stop(request.session_hash)
        return {**rested, w.roll: STOPPED, w.stage: text.notice(text.STOPPED)}

    def leave(request: gr.Request):
        turns.stop(request.session_hash)

    given = {w.turn, w.poster, w.reading, w.colours_read, w.genre, w.follow_colours, w.steered_by, w.takes, w.read_words, w.mix,
             w.linked_mix, w.asked_link, w.asked_step, w.linked, w.take, w.written, *w.shares,
             *(getattr(w, name) for name in NAMES)}
    results = list({*rested, w.stage, w.takes, w.take_facts, w.take_actions, w.poster_said, w.compose_said,
                    w.keep, w.written, *widgets_of_a_take(w)})
    asking = {"outputs": [*running, w.turn, w.stage, w.poster_said, w.compose_said], "js": scripts.begin(len(given)), **QUIET}
    stepping = {**asking, "outputs": [*asking["outputs"], w.asked_step]}
    for asked, wanted in (
        (w.compose.click(ask, given, **asking), _as_set),
        (w.another_take.click(ask_another, given, **asking), _with_another_seed),
        (w.take_strip.select(ask_again, None, **{**asking, "outputs": [*asking["outputs"], w.asked_link]}), _as_linked),
        (w.go_on.click(ask_longer, None, **stepping), further),
        (w.parts.select(ask_anew, None, **stepping), further),
        (w.keep.click(ask_to_keep, None, **asking), lambda studio, w, given: given[w.written]),
    ):
        # "multiple": while the browser still waits to hear that a stopped piece is gone, "once" would drop the next one.
        work = asked.then(perform_with(wanted), given, results, show_progress="hidden", concurrency_limit=AT_ONCE,
                          concurrency_id=COMPOSING, trigger_mode="multiple", **PRIVATE)
        asked.then(None, js=scripts.FOCUS_STOP)
        failed = work.failure(lambda: {**rested, w.roll: STOPPED, w.stage: ""}, None, [*rested, w.roll, w.stage], **QUIET)
        for end in (work.success, failed.then):
            end(None, js=scripts.FOCUS_PLAY)
        work.success(None, js=scripts.SHOW_PLAYER)
    w.clock.tick(tell_place, None, w.stage, **QUIET)
    # Not gradio's `cancels`: a piece cut off from outside could not have the last word, and would drop the next one.
    w.stop.click(halt, None, [*rested, w.roll, w.stage], **QUIET).then(None, js=scripts.FOCUS_COMPOSE)
    w.instruments.input(who_plays.spelled_out, w.instruments, w.instruments, **QUIET)
    for length in (w.seconds, w.notes, w.composer_kind):
        length.change(None, [w.seconds, w.notes, w.composer_kind], w.seconds, js=scripts.LENGTH, **QUIET)
    w.draw_seed.click(lambda: "", None, w.seed, **QUIET)
    page.unload(leave)


@dataclass(frozen=True)
class _Wanted:
    """What is to be composed, with arguments of `Studio.take`."""

    poster: str | None
    read: PosterReading | None
    mix: str | Mapping[str, float] | None
    controls: Controls

    def take(self, studio: Studio, report: Report, stop: threading.Event, words: bool) -> Take:
        """As `Studio.take`."""
        return studio.take(self.poster, self.read, self.mix, self.controls, report, stop, words)


def _as_set(studio: Studio, w: SimpleNamespace, given: dict, fresh: bool = False) -> _Wanted | Again:
    """What the page's widgets ask for; as long as that is the take of the link that set them, that take."""
    poster, read, genre = given[w.poster], given[w.reading], given[w.genre]
    new = poster is not None and (read is None or read.path != poster)
    if new:
        read = studio.read(poster)
    elif read is not None and not given[w.linked]:  # the browser may not have heard yet what the new poster set the sliders to
        new = given[w.colours_read] != text.colours_line(read.colours)
    sliders = given[w.mix] or {name: given[share] for name, share in zip(GENRES, w.shares)}
    mix = {text.OWN: None, text.MIXED: sliders, text.LINKED: given[w.linked_mix]}.get(genre, genre)
    if mix is None and poster is None:
        raise PosterError(text.NO_POSTER)
    wanted = _Wanted(poster, read, mix, controls_of(given, w, fresh, read.colours if new else None))
    linked = given[w.linked]
    if linked and mix is not None and (mixture(mix), wanted.controls) == (linked.genre_mix, linked.controls):
        return _by_recipe(studio, linked, poster)
    return wanted


def _asks(given: dict, w: SimpleNamespace) -> bool:
    """Whether the widgets ask for anything."""
    return given[w.poster] is not None or given[w.genre] != text.OWN


def _with_another_seed(studio: Studio, w: SimpleNamespace, given: dict) -> _Wanted:
    take = given[w.take]
    if take is not None and not _asks(given, w):
        return _Wanted(None, None, take.genre_mix, replace(take.controls, seed=None))
    return _as_set(studio, w, given, fresh=True)


def _as_linked(studio: Studio, w: SimpleNamespace, given: dict) -> _Wanted | Again:
    """The take of an earlier visit, whatever the widgets say now."""
    wish = wish_of(dict(parse_qsl(given[w.asked_link].lstrip("?"))))
    recipe = wish.recipe
    if recipe is None:
        raise PosterBeatError(text.NO_LINK)
    if wish.refused:  # without it, other music would be played
        raise ParameterError(wish.refused[0])
    return _by_recipe(studio, recipe, wish.poster)


def _by_recipe(studio: Studio, recipe: Recipe, poster: str | None) -> _Wanted | Again:
    """The very take of a recipe; raises ParameterError where other weights wrote it."""
    check_weights(studio, recipe)
    return Again(recipe, poster) if recipe.steps else _Wanted(poster, None, recipe.genre_mix, recipe.controls)
