"""Whose turn it is to compose: how many at once, how many may wait, and what stops a piece that was asked for."""

import itertools
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posterbeat.track import Track

COMPOSING = "composing"  # the group of events that take turns, of the page and of the API alike
READING = "reading"  # the group of events that read a poster, which may be large; two at a time, too
AT_ONCE = 2  # pieces, whoever asks: more would only slow each other down
WAITING = 40  # at the most: whoever comes then is told at once, and would have waited for minutes

_MOST = 1000  # visitors who are remembered at a time


class Stopped(Exception):
    """The visitor pressed Stop, or left, or the server is being stopped.

    written : Track or None, what was written until then, if it can be kept
    """

    def __init__(self, written: "Track | None" = None):
        super().__init__()
        self.written = written


class Turns:
    """What each visitor is doing: the work asked for last, and its stop signal. Gradio's queue says who comes next."""

    def __init__(self):
        self._latest: dict[str, tuple[int, threading.Event]] = {}  # by session
        self._numbers = itertools.count(1)
        self._ending = threading.Event()

    def ask(self, session: str) -> int:
        """Number of a visitor's new piece of work, which may have to wait; whatever the visitor had asked for is stopped."""
        self.stop(session)
        turn = next(self._numbers)
        self._latest[session] = (turn, threading.Event())
        while len(self._latest) > _MOST:  # who asks and never comes back
            self.stop(next(iter(self._latest)))
        return turn

    def done(self, session: str, turn: int) -> None:
        """Forget a piece of work that has ended."""
        if self._latest.get(session, (None,))[0] == turn:
            self._latest.pop(session, None)

    def begin(self, session: str, turn: int) -> threading.Event | None:
        """Stop signal of a piece of work whose turn has come; None if it was stopped while it waited."""
        latest, signal = self._latest.get(session, (None, None))
        return signal if latest == turn else None

    def overtaken(self, session: str, turn: int) -> bool:
        """Whether the visitor has asked for another piece of work meanwhile."""
        return self._latest.get(session, (turn,))[0] != turn

    def stop(self, session: str) -> None:
        """Stop what a visitor has running or waiting."""
        _, signal = self._latest.pop(session, (None, None))
        if signal:
            signal.set()

    def end(self) -> None:
        """Stop what everybody has running, since the server is being stopped."""
        self._ending.set()

    def go_on(self, stop: threading.Event | None = None) -> None:
        """Called at every step of a piece of work.

        Raises
        ------
        Stopped
            `stop` is set, or the server is being stopped.
        """
        if self._ending.is_set() or (stop and stop.is_set()):
            raise Stopped
