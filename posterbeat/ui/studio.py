"""What happens behind the page's buttons: reading a poster, composing and rendering a take."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

from posterbeat.controls import Controls
from posterbeat.pipeline import PosterBeat
from posterbeat.ui.take import Take
from posterbeat.ui.turns import Turns

_REFRESH = 0.12  # seconds between two reports of progress: enough to see it move


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

    @property
    def beat(self) -> PosterBeat:
        """The models, once they are loaded.

        Raises
        ------
        WeightsError
            They could not be loaded.
        """
        return self._beat.result()

    def read(self, path: str) -> dict[str, Any]:
        """What is read on a poster: its path, the genre, all probabilities, and its colours."""
        from posterbeat.colours import read_colours
        from posterbeat.poster import open_poster

        poster = open_poster(path)
        colours = read_colours(poster)
        reading = self.beat.read(poster)
        return {
            "path": path,
            "genre": reading.genre,
            "probabilities": reading.probabilities,
            "colours": {**asdict(colours), "sentence": colours.sentence},
        }

    def take(self, path: str | None, reading: dict | None, mix: str | dict | None, controls: Controls,
             report: Callable[[int, str, float | None], None], stop: threading.Event) -> Take:
        """Compose and render one take; every step is reported as (index into text.STEPS, text, share done)."""

        def progress(done: int, total: int) -> None:
            self.turns.go_on(stop)
            report(1, f"{done} of {total} notes", done / total)

        own = mix is None
        if own:
            report(0, "Looking at the poster", None)
            reading = reading if reading and reading["path"] == path else self.read(path)
            mix = reading["probabilities"]
        report(1, "Waking the composer", 0.0)
        track = self.beat.compose(mix, controls=controls, progress=progress)

        def playing(share: float) -> None:
            self.turns.go_on(stop)
            report(2, "The orchestra plays", share)

        playing(0.0)
        track.render(playing)
        return Take.keep(track, path, own)


def follow(work: Callable[[Callable[..., None]], Any]) -> Iterator[Any]:
    """Run `work(report)` in a thread; yield the latest report every little while, and its result at the end.

    What the work raises is raised here.
    """
    said: queue.SimpleQueue = queue.SimpleQueue()

    def run() -> None:
        try:
            said.put(("result", work(lambda *news: said.put(("news", news)))))
        except BaseException as error:
            said.put(("error", error))

    threading.Thread(target=run, daemon=True).start()
    while True:
        kind, what = said.get()
        while kind == "news" and not said.empty():
            kind, what = said.get()
        if kind == "error":
            raise what
        yield kind, what
        if kind == "result":
            return
        time.sleep(_REFRESH)
