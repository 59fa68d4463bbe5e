"""A composer in a process of its own, so that several pieces are really written at once.

Threads of one process take turns at Python, which a note needs much of. Here one process loads the network, and every piece
is written by a fork of it with a single thread: forks share the weights, start in milliseconds, and take nothing with them
when they die. Both sides talk in lines of JSON over sockets.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posterbeat import errors
from posterbeat.controls import Controls, asked_for
from posterbeat.errors import PosterBeatError
from posterbeat.genres import GENRES
from posterbeat.hub import resolve, weights_mark
from posterbeat.music.outline import Outline
from posterbeat.music.score import Score
from posterbeat.steps import Step, from_text, to_text

if TYPE_CHECKING:
    from posterbeat.composer.model import BiLSTMComposer

_SILENCE = 30.0  # seconds without a word after which a process hangs: a busy machine needs one for what is said each time
_LOADING = 300.0  # seconds that loading may take when the process is begun anew
_ARRAYS = ("onset", "duration", "pitch", "velocity", "program", "part")


def possible() -> bool:
    """Whether this system can fork and hand sockets on; Windows cannot."""
    return hasattr(os, "fork") and hasattr(socket, "send_fds")


class ComposerApart:
    """What `BiLSTMComposer.from_pretrained(source)` is, for `generate` alone, from any number of threads at once.

    Loading begins at once in the other process; `wait` tells how it ended. That process ends with this one.

    Parameters
    ----------
    source
        A folder or a Hub repository.
    """

    def __init__(self, source: str | Path):
        self._source, self._lock = str(source), threading.Lock()
        self._start(limit=None)  # the first time, weights may come from afar

    def _start(self, limit: float | None = _LOADING) -> None:
        self._limit = limit
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "posterbeat.composer.worker", str(theirs.fileno()), self._source],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True)  # Ctrl-C is not meant for it
        self._loaded = False

    def wait(self) -> "ComposerApart":
        """Return once the composer is loaded.

        Raises
        ------
        WeightsError
            As `BiLSTMComposer.from_pretrained`.
        """
        with self._lock:
            self._ready()
        return self

    @cached_property
    def mark(self) -> str:
        """Which weights write here, as `hub.weights_mark` tells."""
        return weights_mark(resolve(self._source))

    def _ready(self) -> None:
        if not self._loaded:
            self._line.settimeout(self._limit)
            with self._line.makefile("rb") as answers:
                _raise_if_told(_received(answers))
            self._loaded = True

    def generate(self, genre_mix: str | Mapping[str, float], notes: int | None = None, temperature: float = 1.0,
                 seed: int | None = 0, *, controls: Controls | None = None,
                 progress: Callable[[int, int], None] | None = None, on_bar: Callable[[Score, int], None] | None = None,
                 **named: Any) -> Score:
        """As `BiLSTMComposer.generate`, with the same notes for the same seed.

        Raises
        ------
        ParameterError
            A value outside its range.
        PosterBeatError
            The process died or fell silent twice while it wrote this piece.
        """
        controls = asked_for(controls, notes=notes, temperature=temperature, seed=seed, **named)
        return self._twice({**_wish(genre_mix, controls), "bars": on_bar is not None}, progress, on_bar)

    def take_step(self, score: Score, step: Step, genre_mix: str | Mapping[str, float], *, controls: Controls,
                  progress: Callable[[int, int], None] | None = None) -> Score:
        """As `BiLSTMComposer.take_step`, with the same notes; raises as it does, and as `generate`."""
        return self._twice({**_wish(genre_mix, controls), "step": to_text([step]), **_told_of(score)}, progress)

    def _twice(self, wish: dict[str, Any], progress: Callable[[int, int], None] | None,
               on_bar: Callable[[Score, int], None] | None = None) -> Score:
        heard = _Bars(on_bar)
        try:
            return self._written(wish, progress, heard)
        except EOFError:
            try:
                return self._written(wish, progress, heard)
            except EOFError as error:
                raise PosterBeatError("The composer's process ended before the piece did: try again.") from error

    def _written(self, wish: dict[str, Any], progress: Callable[[int, int], None] | None, heard: "_Bars") -> Score:
        """The piece; EOFError if the process that was to write it ended before."""
        ours, theirs = socket.socketpair()
        with ours, ours.makefile("rwb") as talk:  # leaving it early tells the other side to stop
            ours.settimeout(_SILENCE)
            with theirs:
                process = self._hand_over(theirs)
            try:
                _send(talk, wish)
            except OSError as error:
                raise EOFError from error
            fork = _received(talk, lambda: _end(process))["process"]
            while True:
                said = _received(talk, lambda: os.kill(fork, signal.SIGKILL))
                _raise_if_told(said)
                if "score" in said:
                    return _score_of(said)
                if "plan" in said:
                    plan = Outline.from_dict(said["plan"])
                if "bar" in said:
                    heard.tell(Score(**said["bar"], plan=plan), said["until"])
                elif progress is not None:
                    progress(*said["progress"])

    def _hand_over(self, line: socket.socket) -> subprocess.Popen:
        """Give a line to the process, begun anew if it has ended; returns the process."""
        with self._lock:
            if self._process.poll() is not None:
                self._line.close()
                self._start()
            self._ready()
            try:
                socket.send_fds(self._line, [b"."], [line.fileno()])
            except OSError as error:
                self._process.wait(5)
                raise EOFError from error
            return self._process


def _wish(genre_mix: str | Mapping[str, float], controls: Controls) -> dict[str, Any]:
    return {"genre_mix": genre_mix if isinstance(genre_mix, str) else dict(genre_mix), "controls": asdict(controls)}


def _plain(score: Score) -> dict[str, Any]:
    return {**{name: getattr(score, name).tolist() for name in _ARRAYS}, "tempo": score.tempo, "bar": score.bar}


def _told_of(score: Score) -> dict[str, Any]:
    """A score as JSON has it; its marks are those of its plan."""
    return {"score": _plain(score), "plan": score.plan and score.plan.as_dict()}


def _score_of(told: dict[str, Any]) -> Score:
    return Score(**told["score"], plan=told["plan"] and Outline.from_dict(told["plan"]))


class _Bars:
    """Hands bars on, each once, though the piece may be begun again in another process."""

    def __init__(self, on_bar: Callable[[Score, int], None] | None):
        self._on_bar, self._until = on_bar, -1

    def tell(self, bar: Score, until: int) -> None:
        if self._on_bar is not None and until > self._until:
            self._until = until
            self._on_bar(bar, until)


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait(5)


def _send(line: Any, what: dict[str, Any]) -> None:
    line.write(json.dumps(what).encode() + b"\n")
    line.flush()


def _received(line: Any, silent: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """What the other side says next; EOFError if it has ended or says nothing for too long, `silent` being called then."""
    try:
        said = line.readline()
    except TimeoutError as error:  # it was stopped, or hangs: either way it would hold its place for ever
        with contextlib.suppress(OSError):
            silent()
        raise EOFError from error
    except ConnectionError as error:
        raise EOFError from error
    if not said.endswith(b"\n"):
        raise EOFError
    return json.loads(said)


def _raise_if_told(said: dict[str, Any]) -> None:
    """Raise the error that the other side tells of, as the kind that it was there."""
    if "error" in said:
        kind, sentence = said["error"]
        raise getattr(errors, kind, RuntimeError)(sentence)


def _told(error: Exception) -> dict[str, Any]:
    kind = type(error).__name__
    return {"error": [kind, str(error) if isinstance(error, PosterBeatError) else f"{kind}: {error}"]}


def serve(line: socket.socket, source: str) -> None:
    """Load a composer, then fork for every socket that comes over `line`, until it is closed."""
    import torch

    from posterbeat.composer.model import BiLSTMComposer

    torch.set_num_threads(1)  # threads of a pool would not survive a fork
    with line.makefile("wb") as answers:
        try:
            composer = BiLSTMComposer.from_pretrained(source)
            composer.generate(GENRES[0], notes=32)  # what is made at the first piece is then shared by all forks
        except Exception as error:
            _send(answers, _told(error))
            return
        _send(answers, {"loaded": True})
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    while True:
        called, files, *_ = socket.recv_fds(line, 1, 1)
        if not called:
            return
        with socket.socket(fileno=files[0]) as piece:
            if os.fork() == 0:
                line.close()
                _write(composer, piece)


def _write(composer: "BiLSTMComposer", piece: socket.socket) -> None:
    """Write one piece for whoever is at the other end of a socket, and end this process."""
    status = 1
    try:
        with piece.makefile("rwb") as talk:
            wish = _received(talk)
            _send(talk, {"process": os.getpid()})
            planned = False

            def tell(bar: Score, until: int) -> None:
                nonlocal planned
                _send(talk, {"bar": _plain(bar), "until": until, **({} if planned else {"plan": bar.plan.as_dict()})})
                planned = True

            try:
                asked = {"controls": Controls(**wish["controls"]),
                         "progress": lambda done, total: _send(talk, {"progress": [done, total]})}
                if "step" in wish:
                    score = composer.take_step(_score_of(wish), from_text(wish["step"])[0], wish["genre_mix"], **asked)
                else:
                    score = composer.generate(wish["genre_mix"], **asked, on_bar=tell if wish["bars"] else None)
                _send(talk, _told_of(score))
                status = 0
            except (EOFError, OSError):
                raise
            except Exception as error:
                _send(talk, _told(error))
    except (EOFError, OSError):  # whoever asked has left, or stopped the work
        pass
    finally:
        os._exit(status)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):  # whoever began this process has ended meanwhile
        serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
