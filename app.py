"""The page: a film poster in, its soundtrack out. `demo` is the Gradio app; run this file to serve it."""

import os
import secrets
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
from starlette.middleware import Middleware

from posterbeat.controls import SEED
from posterbeat.errors import PosterBeatError
from posterbeat.genres import GENRES
from posterbeat.instruments import ENSEMBLES
from posterbeat.pipeline import PosterBeat
from posterbeat.ui.components.example_pieces import heard
from posterbeat.ui.components.take_strip import TakeStrip
from posterbeat.ui.endpoints import add_endpoints, heat_file
from posterbeat.ui.link import wish_of
from posterbeat.ui.mute import without
from posterbeat.ui.page import text
from posterbeat.ui.page.layout import lay_out
from posterbeat.ui.page.theme import CSS, theme
from posterbeat.ui.server.memory import share_heap
from posterbeat.ui.server.request_filter import Gate
from posterbeat.ui.server.sessions import forget_in_time, keep_few_records
from posterbeat.ui.server.uploads import KEPT, clear, keep_tidy, root
from posterbeat.ui.studio import EXAMPLES, Stopped, Studio, convert, engraved, follow, spoken

COMPOSING = "composing"  # two at a time, whoever asks: more would only slow each other down
WAITING = 40  # at the most: whoever comes then is told at once, and would have waited for minutes
NEVER = 10**9  # seconds: gradio's sweeps stop for good at a disk error, so ours go instead; at the end it removes its uploads
TAKES = 6  # kept of each visitor
THREADS = 12  # for all events: each keeps memory of its own for PyTorch, tens of megabytes, for good
_PRIVATE = {"api_visibility": "private"}  # the page's own events; the API has endpoints of its own
_QUIET = {**_PRIVATE, "queue": False, "show_progress": "hidden"}


def build(studio: Studio) -> gr.Blocks:
    """The page and its endpoints, for one studio."""
    root()  # before gradio asks where files lie
    keep_few_records()
    with gr.Blocks(title="PosterBeat: a soundtrack for any film poster", analytics_enabled=False,
                   delete_cache=(NEVER, NEVER), fill_width=True) as page:
        w = lay_out()
        _wire_reading(studio, w)
        _wire_composing(studio, w)
        _wire_taking_away(w)
        page.load(_arrive(w), None, [w.notes, w.temperature, w.seed, w.ensemble, w.tempo, w.mode, w.density, w.poster,
                                     w.genre, w.steered, w.coloured, w.composer, *w.shares], **_QUIET)

        def leave(request: gr.Request):
            studio.stop(request.session_hash)

        page.unload(leave)
        add_endpoints(studio, tuple(ENSEMBLES), COMPOSING)
    own = {path for block in page.blocks.values() for path in block.keep_in_cache}
    kept = float(os.environ.get("POSTERBEAT_KEPT", KEPT))
    keep_tidy(kept, own)
    forget_in_time(page, kept)
    return page.queue(max_size=WAITING)


def _wire_reading(studio: Studio, w: SimpleNamespace) -> None:
    @spoken
    def read(path, chosen, steered_by, tried):
        if path == tried:  # the browser says twice that a poster took another's place
            yield {w.tried: tried}
            return
        hidden = gr.update(visible=False)
        nothing = {w.tried: path, w.seen: None, w.label: hidden, w.look: gr.update(visible=False, value=text.LOOK),
                   w.heat: gr.update(visible=False, value=""), w.said: text.colours_line(None)}
        if path is None:
            yield {**nothing, w.steered: False}
            return
        try:
            found = studio.read(path)
        except PosterBeatError:
            yield {**nothing, w.poster: None}
            raise
        colours = found["colours"]
        shown = {w.tried: path, w.seen: found, w.steered: True, w.label: gr.update(value=found["probabilities"], visible=True),
                 w.look: gr.update(value=text.LOOK, visible=True), w.heat: gr.update(visible=False, value=""),
                 w.said: text.colours_line(colours)}
        if steered_by != text.LINKED:  # what a link asked for stays
            shown |= {w.tempo: round(colours["tempo"]), w.mode: colours["mode"],
                      w.density: round(colours["density"], 2)}
        if chosen == text.OWN:
            shown |= _spread(w, found["probabilities"])
        yield shown

    def pick(event: gr.EventData):
        return str(EXAMPLES[event.index])

    def choose(chosen, found):
        if chosen in GENRES:
            return _spread(w, {name: float(name == chosen) for name in GENRES})
        return _spread(w, found["probabilities"]) if chosen == text.OWN and found else {w.shares[0]: gr.skip()}

    @spoken
    def explain(path, found, asked):
        if asked == text.UNLOOK:
            return gr.update(visible=False), text.LOOK
        if not path or not found:
            raise PosterBeatError(text.NO_POSTER)
        lit = text.heat(Path(heat_file(studio, path)).read_bytes(), found["genre"])
        return gr.update(value=lit, visible=True), text.UNLOOK

    reading = w.poster.change(
        read, [w.poster, w.genre, w.steered, w.tried],
        [w.poster, w.tried, w.seen, w.steered, w.label, w.look, w.heat, w.said, w.tempo, w.mode, w.density, *w.shares],
        show_progress="minimal", show_progress_on=[w.label], concurrency_limit=4, **_PRIVATE)
    reading.success(None, [w.at_once, w.poster], None, js=text.AT_ONCE_SCRIPT)
    w.samples.click(pick, None, w.poster, **_QUIET)
    w.genre.input(choose, [w.genre, w.seen], w.shares, **_QUIET)
    for share in w.shares:
        share.input(lambda: text.MIXED, None, w.genre, **_QUIET)
    for control in (w.tempo, w.mode, w.density):
        control.input(lambda: True, None, w.steered, **_QUIET)
    w.look.click(explain, [w.poster, w.seen, w.look], [w.heat, w.look], **_PRIVATE)


def _wire_composing(studio: Studio, w: SimpleNamespace) -> None:
    @spoken
    def perform(request: gr.Request, fresh, turn, path, found, chosen, notes, temperature, seed, coloured, steered, tempo,
                mode, density, ensemble, composer, kept, *shares):
        signal = studio.begin(request.session_hash, turn)
        if signal is None:  # stopped while it waited for a place, and the visitor was told then
            yield {w.stage: gr.skip()}
            return
        mix = {text.OWN: None, text.MIXED: dict(zip(GENRES, shares))}.get(chosen, chosen)
        if mix is None and path is None:
            raise PosterBeatError(text.NO_POSTER)
        steer = {"tempo": tempo, "mode": mode, "density": density} if coloured and steered else {}
        work = follow(lambda report: studio.take(
            path, found, mix, report, signal, notes=notes, temperature=temperature,
            seed=None if fresh else text.seed(seed), ensemble=ensemble or None, composer=composer,
            **steer))
        try:
            for kind, what in work:
                if kind == "news":
                    yield {w.stage: text.stage(*what)}
            kept = [what, *kept][:TAKES]
            yield {**rested, w.stage: "", w.kept: kept, w.away: gr.update(visible=True), **_on_screen(w, kept, 0)}
        except Stopped:  # said here as well: what was reported before Stop may reach the browser after halt's word
            overtaken = studio.overtaken(request.session_hash, turn)
            yield {w.stage: gr.skip()} if overtaken else {**rested, w.stage: text.notice(text.STOPPED)}
        finally:
            signal.set()

    def ask(request: gr.Request):
        return {**running, w.turn: studio.ask(request.session_hash)}

    def halt(request: gr.Request):
        studio.stop(request.session_hash)
        return {**rested, w.stage: text.notice(text.STOPPED)}

    busy, free = gr.update(interactive=False), gr.update(interactive=True)
    running = {w.compose: gr.update(visible=False), w.stop: gr.update(visible=True), w.another: busy,
               w.stage: text.stage(0, "Waiting for a place")}
    rested = {w.compose: gr.update(visible=True), w.stop: gr.update(visible=False), w.another: free}
    wishes = [w.turn, w.poster, w.seen, w.genre, w.notes, w.temperature, w.seed, w.coloured, w.steered, w.tempo, w.mode,
              w.density, w.ensemble, w.composer, w.kept, *w.shares]
    results = [*rested, w.stage, w.kept, w.away, w.sheet, w.roll, w.facts, w.shown, w.strip, w.midi, w.wav, w.seed]
    for button, fresh in ((w.compose, False), (w.another, True)):
        asked = button.click(ask, None, [*running, w.turn], js=text.SCROLL, **_QUIET)
        # "multiple": while the browser still waits to hear that a stopped piece is gone, "once" would drop the next one.
        work = asked.then(perform, [gr.State(fresh), *wishes], results, show_progress="hidden", concurrency_limit=2,
                          concurrency_id=COMPOSING, trigger_mode="multiple", **_PRIVATE)
        work.failure(lambda: {**rested, w.stage: ""}, None, [*rested, w.stage], **_QUIET)
    # Not gradio's `cancels`: a piece cut off from outside could not have the last word, and would drop the next one.
    w.stop.click(halt, None, [*rested, w.stage], **_QUIET)
    w.dice.click(lambda: str(secrets.randbelow(SEED[1] + 1)), None, w.seed, **_QUIET)


def _wire_taking_away(w: SimpleNamespace) -> None:
    def again(kept, event: gr.EventData):
        return _on_screen(w, kept, event.index)

    @spoken
    def fetch(suffix, take):
        if not take:
            raise PosterBeatError(text.NOTHING_YET)
        return convert(take, suffix)

    @spoken
    def write_out(take):
        if not take:
            raise PosterBeatError(text.NOTHING_YET)
        return {w.pages: engraved(take), w.sheet: gr.update(visible=True)}

    @spoken
    def silence(take, event: gr.EventData):
        if not take:
            raise PosterBeatError(text.NOTHING_YET)
        return without(take, [int(family) for family in event.muted])

    w.roll.select(silence, [w.shown], w.roll, show_progress="hidden", concurrency_limit=2, concurrency_id=COMPOSING,
                  trigger_mode="always_last", **_PRIVATE)
    w.strip.click(again, [w.kept], [w.sheet, w.roll, w.facts, w.shown, w.strip, w.midi, w.wav, w.seed], **_QUIET)
    for button, suffix in ((w.mp3, ".mp3"), (w.mp4, ".mp4"), (w.musicxml, ".musicxml")):
        made = button.click(fetch, [gr.State(suffix), w.shown], w.courier, **_PRIVATE)
        made.success(None, js=text.DELIVER)
    w.engrave.click(write_out, [w.shown], [w.pages, w.sheet], **_PRIVATE)
    w.fold.click(lambda: gr.update(visible=False), None, w.sheet, **_QUIET)
    w.share.click(None, js=text.COPY_LINK)

    @spoken
    def listen(event: gr.EventData):
        return heard(event.index)

    w.listening.click(listen, None, w.listening, show_progress="hidden", concurrency_limit=2, concurrency_id=COMPOSING,
                      **_PRIVATE)


def _arrive(w: SimpleNamespace):
    def arrive(request: gr.Request):
        wish = wish_of(request.query_params, EXAMPLES)
        named = ("notes", "temperature", "seed", "ensemble", "tempo", "mode", "density", "poster",
                 *(["composer"] if w.composer.visible else []))
        given = {getattr(w, name): wish[name] for name in named if wish.get(name) is not None}
        if "mix" in wish:
            total = sum(wish["mix"].values())
            mix = {name: wish["mix"].get(name, 0) / total for name in GENRES}
            given |= {w.genre: next((name for name in GENRES if mix[name] == 1), text.MIXED), **_spread(w, mix)}
        steering = any(name in wish for name in ("tempo", "mode", "density"))
        return {**given, w.steered: text.LINKED if steering else False, w.coloured: steering or not given}

    return arrive


def _spread(w: SimpleNamespace, mix: dict[str, float]) -> dict:
    return {share: round(100 * mix[name], 1) for name, share in zip(GENRES, w.shares)}


def _on_screen(w: SimpleNamespace, kept: list[dict], index: int) -> dict:
    take = kept[index]
    return {w.sheet: gr.update(visible=False), w.roll: {**take["roll"], "play": True}, w.facts: text.facts(take),
            w.shown: take, w.strip: TakeStrip.show(kept, index), w.midi: take["midi"], w.wav: take["wav"],
            w.seed: str(take["seed"])}


share_heap()  # before there are threads
studio = Studio(partial(PosterBeat.load, apart=True))
demo = build(studio)


def serve() -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit status.

    What is in hand then ends at its next step, and says so.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    by_address = os.environ.get("POSTERBEAT_BY_ADDRESS", "").lower() in ("1", "true", "yes")
    try:
        demo.launch(theme=theme(), css=CSS, max_file_size="40mb", footer_links=["api", "settings"],
                    prevent_thread_lock=True, enable_monitoring=False, max_threads=THREADS,
                    app_kwargs={"middleware": [Middleware(Gate, by_address=by_address)]})
        _ = studio.beat
        threading.Event().wait()
    except PosterBeatError as error:  # better no page than one whose every button fails
        print(f"PosterBeat cannot start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        studio.end()
        if demo.is_running:
            demo.server_app.stop_event.set()  # lets go of the pages that are open, which the server would wait for
            demo.server.close()
        clear()


if __name__ == "__main__":
    status = serve()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # nothing is left to do, and taking torch apart takes seconds
