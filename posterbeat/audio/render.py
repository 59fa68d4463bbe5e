"""Render: a score becomes sound, and the sound is checked before anybody hears it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pretty_midi

from posterbeat.audio.fluidsynth import SAMPLE_RATE
from posterbeat.audio.mp3 import Mp3
from posterbeat.audio.performance import Performance
from posterbeat.audio.stems import Stems
from posterbeat.audio.stream import Stream


@dataclass(frozen=True, eq=False)
class Rendering:
    """A piece as sound.

    Attributes
    ----------
    samples : np.ndarray of int16, shape (samples, 2)
    sample_rate : int, Hz
    renderer : str, what played it, such as "FluidSynth with FluidR3_GM"
    stems : Stems or None, what each part played, where it was kept
    mp3 : bytes or None, the piece as an MP3 file, where it was encoded while it was played
    """

    samples: np.ndarray
    sample_rate: int
    renderer: str
    stems: Stems | None = None
    mp3: bytes | None = None

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


class Recording:
    """Keeps what a stream plays while somebody listens to it, as an MP3 too if asked to.

    Raises
    ------
    RenderError
        There is no encoder for MP3.
    """

    def __init__(self, stream: Stream, mp3: bool = False):
        self._stream, self._encoder, self._blocks = stream, Mp3(SAMPLE_RATE) if mp3 else None, []

    def blocks(self) -> Iterator[np.ndarray]:
        """As `Stream.blocks`."""
        for block in self._stream.blocks():
            self._blocks.append(block)
            if self._encoder:
                self._encoder.write(block)
            yield block

    def rendering(self) -> Rendering:
        """What was played, once all of it was."""
        mp3 = self._encoder.finish() if self._encoder else None
        return Rendering(np.concatenate(self._blocks), SAMPLE_RATE, self._stream.renderer, self._stream.stems, mp3)


def render(
    music: pretty_midi.PrettyMIDI | Performance,
    *,
    outline: Performance | None = None,
    soundfont: str | Path | None = None,
    stems: bool = False,
    mp3: bool = False,
    time_limit: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Rendering:
    """Play music to its end; the same music gives the same bytes on the same machine.

    FluidSynth's library plays it. Where there is none, or it fails, hangs, or delivers silence, FluidSynth's program or
    symusic's sampler does, with the soundfont that was asked for or else the small one inside pretty_midi.

    Parameters
    ----------
    music
        A performance (see `perform`), or MIDI, which is played to the letter and not changed.
    outline
        What its level is found from, where that is not `music` itself (see `Stream`).
    soundfont
        An SF2 or SF3 file. Without it the environment's POSTERBEAT_SOUNDFONT, then the first of `soundfonts.SOUNDFONTS`
        that exists, then pretty_midi's own TimGM6mb.
    stems
        Whether what each part played is kept.
    mp3
        Whether it is encoded while it is played.
    time_limit
        Seconds after which FluidSynth's program is stopped; default 60 and the score's length.
    progress
        Called with the share that was played, 0 to 1, some times a second; an exception that it raises stops the work.

    Returns
    -------
    Rendering : peaks at -1 dBFS at most, never shorter than the score, at 44100 Hz

    Raises
    ------
    RenderError
        No note in the score, a score longer than an hour, no readable soundfont, silence from every renderer, or no encoder.
    """
    performance = music if isinstance(music, Performance) else Performance.of_midi(music)
    stream = Stream(outline or performance, soundfont=soundfont, stems=stems, time_limit=time_limit)
    recording, done = Recording(stream, mp3), 0
    try:
        stream.feed(performance)
        for block in recording.blocks():
            done += len(block)
            if progress:
                progress(min(1.0, done / (performance.seconds * SAMPLE_RATE)))
    finally:
        stream.close()
    return recording.rendering()
