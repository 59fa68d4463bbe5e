"""What happens behind the page's buttons: reading a poster, composing and rendering a take."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from posterbeat.controls import Controls
from posterbeat.genres import mixture
from posterbeat.pipeline import PosterBeat
from posterbeat.ui.live import Live
from posterbeat.ui.page import text
from posterbeat.ui.take import Take
from posterbeat.ui.turns import Stopped, Turns

if TYPE_CHECKING:  # these pull in torch, which the page need not wait for
    from posterbeat.colours import PosterColours
    from posterbeat.track import Track
    from posterbeat.vision.reading import GenreReading
    from posterbeat.vision.text_reader import TextLine

_log = logging.getLogger(__name__)
_REFRESH = 0.12  # seconds between two reports of progress: enough to see it move

Report = Callable[[str, Any], None]  # takes what kind of news it is, and the news


@dataclass(frozen=True)
class PosterReading:
    """What was read on a visitor's poster.

    Attributes
    ----------
    path : of the uploaded file
    size : width and height in pixels
    colours : the music that its colours stand for
    genres : what its picture, and once they are read its words, say of the genre
    lines : of text, as read or as the visitor put them right; None before they are looked for
    """

    path: str
    size: tuple[int, int]
    colours: PosterColours
    genres: GenreReading
    lines: tuple[TextLine, ...] | None = None


class Studio:
    """One PosterBeat for all visitors, loaded in the background, and the turns that they take.

    Parameters
    ----------
    load
        Makes the PosterBeat. It runs in a thread, so that the page answers before the models are there.
    """

    def __init__(self, load: Callable[[], PosterBeat] = PosterBeat.load):
        self.turns = Turns()
        self._beat: Future[PosterBeat] = Future()
        threading.Thread(target=self._fill, args=(load,), name="load models", daemon=True).start()

    def _fill(self, load: Callable[[], PosterBeat]) -> None:
        try:
            self._beat.set_result(load())
        except BaseException as error:  # kept, and raised to whoever asks for the models
            self._beat.set_exception(error)
            return
        try:  # so that the first visitor does not wait for it; whatever goes wrong is told to who reads words
            self.beat.classifier.text_reader.load()
        except Exception:
            _log.warning("The recogniser of words could not be loaded.", exc_info=True)

    @property
    def beat(self) -> PosterBeat:
        """The models, once they are loaded.

        Raises
        ------
        WeightsError
            They could not be loaded.
        """
        return self._beat.result()

    def read(self, path: str) -> PosterReading:
        """What is read on a poster's picture, its colours included; `read_words` adds the words.

        Raises
        ------
        PosterError
            Not a picture that can be read.
        """
        from posterbeat.colours import read_colours
        from posterbeat.poster import open_poster

        poster = open_poster(path)
        return PosterReading(path, poster.size, read_colours(poster), self.beat.read(poster, words=False))

    def read_words(self, read: PosterReading) -> PosterReading:
        """The same with the words of the poster, which takes half a second; the first time, the recogniser is waited for.

        Raises
        ------
        PosterError
            The file is gone.
        WeightsError
            What reads words could not be loaded.
        """
        from posterbeat.poster import open_poster

        classifier = self.beat.classifier
        lines = classifier.text_reader.read(open_poster(read.path))
        return replace(read, genres=classifier.text_genre.join(read.genres, lines), lines=lines)

    def correct(self, read: PosterReading, index: int, text: str) -> PosterReading:
        """The reading after a visitor put a line right, or with an empty `text` struck it out."""
        from posterbeat.vision.text_reader import visible

        lines = list(read.lines or ())
        if 0 <= index < len(lines):
            text = visible(text)
            lines[index : index + 1] = [replace(lines[index], text=text, confidence=1.0)] if text else []
        return replace(read, genres=self.beat.classifier.text_genre.join(read.genres, lines), lines=tuple(lines))

    def without_words(self, read: PosterReading) -> PosterReading:
        """What the picture alone says."""
        picture = read.genres.picture
        return replace(read, genres=replace(read.genres, genre=max(picture, key=picture.get), probabilities=picture, words=None),
                       lines=None)

    def take(self, path: str | None, read: PosterReading | None, mix: str | dict | None, controls: Controls,
             report: Report, stop: threading.Event, words: bool = True) -> Take:
        """Compose one take, and play it while it is written.

        Every step is reported as "news": (index into text.STEPS, text, share done); what can be heard and seen so far as
        "heard": a value of the piano roll. For the poster's own mixture (`mix` None) its words are waited for, unless `words`
        is False.

        Raises
        ------
        Stopped
            With what was written until then.
        """

        def progress(done: int, total: int) -> None:
            self.turns.go_on(stop)
            report("news", (1, f"{done} of {total} notes", done / total))

        if mix is None:
            report("news", (0, "Looking at the poster", None))
            read = read if read and read.path == path else self.read(path)
            if words and read.lines is None:
                report("news", (0, "Reading its words", None))
                read = self.read_words(read)
            mix = read.genres.probabilities
        report("news", (1, text.WAKING, 0.0))
        hearing = self.beat.stream(mix, controls=controls, progress=progress, stems=True)
        live = Live(hearing, mixture(mix), controls, path)
        try:
            with closing(live.values()) as values:
                for value in values:
                    self.turns.go_on(stop)
                    report("heard", value)
                    if hearing.written:
                        report("news", (2, "The orchestra plays", live.share))
        except Stopped:
            raise Stopped(live.written(self.beat.weights)) from None
        return Take.keep(hearing.track, path, live.wav)

    def play(self, track: Track, path: str | None, report: Report, stop: threading.Event) -> Take:
        """A track that is written as a take, for the poster in `path`; the rest as of `take`."""

        def playing(share: float) -> None:
            self.turns.go_on(stop)
            report("news", (2, "The orchestra plays", share))

        playing(0.0)
        track.render(playing, stems=True)
        return Take.keep(track, path)


def follow(work: Callable[[Report], Any]) -> Iterator[tuple[str, Any]]:
    """Run `work(report)` in a thread; yield whatever it reports as (kind, what), and ("result", ...) at the end.

    Of "news" only the latest comes, every little while; all else comes at once. What the work raises is raised here.
    """
    said: queue.SimpleQueue = queue.SimpleQueue()

    def run() -> None:
        try:
            said.put(("result", work(lambda kind, what: said.put((kind, what)))))
        except BaseException as error:
            said.put(("error", error))

    threading.Thread(target=run, daemon=True).start()
    news, due = None, 0.0
    while True:
        try:
            kind, what = said.get(timeout=None if news is None else max(0.0, due - time.monotonic()))
        except queue.Empty:
            yield "news", news
            news, due = None, time.monotonic() + _REFRESH
            continue
        if kind == "news":
            news = what
        elif kind == "error":
            raise what
        else:
            yield kind, what
        if kind == "result":
            return
