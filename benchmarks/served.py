"""The app as its visitors have it: how soon it answers, and what it does for many at once."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from gradio_client import Client, handle_file

from benchmarks.stations import POSTERS, Settings
from benchmarks.timing import spread
from tests.served import free_port, held, start

_SOON = 0.02  # seconds between two looks at whether the page answers
_LOOK = 0.5  # seconds between two looks at the memory
_FIRST = "from posterbeat import PosterBeat; print(PosterBeat.load().read({poster!r}).genre)"


def measure(settings: Settings) -> dict[str, Any]:
    """Cold starts, then visitors at once, then one in a browser; round 0 of the starts brings the files into the disk cache."""
    pages, readings, fresh = [], [], []
    for index in range(settings.starts + 1):
        began = time.perf_counter()
        with _app() as (address, _):
            page = time.perf_counter() - began
            _read(address)
            reading = time.perf_counter() - began
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", _FIRST.format(poster=str(POSTERS[0]))], check=True, capture_output=True)
        if index:
            pages.append(page)
            readings.append(reading)
            fresh.append(time.perf_counter() - began)
    with _app() as (address, process), Memory(process.pid) as memory:
        loads = [visit(address, count, settings.jobs, settings.visitors_notes) for count in settings.visitors]
        sound = page.first_sound(address, settings.rounds, settings.heard)
    return {"start": {"page answers": spread(pages), "first poster read on the page": spread(readings),
                      "first poster read in Python": spread(fresh)},
            "visitors": loads, "page_first_sound": sound, "memory_mb": memory.peak}


def visit(address: str, visitors: int, jobs: int, notes: int) -> dict[str, Any]:
    """Have so many visitors ask for soundtracks at once, each for the next as soon as the last is there.

    All ask for the same piece: some pieces are several times the work of others, and what is fair only shows between equals.

    Returns
    -------
    dict: pieces a minute, seconds that half (p50) and 95 % (p95) of the pieces were there in, and the longest of all as a
    multiple of the fair share, which is the time in which everybody gets one.
    """
    each = max(2, -(-jobs // visitors))
    asked = [Client(address, verbose=False) for _ in range(visitors)]
    _soundtrack(asked[0], notes)
    gate = threading.Barrier(visitors + 1)

    def stay(number: int) -> list[float]:
        gate.wait()
        return [_soundtrack(asked[number], notes) for _ in range(each)]

    with ThreadPoolExecutor(visitors) as crowd:
        stays = [crowd.submit(stay, number) for number in range(visitors)]
        gate.wait()
        began = time.perf_counter()
        waits = [wait for future in stays for wait in future.result()]
        seconds = time.perf_counter() - began
    p50, p95 = np.percentile(waits, (50, 95))
    return {"visitors": visitors, "pieces": len(waits), "a_minute": 60 * len(waits) / seconds, "p50": float(p50),
            "p95": float(p95), "longest_in_fair_shares": max(waits) / (seconds / each)}


def _soundtrack(client: Client, notes: int) -> float:
    """Seconds until a piece is there."""
    began = time.perf_counter()
    client.predict(handle_file(str(POSTERS[0])), notes=notes, seed=0, api_name="/poster_to_music")
    return time.perf_counter() - began


def _read(address: str) -> None:
    Client(address, verbose=False).predict(handle_file(str(POSTERS[0])), api_name="/read_poster")


@contextlib.contextmanager
def _app() -> Iterator[tuple[str, subprocess.Popen]]:
    """A new app, from when its page answers until the block ends."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as home:
        process = start(port, Path(home) / "log", GRADIO_TEMP_DIR=str(Path(home) / "cache"), GRADIO_MCP_SERVER="False",
                        OMP_NUM_THREADS=str(os.cpu_count()))
        try:
            while True:
                try:
                    urllib.request.urlopen(address, timeout=60).read()
                    break
                except (urllib.error.URLError, ConnectionError) as error:
                    if process.poll() is not None:
                        raise RuntimeError("The app did not start: " + (Path(home) / "log").read_text()[-2000:]) from error
                    time.sleep(_SOON)
            yield address, process
        finally:
            process.terminate()
            process.wait()


class Memory:
    """Most megabytes that a process and all that it started held at one time, while the block runs.

    What several share is counted once. None where the system does not tell (only Linux does).
    """

    def __init__(self, pid: int):
        self.peak: float | None = None
        self._pid, self._end = pid, threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Memory":
        self._watch.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._end.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._end.wait(_LOOK):
            if now := held(self._pid):
                self.peak = max(self.peak or 0.0, now)
