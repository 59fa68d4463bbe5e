"""Work that is done again and again in a thread, whatever happens to it once."""

import logging
import threading
from collections.abc import Callable

from posterbeat.ui.server.quiet_log import place

_log = logging.getLogger(__name__)


def again_and_again(work: Callable[[], None], seconds: float, name: str, over: threading.Event | None = None) -> threading.Thread:
    """Do some work now and every so many seconds, until `over` is set, if that is given.

    A failure ends that one turn alone, and is said in the log once, until the work succeeds again.

    Parameters
    ----------
    name
        What the work is for, as the log says it.
    """

    def turns() -> None:
        failed, end = False, over or threading.Event()
        while not end.is_set():
            try:
                work()
                failed = False
            except Exception as error:  # whatever it was: the next turn comes
                if not failed:
                    _say(name, error)
                failed = True
            end.wait(seconds)

    thread = threading.Thread(target=turns, name=name, daemon=True)
    thread.start()
    return thread


def _say(name: str, error: Exception) -> None:
    try:
        _log.error("Could not %s, which is tried again: %s", name, place(error))
    except Exception:  # such as no room for the log either
        pass
