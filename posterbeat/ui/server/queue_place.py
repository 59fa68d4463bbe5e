"""Where a visitor's piece stands among those that wait."""

from typing import TYPE_CHECKING

from posterbeat.ui.turns import AT_ONCE, COMPOSING

if TYPE_CHECKING:
    from gradio.queueing import Queue


def place_of(queue: "Queue", session: str) -> tuple[int, float | None] | None:
    """How many pieces are before the one that a visitor waits for, and in how many seconds its turn may come.

    Parameters
    ----------
    queue
        gradio's, which keeps the order and how long calls of each kind took so far.

    Returns
    -------
    tuple or None
        None where nothing of the visitor waits; the seconds are None as long as none has been finished.
    """
    line = queue.event_queue_per_concurrency_id.get(COMPOSING)
    waiting = list(line.queue) if line else []
    place = next((place for place, event in enumerate(waiting) if event.session_hash == session), None)
    if place is None:
        return None
    times = queue.process_time_per_fn
    took = [times[event.fn].avg_time for event in waiting[: place + 1] if event.fn in times]
    return place, sum(took) / AT_ONCE if took else None
