"""What the processor can do, and how much of it is used."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

_STARTED = os.getpid()  # of the process that imported this, and with it PyTorch


def forked() -> bool:
    """Whether this process is a fork of the one that imported PyTorch; PyTorch then computes with one thread from here on.

    The threads that it computes with do not live on in a fork, and it would wait for them for ever.
    """
    if os.getpid() == _STARTED:
        return False
    if torch.get_num_threads() > 1:
        torch.set_num_threads(1)
    return True


def has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 itself; imitating it would be slower than single precision."""
    return _knows("avx512_bf16", "amx_bf16")


def bf16_autocast() -> torch.autocast:
    """Context in which PyTorch computes in bfloat16 where the processor does so itself: others cannot run an LSTM in it."""
    return torch.autocast("cpu", torch.bfloat16, enabled=has_bf16())


def has_vnni() -> bool:
    """Whether the processor sums products of bytes exactly; older ways to do so may overflow."""
    return _knows("avx512_vnni", "avx_vnni")


def about_processor() -> dict[str, str | bool]:
    """What a figure of speed should say of where it was measured: "processor", its name, and "narrow_numbers", whether it
    multiplies bytes or bfloat16 itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return {"processor": name, "narrow_numbers": has_vnni() or has_bf16()}


def _knows(*names: str) -> bool:
    known = getattr(torch.cpu, "get_capabilities", dict)()
    return any(known.get(name) for name in names)


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch uses one thread in here, as far as this thread of Python is concerned.

    For many small products: threads that meet at each of them gain little, and lose much where a core is busy.
    """
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(usual)
