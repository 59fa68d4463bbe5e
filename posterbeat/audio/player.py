"""The process that plays: FluidSynth's library on two cores, then levelling, out of harm's way of whoever asked for it.

It is told on standard input in lines of JSON what to play (`playing.Playing` says it) and answers on standard output in
frames: a letter, a length in four bytes, and so many bytes. S is sound, int16 (samples, 2); E an error's sentence, which
ends it; D that all is done.
"""

import contextlib
import json
import os
import queue
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from posterbeat.audio.fluidsynth import BLOCK, SAMPLE_RATE, Synthesiser
from posterbeat.audio.levelling import Limiter, along, ending, gain_of, peaks_of
from posterbeat.audio.seats import Seat
from posterbeat.errors import RenderError

CHUNK = 256  # blocks played at a time, 0.37 s; always the same, so that the last bit does not depend on how fast notes come
RING = 3.0  # seconds after the last note's end in which notes and halls fade
SURE = 0.06  # seconds before the last known note's end in which the piece's ending might begin to fade
_REHEARSED = 8  # chunks: a second before the loudest passage, and its two seconds
_PASSAGE = slice(SAMPLE_RATE, _REHEARSED * CHUNK * BLOCK)  # of these
_INAUDIBLE = 1e-6  # of full scale: a soundfont that holds no sound is no louder
_AHEAD = 4  # chunks that a desk may play before the others


class Feed:
    """What is known of the piece so far; it grows while it is played."""

    def __init__(self):
        self._changed = threading.Condition()
        self._events: list[np.ndarray] = [np.zeros((0, 4), np.int64)]
        self._until, self.sure, self.end = 0, 0, None

    def add(self, news: dict[str, Any]) -> None:
        """Events before the block `until`; `sure` seconds have passed before the last of them ends; `end` is the piece's."""
        with self._changed:
            self._events.append(np.array(news["events"], np.int64).reshape(-1, 4))
            self._until, self.sure, self.end = news["until"], int(news["sure"] * SAMPLE_RATE), news["end"]
            self._changed.notify_all()

    @property
    def chunks(self) -> int | None:
        """How many the piece has, with its tail; None while its end is not known."""
        return None if self.end is None else -(-int((self.end + RING) * SAMPLE_RATE) // (CHUNK * BLOCK))

    def chunk(self, number: int) -> np.ndarray | None:
        """Events of a chunk, once they are all known; None after the last."""
        start, stop = number * CHUNK, (number + 1) * CHUNK
        with self._changed:
            self._changed.wait_for(lambda: self.end is not None or self._until >= stop)
            if self.chunks is not None and number >= self.chunks:
                return None
            if len(self._events) > 1:
                self._events = [np.concatenate(self._events)]
            first, last = np.searchsorted(self._events[0][:, 0], (start, stop))
            return self._events[0][first:last]


class Desk(threading.Thread):
    """Some of the seats, played in a thread of their own: what they play lies in `sounds`, chunk by chunk.

    The first is the rehearsal of the loudest passage.
    """

    def __init__(self, soundfont: Path, seats: tuple[Seat, ...], mine: list[int], rehearsal: np.ndarray, feed: Feed,
                 turns: threading.Semaphore):
        super().__init__(daemon=True)
        self.mine, self._turns = mine, turns
        self.sounds: queue.Queue = queue.Queue(_AHEAD)
        self._soundfont, self._seats, self._feed = soundfont, tuple(seats[seat] for seat in mine), feed
        self._local = np.full(len(seats), -1)
        self._local[mine] = np.arange(len(mine))
        self._rehearsal = self._own(rehearsal)

    def _own(self, events: np.ndarray) -> np.ndarray:
        events = events[self._local[events[:, 1]] >= 0]
        return np.column_stack([events[:, 0], self._local[events[:, 1]], events[:, 2:]])

    def run(self) -> None:
        try:
            trial = Synthesiser(self._soundfont, self._seats)
            self.sounds.put(self._play(trial, self._rehearsal, 0, CHUNK * _REHEARSED))
            trial.close()
            synthesiser, number = Synthesiser(self._soundfont, self._seats), 0
            while (events := self._feed.chunk(number)) is not None:
                self.sounds.put(self._play(synthesiser, self._own(events), number * CHUNK, CHUNK))
                number += 1
            self.sounds.put(None)
        except BaseException as error:
            self.sounds.put(error)

    def _play(self, synthesiser: Synthesiser, events: np.ndarray, first: int, blocks: int) -> np.ndarray:
        with self._turns:
            return synthesiser.play(events, first, blocks)


class Mixing:
    """Sound of all seats, levelled as it comes; each seat's own is kept beside the mix where `stems` are wanted."""

    def __init__(self, gain: float, stems: bool):
        self._gain, self._stems, self._limiter = np.float32(gain), stems, Limiter()
        self._waiting: np.ndarray | None = None

    def push(self, parts: np.ndarray, last: bool) -> np.ndarray:
        """Levelled sound: (parts, 2, n) -> (2, m), with stems (2 + 2 * parts, m), the mix first; it lags by 13 ms."""
        mix = parts.sum(0, dtype=np.float32)
        sound = np.concatenate([mix, parts.reshape(-1, mix.shape[1])]) if self._stems else mix
        sound *= self._gain
        edges = self._limiter.push(peaks_of(sound[:2]), last)
        waiting = sound if self._waiting is None else np.concatenate([self._waiting, sound], axis=1)
        decided = (len(edges) - 1) * BLOCK
        self._waiting = waiting[:, decided:].copy()
        return waiting[:, :decided] * along(edges)


def _threads() -> int:
    """How many desks may play at once, 0 for all: as many as whoever started this process computes with."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdecimal() else 0


def play(order: dict[str, Any], feed: Feed) -> Iterator[np.ndarray]:
    """Sound as it is ready: float32, (2, samples), or with stems (2 + 2 * parts, samples); 1 is full scale.

    Raises
    ------
    RenderError
        The soundfont cannot be loaded, or delivers silence or a damaged sound.
    """
    seats = tuple(Seat(**seat) for seat in order["seats"])
    rehearsal = np.array(order["rehearsal"], np.int64).reshape(-1, 4)
    turns = threading.Semaphore(_threads() or len(order["desks"]))
    desks = [Desk(Path(order["soundfont"]), seats, mine, rehearsal, feed, turns) for mine in order["desks"]]
    for desk in desks:
        desk.start()
    where = np.argsort([seat for desk in desks for seat in desk.mine])
    passage = _together(desks, where).sum(0)[:, _PASSAGE]
    if not np.isfinite(passage).all():
        raise RenderError("FluidSynth delivered a damaged sound: try another soundfont.")
    if np.abs(passage).max() < _INAUDIBLE:
        raise RenderError("FluidSynth delivered silence: the soundfont may hold no instruments, try another.")
    stems = bool(order["stems"])
    mixing, given, number = Mixing(gain_of(passage), stems), 0, 0
    held = np.zeros((2 + 2 * len(seats) * stems, 0), np.float32)
    while (parts := _together(desks, where)) is not None:
        number += 1
        held = np.concatenate([held, mixing.push(parts, last=number == feed.chunks)], axis=1)
        sure = min(held.shape[1], max(0, feed.sure - given))
        if sure:
            given += sure
            yield held[:, :sure]
            held = held[:, sure:]
    factors = ending(held[:2], int(np.ceil(feed.end * SAMPLE_RATE)) - given, SAMPLE_RATE)
    yield held[:, :len(factors)] * factors.astype(np.float32)


def samples_of(sound: np.ndarray) -> np.ndarray:
    """int16 (samples, 2) of float (2, samples)."""
    return np.ascontiguousarray(np.rint(np.clip(sound, -1, 1) * np.float32(32767)).astype("<i2").T)


def _together(desks: list[Desk], where: np.ndarray) -> np.ndarray | None:
    """What all desks play next, (parts, 2, n) in the order of the seats; None after the end."""
    sounds = [desk.sounds.get() for desk in desks]
    for sound in sounds:
        if isinstance(sound, BaseException):
            raise sound
    return None if sounds[0] is None else np.concatenate(sounds)[where]


def _listen(line: BinaryIO, feed: Feed) -> None:
    for news in line:
        feed.add(json.loads(news))
    if feed.end is None:
        os._exit(1)  # whoever asked has gone


def _say(line: BinaryIO, letter: bytes, what: bytes = b"") -> None:
    line.write(struct.pack(">cI", letter, len(what)) + what)
    line.flush()


class StemFiles(threading.Thread):
    """Writes what each part plays, beside those who play."""

    def __init__(self, folder: str):
        super().__init__(daemon=True)
        from posterbeat.audio.stems import StemWriter  # only where it is needed: loading what writes takes a while

        self._writer = StemWriter(Path(folder))
        self._sounds: queue.Queue = queue.Queue(_AHEAD)
        self._failure: Exception | None = None
        self.start()

    def write(self, sound: np.ndarray | None) -> None:
        """Float, (2 * parts, samples)."""
        self._sounds.put(sound)

    def close(self) -> None:
        """Return once all is written.

        Raises
        ------
        RenderError
            There is no room for it.
        """
        self.write(None)
        self.join()
        if self._failure:
            from posterbeat.audio.stems import NO_ROOM

            raise RenderError(NO_ROOM) from self._failure

    def run(self) -> None:
        while (sound := self._sounds.get()) is not None:
            if not self._failure:
                self._try(lambda sound=sound: self._writer.write(
                    np.stack([samples_of(sound[row:row + 2]) for row in range(0, len(sound), 2)])))
        if not self._failure:
            self._try(self._writer.close)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._failure = error


def main() -> None:
    asked, answers, feed = sys.stdin.buffer, sys.stdout.buffer, Feed()
    order = json.loads(asked.readline())
    threading.Thread(target=_listen, args=(asked, feed), daemon=True).start()
    try:
        files = StemFiles(order["stems"]) if order["stems"] else None
        for sound in play(order, feed):
            _say(answers, b"S", samples_of(sound[:2]).tobytes())
            if files:
                files.write(sound[2:])
        if files:
            files.close()
        _say(answers, b"D")
    except (RenderError, OSError) as error:
        with contextlib.suppress(OSError):  # whoever asked has gone
            _say(answers, b"E", str(error).encode())
    os._exit(0)  # desks may still be waiting


if __name__ == "__main__":
    main()
