"""Sampler: plays a score from Python wheels alone, where there is no FluidSynth."""

import io
from pathlib import Path

import numpy as np
import pretty_midi

from posterbeat.audio.seats import PAN, REVERB, VOLUME
from posterbeat.errors import RenderError

_QUALITY = 2  # of symusic 0.5.9: 4 takes five times as long and sounds the same, 1 is rough, 5 and more are silent
_RING = 3.0  # seconds kept after the last note's end, in which notes and reverb fade
_VELOCITY_STEP_DB = 3.0
_CHUNK = 1 << 14  # samples mixed at a time, few enough to stay in the processor's cache


def sample(midi: pretty_midi.PrettyMIDI, soundfont: Path, sample_rate: int, loudest: int | None = None) -> np.ndarray:
    """Play a mixed-down score with symusic's sampler.

    That sampler knows neither velocity nor controllers, so each track is played once for every step of 3 dB of
    velocity, then placed with the track's volume, pan and reverb as it is added to the mix.

    Parameters
    ----------
    loudest
        The velocity that sounds in full; of the whole piece, where `midi` is one part of it.

    Returns
    -------
    np.ndarray of float32, shape (samples, 2)

    Raises
    ------
    RenderError
        symusic is missing or has no working sampler (0.6.0), or the soundfont cannot be read.
    """
    try:
        from symusic import Score as SymusicScore
        from symusic import Synthesizer
    except ImportError as error:
        raise RenderError("No renderer is installed: install fluidsynth, or `pip install symusic==0.5.9`.") from error

    length = int(np.ceil((midi.get_end_time() + _RING) * sample_rate))
    dry, wet = (np.zeros((length, 2), np.float32) for _ in range(2))
    loudest = loudest or max(note.velocity for track in midi.instruments for note in track.notes)
    try:
        synthesizer = Synthesizer(sf_path=str(soundfont), sample_rate=sample_rate, quality=_QUALITY)
        for track in midi.instruments:
            # FluidSynth's curves: amplitude grows with the square of velocity and of volume, pan has equal power.
            angle = np.pi / 2 * _controller(track, PAN, 64) / 127
            place = np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)], np.float32)
            place *= (_controller(track, VOLUME, 100) / 127) ** 2
            send = np.float32(_controller(track, REVERB, 40) / 127)
            for level, notes in _by_level(track.notes, loudest).items():
                part = _part(midi, track, notes, length / sample_rate)
                sound = np.asarray(synthesizer.render(SymusicScore.from_midi(part), stereo=True), np.float32).T
                gains = (place * 10 ** (level / 20)).astype(np.float32)
                for start in range(0, min(length, len(sound)), _CHUNK):
                    here = slice(start, min(length, len(sound), start + _CHUNK))
                    placed = gains * sound[here]
                    dry[here] += placed
                    wet[here] += send * placed
    except (RuntimeError, TypeError, ValueError) as error:
        raise RenderError(f"symusic could not play {soundfont.name} ({type(error).__name__}): install fluidsynth, "
                          "or symusic 0.5.9 and a readable SF2 soundfont.") from error
    return dry + reverberate(wet, sample_rate)


def reverberate(sound: np.ndarray, sample_rate: int, seconds: float = 1.8) -> np.ndarray:
    """Sound of a small hall without the direct sound, for (samples, 2) float32, same shape.

    The hall is exponentially decaying noise, one stream a side (J. A. Moorer, "About This Reverberation
    Business", Computer Music Journal 3(2), 1979), darker the longer it rings, after 15 ms of pre-delay.
    """
    size, delay = int(seconds * sample_rate), int(0.015 * sample_rate)
    rng = np.random.default_rng(1979)  # a fixed hall: the same score always sounds the same
    time = np.arange(size) / sample_rate
    noise = rng.standard_normal((2, size))
    dark = (noise + np.roll(noise, 1, 1) + np.roll(noise, 2, 1) + np.roll(noise, 3, 1)) / 2
    blend = np.exp(-time / 0.15)
    hall = (blend * noise + (1 - blend) * dark) * 10 ** (-3 * time / seconds)  # -60 dB at the end
    hall *= 0.5 / np.sqrt((hall ** 2).sum(1, keepdims=True))
    hall = np.pad(hall, ((0, 0), (delay, 0))).astype(np.float32)

    block = (1 << 18) - hall.shape[1] + 1  # overlap-add, so that memory does not grow with the piece
    spectrum = np.fft.rfft(hall, 1 << 18)
    out = np.zeros((len(sound) + (1 << 18), 2), np.float32)
    for start in range(0, len(sound), block):
        piece = np.fft.irfft(np.fft.rfft(sound[start:start + block].T, 1 << 18) * spectrum, 1 << 18)
        out[start:start + (1 << 18)] += piece.T
    return out[:len(sound)]


def _controller(track: pretty_midi.Instrument, number: int, default: int) -> int:
    return next((change.value for change in track.control_changes if change.number == number), default)


def _by_level(notes: list[pretty_midi.Note], loudest: int) -> dict[float, list[pretty_midi.Note]]:
    """Notes by level in dB below the piece's loudest note, in steps of 3 dB, loudest first."""
    levels: dict[float, list[pretty_midi.Note]] = {}
    for note in sorted(notes, key=lambda note: -note.velocity):
        decibels = 40 * np.log10(max(1, note.velocity) / max(1, loudest))
        levels.setdefault(float(_VELOCITY_STEP_DB * np.round(decibels / _VELOCITY_STEP_DB)), []).append(note)
    return levels


def _part(midi: pretty_midi.PrettyMIDI, track: pretty_midi.Instrument, notes: list, end: float) -> bytes:
    """MIDI bytes of some of a track's notes. The sampler stops at the last note's end and cuts what still rings:
    one more note, after the kept length, holds it open and is never heard."""
    part = pretty_midi.PrettyMIDI(resolution=1000, initial_tempo=120.0)
    only = pretty_midi.Instrument(track.program, track.is_drum)
    only.notes = [*notes, pretty_midi.Note(1, 60, end + 0.01, end + 0.02)]
    part.instruments.append(only)
    buffer = io.BytesIO()
    part.write(buffer)
    return buffer.getvalue()
