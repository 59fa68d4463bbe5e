"""A piece that is heard while it is played, and played while it is written."""

import logging
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pretty_midi

from posterbeat.audio.command import play_by_command
from posterbeat.audio.fluidsynth import SAMPLE_RATE, library
from posterbeat.audio.levelling import gains_of
from posterbeat.audio.mixdown import mixdown
from posterbeat.audio.performance import Performance
from posterbeat.audio.playing import Playing
from posterbeat.audio.soundfonts import asked_for, bundled, installed
from posterbeat.audio.stems import Stems, StemWriter
from posterbeat.audio.symusic_renderer import sample
from posterbeat.errors import RenderError

_LONGEST = 3600.0   # seconds; keeps memory below two gigabytes
_SILENT_DB = -60.0  # FluidSynth's program writes noise near -84 dBFS when it has nothing to play
_SLACK = 0.25       # seconds a rendering may be shorter than its score
_BLOCK = 1 << 14    # samples handed on at a time where all of them are there at once

_log = logging.getLogger(__name__)


class Stream:
    """A piece being played; the same notes give the same bytes, however slowly they come.

    FluidSynth's library plays as soon as notes are fed. Where there is none, or it fails before the first sound, another
    renderer plays all once the piece is whole: FluidSynth's program, or symusic's sampler.

    Parameters
    ----------
    outline
        All who will play, and notes about as loud as the piece's; for a finished piece, itself.
    soundfont
        An SF2 or SF3 file; see `soundfonts`.
    stems
        Whether each part's own sound is kept.
    time_limit
        Seconds after which FluidSynth's program is stopped; default 60 and the score's length.

    Attributes
    ----------
    renderer : str, what plays, such as "FluidSynth with FluidR3_GM"
    stems : Stems or None, whole when the piece is

    Raises
    ------
    RenderError
        The soundfont cannot be read.
    """

    def __init__(self, outline: Performance, *, soundfont: str | Path | None = None, stems: bool = False,
                 time_limit: float | None = None):
        self._font, self._limit = asked_for(soundfont), time_limit
        self.renderer = renderer_name(soundfont)
        self.stems = Stems.for_parts(tuple(seat.name for seat in outline.seats)) if stems else None
        self._whole: Performance | None = None
        self._failure: BaseException | None = None
        self._told = threading.Event()
        self._playing: Playing | None = None
        if library():
            try:
                self._playing = Playing(outline, self._font or installed(), self.stems.folder if stems else None)
            except RenderError as error:
                self._fall_back(error)

    def feed(self, performance: Performance, until: float | None = None) -> None:
        """Say what is known of the piece: its notes so far, and the second before which no more are added (None: it is whole).

        Raises
        ------
        RenderError
            It is whole and longer than an hour, or of no length.
        """
        if until is None:
            if not 0 < performance.seconds <= _LONGEST:
                raise RenderError(f"A score of {performance.seconds:.0f} s cannot be rendered: choose a length above 0 and up to "
                                  f"{_LONGEST:.0f} s.")
            self._whole = performance
            self._told.set()
        if self._playing:
            self._playing.feed(performance, until)

    def fail(self, error: BaseException) -> None:
        """End it with an error of whoever writes the piece."""
        self._failure = error
        self._told.set()
        self.close()

    def close(self) -> None:
        """End it, wherever it is."""
        if self._playing:
            self._playing.stop()

    def blocks(self) -> Iterator[np.ndarray]:
        """np.ndarray of int16, shape (samples, 2), peaks at -1 dBFS at most: blocks as they are ready.

        Raises
        ------
        RenderError
            Silence from every renderer, or FluidSynth failed in the midst of the piece.
        """
        begun = False
        if self._playing:
            try:
                for block in self._playing.blocks():
                    begun = True
                    yield block
                return
            except RenderError as error:
                if self._failure:
                    raise self._failure from None
                if begun:
                    raise
                self._fall_back(error)
        self._told.wait()
        if self._failure:
            raise self._failure
        samples = self._play_whole()
        for start in range(0, len(samples), _BLOCK):
            yield samples[start:start + _BLOCK]

    def _fall_back(self, error: Exception) -> None:
        _log.warning("%s The sampler plays instead.", error)
        self._playing, self.renderer = None, "symusic, as FluidSynth failed"

    def _play_whole(self) -> np.ndarray:
        """int16 (n, 2), by what plays MIDI whole."""
        midi = self._whole.to_midi()
        seconds = midi.get_end_time()
        play = self._sampler
        if not library() and shutil.which("fluidsynth"):
            play = self._command
            try:
                sound = _checked(play(midi), seconds, "FluidSynth")
            except (RenderError, OSError) as error:  # OSError: no room for the files between us and FluidSynth
                self._fall_back(error)
                play = self._sampler
        if play == self._sampler:
            sound = _checked(play(midi), seconds, "symusic")
        gains = gains_of(sound, seconds, SAMPLE_RATE)
        if self.stems:
            parts = []
            for track in midi.instruments:
                alone = pretty_midi.PrettyMIDI(resolution=midi.resolution, initial_tempo=120.0)
                alone.instruments = [track]
                parts.append(_levelled(play(alone), gains))
            writer = StemWriter(self.stems.folder)
            writer.write(np.stack(parts))
            writer.close()
        return _levelled(sound, gains)

    def _command(self, midi: pretty_midi.PrettyMIDI) -> np.ndarray:
        limit = 60 + midi.get_end_time() if self._limit is None else self._limit
        return play_by_command(mixdown(midi), self._font or installed(), limit)

    def _sampler(self, midi: pretty_midi.PrettyMIDI) -> np.ndarray:
        return sample(mixdown(midi), self._font or bundled(), SAMPLE_RATE, loudest=int(self._whole.velocity.max()))


def renderer_name(soundfont: str | Path | None = None) -> str:
    """Which renderer and soundfont are tried first, such as "FluidSynth with FluidR3_GM".

    Raises
    ------
    RenderError
        The soundfont asked for cannot be read, or there is none at all.
    """
    chosen = asked_for(soundfont)
    if library() or shutil.which("fluidsynth"):
        return f"FluidSynth with {(chosen or installed()).stem}"
    return f"symusic with {(chosen or bundled()).stem}"


def _levelled(sound: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """int16 of float, (samples, 2), as long as `gains`."""
    fitted = np.zeros((len(gains), 2), np.float32)
    fitted[:len(sound)] = sound[:len(gains)]
    return np.rint(np.clip(fitted * gains[:, None], -1, 1) * 32767).astype(np.int16)


def _checked(sound: np.ndarray, seconds: float, renderer: str) -> np.ndarray:
    played = len(sound) / SAMPLE_RATE
    if played < seconds - _SLACK:
        raise RenderError(f"{renderer} played {played:.1f} s of {seconds:.1f} s: try another soundfont.")
    if not np.isfinite(sound).all():
        raise RenderError(f"{renderer} delivered a damaged sound: try another soundfont.")
    if np.abs(sound).max() < 10 ** (_SILENT_DB / 20):
        raise RenderError(f"{renderer} delivered silence: the soundfont may hold no instruments, try another.")
    return sound
