"""A piece that is heard while it is written."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from posterbeat.track import Track

if TYPE_CHECKING:  # which `import posterbeat` need not wait for
    import numpy as np

    from posterbeat.audio.stream import Stream
    from posterbeat.music.score import Score

Bars = Callable[["Score", int], None]  # takes the notes of a bar and the onset before which no more are added

_EVERY = 0.1  # seconds between bars that are handed on: each time all of them are


class Unheard(Exception):
    """Nobody listens any more, so the piece need not be finished."""


class Hearing:
    """Iterate over it once: (sample rate, np.ndarray of int16, shape (samples, 2)) as the sound is ready.

    All blocks joined are the `audio` of the track, which is there when the last one was taken. The piece is written in a
    thread of its own, which begins with the iteration and ends with it.

    Parameters
    ----------
    write
        Composes the track; it is given what to call with each bar (see `BiLSTMComposer.generate`). A composer that does
        not call it is heard when it has finished.
    seed
        The piece's.
    stems, mp3
        What is kept beside the sound, as in `Track.render`.
    """

    def __init__(self, write: Callable[[Bars], Track], seed: int, *, stems: bool = False, mp3: bool = False):
        self.seed = seed
        self._write, self._stems, self._mp3 = write, stems, mp3
        self._begun: queue.SimpleQueue[Stream | BaseException] = queue.SimpleQueue()
        self._stream: Stream | None = None
        self._left = threading.Event()
        self._score: Score | None = None
        self._track: Track | None = None
        self._fed, self._bars, self._written = 0.0, 0, False

    @property
    def track(self) -> Track:
        """The piece, once all of it was heard.

        Raises
        ------
        RuntimeError
            It is not there yet.
        """
        if self._track is None:
            raise RuntimeError("The track is there when all of its sound was taken.")
        return self._track

    @property
    def score(self) -> "Score | None":
        """What is written so far."""
        return self._score

    @property
    def written(self) -> bool:
        """Whether all of it is written."""
        return self._written

    @property
    def bars(self) -> int:
        """How many bars are written, while it is being written bar by bar."""
        return self._bars

    def finish(self) -> Track:
        """Take all of the sound; returns the track, which keeps it."""
        for _ in self:
            pass
        return self.track

    def __iter__(self) -> "Iterator[tuple[int, np.ndarray]]":
        from posterbeat.audio.fluidsynth import SAMPLE_RATE
        from posterbeat.audio.render import Recording

        found: list[Track] = []
        threading.Thread(target=self._compose, args=(found,), name="compose", daemon=True).start()
        begun = self._begun.get()
        if isinstance(begun, BaseException):
            raise begun
        try:
            recording = Recording(begun, self._mp3)
            for block in recording.blocks():
                yield SAMPLE_RATE, block
            found[0].keep(recording.rendering())
            self._track = found[0]
        finally:
            self._left.set()
            begun.close()

    def _compose(self, found: list[Track]) -> None:
        from posterbeat.audio.perform import perform

        try:
            track = self._write(self._hear)
            self._score, self._written = track.score, True
            self._begin(track.score)
            found.append(track)
            self._stream.feed(perform(track.score, self.seed, self._tracks))
        except BaseException as error:
            if self._stream is None:
                self._begun.put(error)
            else:
                self._stream.fail(error)

    def _hear(self, bar: "Score", until: int) -> None:
        from posterbeat.audio.perform import perform

        if self._left.is_set():
            raise Unheard
        self._score, self._bars = bar if self._score is None else self._score.followed_by(bar), until // bar.bar
        if bar.plan and bar.plan.levels:  # it says who will play, and how loud
            self._begin(bar)
            if len(self._score) and time.monotonic() > self._fed + _EVERY:
                self._fed = time.monotonic()
                self._stream.feed(perform(self._score, self.seed, self._tracks), self._score.second(until))

    def _begin(self, score: "Score") -> None:
        from posterbeat.audio.perform import foreseen
        from posterbeat.audio.stream import Stream

        if self._stream is None:
            self._tracks, outline = foreseen(score, self.seed)
            self._stream = Stream(outline, stems=self._stems)
            self._begun.put(self._stream)
