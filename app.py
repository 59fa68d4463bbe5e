"""The page: a film poster in, its soundtrack out. `demo` is the Gradio app; run this file to serve it."""

import os
import signal
import sys
import threading
from functools import partial

from posterbeat.errors import PosterBeatError
from posterbeat.ui.server.settings import check_free, settle

try:
    SETTINGS, FOLDERS = settle()  # before gradio is imported, since it reads the environment then
except PosterBeatError as error:
    sys.exit(f"PosterBeat cannot start: {error}")

import gradio as gr
from starlette.middleware import Middleware

from posterbeat.pipeline import PosterBeat
from posterbeat.ui.endpoints import add_endpoints
from posterbeat.ui.page import on_arrival, on_compose_and_stop, on_poster, on_steps, on_take, text
from posterbeat.ui.page.layout import lay_out
from posterbeat.ui.page.theme import CSS, theme
from posterbeat.ui.server.blocks import Page
from posterbeat.ui.server.memory import share_heap
from posterbeat.ui.server.quiet_log import keep_quiet
from posterbeat.ui.server.request_filter import Gate
from posterbeat.ui.server.sessions import VISITS, forget_in_time, keep_few_records
from posterbeat.ui.server.start_check import check_named_weights, prove_playing
from posterbeat.ui.server.uploads import keep_tidy
from posterbeat.ui.studio import Studio
from posterbeat.ui.turns import WAITING

NEVER = 10**9  # seconds: gradio's sweeps stop for good at a disk error, so ours go instead; at the end it removes its uploads
THREADS = 12  # for all events: each keeps memory of its own for PyTorch, tens of megabytes, for good


def build(studio: Studio) -> gr.Blocks:
    """The page and its endpoints, for one studio."""
    keep_few_records()
    with Page(title=text.TITLE, analytics_enabled=False,
              delete_cache=(NEVER, NEVER), fill_width=True) as page:
        w = lay_out()
        on_poster.wire(studio, w)
        on_compose_and_stop.wire(studio, page, w)
        on_take.wire(w)
        on_steps.wire(w)
        on_arrival.wire(page, w)
        add_endpoints(studio)
    own = {path for block in page.blocks.values() for path in block.keep_in_cache}
    keep_tidy(SETTINGS.kept, own, FOLDERS, SETTINGS.disk)
    forget_in_time(page, SETTINGS.kept)
    return page.queue(max_size=WAITING, api_open=False)


share_heap()  # before there are threads
keep_quiet()
studio = Studio(partial(PosterBeat.load, apart=True))
demo = build(studio)


def serve() -> int:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; returns the exit status.

    Running jobs then stop at their next step and report it, and visitors' files go.
    """
    orders = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def obey(*_: object) -> None:
        for order in orders:
            signal.signal(order, lambda *_: None)  # being told twice must not keep it from tidying up
        raise KeyboardInterrupt

    for order in orders:
        signal.signal(order, obey)
    host = f"[{SETTINGS.host}]" if ":" in SETTINGS.host else SETTINGS.host
    try:
        check_free(SETTINGS.host, SETTINGS.port)
        demo.launch(theme=theme(), css=CSS, max_file_size="30mb", footer_links=["api"],
                    prevent_thread_lock=True, enable_monitoring=False, max_threads=THREADS, state_session_capacity=VISITS,
                    server_name=host, server_port=SETTINGS.port,
                    _frontend=False,  # or the start fails on a busy machine, where the first answer takes over three seconds
                    app_kwargs={"middleware": [Middleware(Gate, settings=SETTINGS)]})
        check_named_weights()
        prove_playing()
        _ = studio.beat
        threading.Event().wait()
    except (PosterBeatError, OSError) as error:  # better no page than one whose every button fails
        print(f"PosterBeat cannot start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        studio.turns.end()
        if demo.is_running:
            demo.server_app.stop_event.set()  # lets go of the pages that are open, which the server would wait for
            demo.server.close()
        for folder in FOLDERS:
            folder.remove()


if __name__ == "__main__":
    status = serve()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # nothing is left to do, and taking torch apart takes seconds
