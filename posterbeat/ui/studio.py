"""What happens behind the page's buttons: reading, composing, rendering, keeping the files."""

import errno
import functools
import inspect
import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from posterbeat.errors import PosterBeatError, SaveError
from posterbeat.pipeline import PosterBeat, Track
from posterbeat.ui.components.piano_roll import roll_value
from posterbeat.ui.link import link_to
from posterbeat.ui.page import text
from posterbeat.ui.played import play
from posterbeat.ui.server.request_filter import place
from posterbeat.ui.server.uploads import folder

# The posters drawn for this project, one a genre; an installed package comes without them.
EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples" / "posters").glob("*.jpg"))
_REFRESH = 0.12  # seconds between two reports of progress: enough to see it move
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_log = logging.getLogger(__name__)


class Stopped(Exception):
    """The visitor pressed Stop, or left, or the server is being stopped."""


class Studio:
    """One PosterBeat for all visitors, loaded in the background, and what each visitor is doing with it.

    Parameters
    ----------
    load
        Makes the PosterBeat. It runs in a thread, so that the page answers before the models are there.
    """

    def __init__(self, load: Callable[[], PosterBeat] = PosterBeat.load):
        self._beat: Future[PosterBeat] = Future()
        self._turns: dict[str, tuple[int, threading.Event]] = {}  # by session: the work asked for last, and its stop signal
        self._numbers = itertools.count(1)
        self._ending = threading.Event()
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

    def take(
        self,
        path: str | None,
        reading: dict | None,
        mix: str | dict | None,
        report: Callable[[int, str, float | None], None],
        stop: threading.Event,
        **controls: Any,
    ) -> dict[str, Any]:
        """Compose and render one take; every step is reported as (index into text.STEPS, text, share done)."""

        def progress(done: int, total: int) -> None:
            self.go_on(stop)
            report(1, f"{done} of {total} notes", done / total)

        own = mix is None
        if own:
            report(0, "Looking at the poster", None)
            reading = reading if reading and reading["path"] == path else self.read(path)
            mix = reading["probabilities"]
        report(1, "Waking the composer", 0.0)
        track = self.beat.compose(mix, progress=progress, **controls)

        def playing(share: float) -> None:
            self.go_on(stop)
            report(2, "The orchestra plays", share)

        playing(0.0)
        renderer = play(track, playing)
        return keep(track, renderer, path, own)

    def ask(self, session: str) -> int:
        """Number of a visitor's new piece of work, which may have to wait; whatever the visitor had asked for is stopped."""
        self.stop(session)
        turn = next(self._numbers)
        self._turns[session] = (turn, threading.Event())
        return turn

    def begin(self, session: str, turn: int) -> threading.Event | None:
        """Stop signal of a piece of work whose turn has come; None if it was stopped while it waited."""
        latest, signal = self._turns.get(session, (None, None))
        return signal if latest == turn else None

    def overtaken(self, session: str, turn: int) -> bool:
        """Whether the visitor has asked for another piece of work meanwhile."""
        return self._turns.get(session, (turn,))[0] != turn

    def stop(self, session: str) -> None:
        """Stop what a visitor has running or waiting."""
        _, signal = self._turns.pop(session, (None, None))
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


def keep(track: Track, renderer: str, poster: str | None = None, own: bool = False) -> dict[str, Any]:
    """Write a track's MIDI and WAV and describe it in plain values, as a visitor's session keeps it.

    `renderer` names what played it; `own` says that the mixture is the poster's own reading.
    """
    genre = max(track.genre_mix, key=track.genre_mix.get)
    stem = folder() / f"posterbeat-{genre}-{track.seed}"
    midi, wav = track.save(stem.with_suffix(".mid")), track.save(stem.with_suffix(".wav"))
    named = {name: value for name, value in (track.controls or {}).items() if value is not None}
    wish = {
        **(track.controls or {}),
        "mix": track.genre_mix,
        "notes": len(track.score),
        "temperature": track.temperature,
        "seed": track.seed,
        "composer": None if track.composer == text.OURS else track.composer,
        "poster": poster,
        "own": own,
    }
    title = text.title(track.genre_mix) if track.composer == text.OURS else text.STUDY
    said = {"tempo": "{:.0f} beats a minute", "density": "density {:.2f}"}
    return {
        "seed": track.seed,
        "genre": genre,
        "composer": track.composer,
        "mix": track.genre_mix,
        "notes": len(track.score),
        "temperature": track.temperature,
        "seconds": round(len(track.audio) / track.sample_rate, 3),
        "controls": ", ".join(said.get(name, "{}").format(value) for name, value in named.items()),
        "renderer": renderer,
        "midi": str(midi),
        "wav": str(wav),
        "poster": poster,
        "link": link_to(wish, EXAMPLES),
        "roll": roll_value(track.score, wav, title),
    }


def convert(take: dict[str, Any], suffix: str) -> str:
    """A kept take as another file, .mp3, .mp4 (with the poster) or .musicxml; made once.

    Raises
    ------
    PosterBeatError
        The take's files were removed meanwhile, or the file could not be written.
    """
    import pretty_midi
    import soundfile

    from posterbeat.audio.export import save
    from posterbeat.poster import open_poster

    target = Path(take["midi"]).with_suffix(suffix)
    if not target.exists():
        try:
            samples, rate = soundfile.read(take["wav"], dtype="int16", always_2d=True)
            midi = pretty_midi.PrettyMIDI(take["midi"])
        except (OSError, soundfile.LibsndfileError) as error:
            raise PosterBeatError(text.GONE) from error
        poster = open_poster(take["poster"]) if suffix == ".mp4" and take["poster"] else None
        save(target, midi, samples, rate, poster=poster)
    return str(target)


def engraved(take: dict[str, Any]) -> str:
    """A kept take as sheet music, in HTML.

    Raises
    ------
    PosterBeatError
        The take's files were removed meanwhile, or it could not be engraved.
    """
    from posterbeat.music.score import Score
    from posterbeat.music.sheet import engrave, to_musicxml

    if not Path(take["midi"]).exists():
        raise PosterBeatError(text.GONE)
    pages = engrave(to_musicxml(Score.from_midi(take["midi"]), take["roll"]["title"]))
    return text.sheet(pages)


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


def spoken(function: Callable) -> Callable:
    """A handler whose errors reach the visitor, or the client, as a sentence: a PosterBeatError's own, or that it failed."""
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def handler(*args, **kwargs):
            try:
                yield from function(*args, **kwargs)
            except Exception as error:
                raise _told(error) from error
    else:

        @functools.wraps(function)
        def handler(*args, **kwargs):
            try:
                return function(*args, **kwargs)
            except Exception as error:
                raise _told(error) from error

    return handler


def _told(error: Exception) -> gr.Error:
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, SaveError) or getattr(error, "errno", None) in _NO_ROOM:  # whose own words tell the server's folders
        sentence = text.NO_ROOM
    elif isinstance(error, PosterBeatError):
        sentence = str(error)
    elif isinstance(error, Stopped):
        sentence = text.ENDING
    else:
        sentence = text.FAULT
        _log.error("A request failed: %s", place(error))
    return gr.Error(sentence, title="That did not work", print_exception=False)
