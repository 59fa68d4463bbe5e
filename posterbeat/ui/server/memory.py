"""Memory that is free goes back to the system, so that the app holds no more after a day than after an hour.

Left alone, glibc keeps a heap for each of the threads that serve visitors, MKL keeps buffers of its own for each of them, and
Python's collector seldom looks through the half million objects that PyTorch and gradio bring: together they grew by nine
megabytes a minute while sixteen clients were served.
"""

import contextlib
import ctypes
import gc
import os

_M_ARENA_MAX = -8  # malloc.h


def share_heap() -> None:
    """Let all threads that begin from now on share the first one's heap; call it early, before PyTorch multiplies anything.

    What is large lies outside of it, and Python's threads take turns anyhow, so nobody waits. Without glibc they keep theirs.
    """
    _glibc("mallopt", _M_ARENA_MAX, 1)
    os.environ.setdefault("MKL_DISABLE_FAST_MM", "1")  # or each thread's buffers stay its own, megabytes for every size


def give_back() -> None:
    """Collect what only refers to itself, and hand free memory back. Without glibc only the former."""
    gc.collect()
    _glibc("malloc_trim", 0)


def _glibc(name: str, *arguments: int) -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library has no such call, or no such name
        getattr(ctypes.CDLL(None), name)(*arguments)
