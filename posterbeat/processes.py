"""Processes that do not outlive the one that started them."""

import os
import threading
from multiprocessing import connection, parent_process


def end_with_parent() -> None:
    """End this process, started by `multiprocessing`, as soon as its parent is gone, in whatever way that ended."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent.sentinel,), daemon=True).start()


def _wait_and_end(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)  # nobody is left to be told, and a thread at work would not heed an exception
