"""Memory that is free goes back to the system."""

import gc
import os
import platform
import subprocess
import sys
import weakref

import pytest
import torch

from posterbeat.ui.server.memory import give_back
from tests.served import held

needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps what was freed so")


class Ring:
    def __init__(self):
        self.itself = self


def test_what_only_refers_to_itself_is_given_back():
    gc.disable()
    try:
        seen = weakref.ref(Ring())
        assert seen()
        give_back()
        assert not seen()
    finally:
        gc.enable()


@needs_glibc
def test_memory_below_what_is_in_use_is_given_back():
    blocks = [b"x" * (64_000 + number) for number in range(1600)]  # 100 MB, in pieces too small for memory of their own
    last = blocks.pop()
    blocks.clear()
    before = held(os.getpid())
    give_back()
    assert before - held(os.getpid()) > 80
    assert len(last) > 64_000


def printed(code, how):
    """The number that a process of its own prints."""
    return float(subprocess.run([sys.executable, "-c", code, how], capture_output=True, text=True, check=True).stdout)


HEAPS = """
import ctypes, sys, threading
if sys.argv[1] == "shared":
    from posterbeat.ui.server.memory import share_heap
    share_heap()
malloc = ctypes.CDLL(None).malloc
malloc.restype = ctypes.c_void_p
together, found = threading.Barrier(8), []
def take():
    together.wait()
    found.append(malloc(10_000) >> 26)  # a heap of glibc's lies within 64 MB
    together.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(set(found)))
"""


@needs_glibc
def test_threads_share_heap():
    assert printed(HEAPS, "shared") == 1 < printed(HEAPS, "as they come")


BUFFERS = """
import os, sys, threading
if sys.argv[1] == "shared":
    from posterbeat.ui.server.memory import share_heap
    share_heap()
import torch
from posterbeat.ui.server.memory import give_back
from tests.served import held
def multiply():
    for size in (300, 500, 700):
        torch.ones(size, size) @ torch.ones(size, size)
def wait_and_multiply():
    multiply()
    together.wait()
    together.wait()
torch.set_num_threads(1)
multiply()
together = threading.Barrier(9)
threads = [threading.Thread(target=wait_and_multiply) for _ in range(8)]
before = held(os.getpid())
[thread.start() for thread in threads]
together.wait()
give_back()
print(held(os.getpid()) - before)
together.wait()
"""


@needs_glibc
@pytest.mark.skipif(not torch.backends.mkl.is_available(), reason="this PyTorch multiplies without MKL")
def test_no_thread_keeps_buffers_of_its_own():
    assert printed(BUFFERS, "shared") < 4 < printed(BUFFERS, "as they come")
