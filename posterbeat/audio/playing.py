"""Playing apart: a process that plays a piece, while it is still being written if need be."""

import contextlib
import json
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from posterbeat.audio.fluidsynth import BLOCK, SAMPLE_RATE
from posterbeat.audio.perform import LATEST
from posterbeat.audio.performance import Performance
from posterbeat.audio.player import SURE
from posterbeat.errors import RenderError

_STALL = 30.0  # seconds without a sound after which a process hangs: it plays many times faster than it sounds
_COMMAND = [sys.executable, "-m", "posterbeat.audio.player"]
_DESKS = 2
_BLOCKS = SAMPLE_RATE / BLOCK  # a second


class Playing:
    """A piece that is being played, in a process of its own that uses two cores and ends with this one.

    Parameters
    ----------
    outline
        What is known before: all who will play, and notes about as loud as the piece's will be. Its level and its share of
        each core follow from them.
    soundfont
        An SF2 or SF3 file.
    stems
        The folder in which what each seat plays is written; None: it is not kept.

    Raises
    ------
    RenderError
        The process cannot be started.
    """

    def __init__(self, outline: Performance, soundfont: Path, stems: Path | None = None):
        self._sent, self._whole = 0, threading.Event()
        order = {"soundfont": str(soundfont), "seats": [asdict(seat) for seat in outline.seats],
                 "desks": _desks(outline), "rehearsal": outline.loudest().events(_BLOCKS).tolist(),
                 "stems": stems and str(stems)}
        try:
            self._process = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             stderr=subprocess.DEVNULL, start_new_session=True)  # Ctrl-C is not meant for it
        except OSError as error:
            raise RenderError("The process that plays cannot be started.") from error
        self._tell(order)

    def feed(self, performance: Performance, until: float | None = None) -> None:
        """Say what is known of the piece: all of it so far, and until which second no note will be added (None: it is whole)."""
        end = performance.seconds if until is None else None
        stop = int((performance.seconds + 1 if until is None else max(0.0, until - LATEST)) * _BLOCKS)
        events = performance.events(_BLOCKS)
        events = events[(events[:, 0] >= self._sent) & (events[:, 0] < stop)]
        self._sent = max(self._sent, stop)
        if until is None:
            self._whole.set()
        self._tell({"events": events.tolist(), "until": self._sent, "sure": max(0.0, performance.seconds - SURE), "end": end})

    def _tell(self, what: dict) -> None:
        try:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # it has ended, which `blocks` tells of
            pass

    def blocks(self) -> Iterator[np.ndarray]:
        """Blocks of the piece as they are ready: np.ndarray of int16, shape (samples, 2).

        Raises
        ------
        RenderError
            The soundfont delivers silence, or the process died or hung.
        """
        try:
            while True:
                letter, what = self._frame()
                if letter == b"D":
                    return
                if letter == b"E":
                    raise RenderError(what.decode())
                yield np.frombuffer(what, "<i2").astype(np.int16, copy=False).reshape(-1, 2)
        finally:
            self._close()

    def _frame(self) -> tuple[bytes, bytes]:
        hung = threading.Event()

        def watch() -> None:
            hung.set()
            self._process.kill()

        # While the piece is still being written, it is the composer who may be slow.
        timer = threading.Timer(_STALL if self._whole.is_set() else 5 * _STALL, watch)
        timer.daemon = True
        timer.start()
        try:
            head = self._process.stdout.read(5)
            if len(head) == 5:
                letter, size = struct.unpack(">cI", head)
                what = self._process.stdout.read(size)
                if len(what) == size:
                    return letter, what
        finally:
            timer.cancel()
        raise RenderError(f"FluidSynth played nothing for {_STALL:.0f} s and was stopped." if hung.is_set()
                          else "FluidSynth's process ended before the piece did.")

    def stop(self) -> None:
        """End the process, wherever it is; `blocks` then ends with an error."""
        self._process.kill()
        self._process.wait()

    def _close(self) -> None:
        self.stop()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what could not be written to it any more
                pipe.close()


def _desks(outline: Performance) -> list[list[int]]:
    """Seats in two groups, each with about as much to play.

    Always two, however many cores there are: FluidSynth hands voices from note to note with a trace of what they sang
    before, so the last bits of a part depend on who plays beside it.
    """
    work = np.bincount(outline.seat, weights=np.minimum(outline.end - outline.start, 4) + 1, minlength=len(outline.seats))
    work += outline.seconds / 8  # its hall
    desks: list[list[int]] = [[] for _ in range(min(_DESKS, len(outline.seats)))]
    for seat in np.argsort(-work, kind="stable").tolist():
        min(desks, key=lambda desk: (work[desk].sum(), len(desk))).append(seat)
    return desks
