"""What gradio remembers of every visit, forgotten once it serves nobody.

gradio keeps the settings of the whole page, a quarter of a megabyte, for each visit and each call without a session, ten
thousand of them; and a record of each call, ten thousand again, from which it makes a table after every call. Nothing is lost
here: what a visitor made is kept as long as its files are, and the records are for a dashboard that is not shown.
"""

import gc
import os
import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posterbeat.ui.server.memory import give_back
from posterbeat.ui.server.repeating import again_and_again

if TYPE_CHECKING:
    import gradio as gr
    from gradio.queueing import Queue
    from gradio.state_holder import SessionState, StateHolder

VISITS = 1000  # remembered at the most, a quarter of a megabyte each
IDLE = 300.0  # seconds: longer than any piece of work takes
_RECORDS = 100  # of calls
_UPLOADS = 200  # whose progress is remembered
_START = 60.0  # seconds after which all is loaded that stays
_LOOK = 15.0  # seconds from one look to the next: what was freed meanwhile, up to a hundred megabytes, goes back then


def keep_few_records() -> None:
    """Have pages that are built from now on keep few records of calls, and seldom make a table of them."""
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", str(_RECORDS))
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(_RECORDS))  # the table took megabytes a minute under load


def forget(holder: "StateHolder", kept: float, idle: float = IDLE) -> None:
    """Drop the sessions that were last used `kept` seconds ago, and those that hold nothing, `idle` seconds ago."""
    now = datetime.now()
    for name, session in list(holder.session_data.items()):
        unused = now - holder.time_last_used.get(name, now)
        if unused > timedelta(seconds=kept) or (unused > timedelta(seconds=idle) and _holds_nothing(session, holder)):
            holder.session_data.pop(name, None)
            holder.time_last_used.pop(name, None)


def _holds_nothing(session: "SessionState", holder: "StateHolder") -> bool:
    page = holder.blocks.default_config.blocks
    return not session.state_data and all(page.get(number) is block for number, block in session.blocks_config.blocks.items())


def forget_unread(queue: "Queue", since: dict[str, float], idle: float = IDLE) -> None:
    """Drop the messages and events of visits that have nothing under way, `idle` seconds after that was first seen.

    Parameters
    ----------
    since
        When that was, by visit; kept from one call to the next.
    """
    now = time.monotonic()
    busy = {event.session_hash for event in list(queue.event_ids_to_events.values())}
    resting = {*queue.pending_messages_per_session, *queue.pending_event_ids_session} - busy
    for name in set(since) - resting:
        del since[name]
    for name in resting:
        if now - since.setdefault(name, now) > idle:
            queue.pending_messages_per_session.pop(name, None)
            queue.pending_event_ids_session.pop(name, None)


def forget_uploads(page: "gr.Blocks") -> None:
    """Drop what gradio remembers of files that are gone, and of uploads whose progress nobody asked for."""
    for names in page.temp_file_sets:
        names.difference_update([name for name in list(names) if not os.path.exists(name)])
    from gradio.routes import file_upload_statuses

    for known in (file_upload_statuses._statuses, file_upload_statuses._signals):
        for name in list(known)[:-_UPLOADS]:
            known.pop(name, None)


def forget_in_time(page: "gr.Blocks", kept: float) -> None:
    """Do so from now on, some times a minute, in a thread, and give the memory back that is free by then."""
    resting: dict[str, float] = {}

    def forget_all() -> None:
        if holder := getattr(page, "state_holder", None):  # there once the page is served
            forget(holder, kept, min(IDLE, kept))
            forget_unread(page._queue, resting, min(IDLE, kept))
            forget_uploads(page)
        give_back()

    def begin() -> None:
        time.sleep(min(_START, kept))
        gc.collect()
        gc.freeze()  # half a million objects that stay: to look through them each time would hold up everybody
        again_and_again(forget_all, min(_LOOK, kept), "forget idle sessions")

    threading.Thread(target=begin, name="wait for the start's end", daemon=True).start()
