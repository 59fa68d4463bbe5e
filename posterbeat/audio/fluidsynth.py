"""FluidSynth's library: several parts played side by side from one soundfont, each heard apart.

Its own hall and chorus are kept for each part, which costs little, so that the parts add up to the whole.
"""

import ctypes
from ctypes.util import find_library
from functools import cache
from pathlib import Path

import numpy as np

from posterbeat.audio.seats import CHORUS, PAN, REVERB, VOLUME, Seat
from posterbeat.errors import RenderError
from posterbeat.instruments import DRUMS

SAMPLE_RATE = 44100
BLOCK = 64  # samples: FluidSynth begins and ends notes on this grid
_GAIN = 0.2  # FluidSynth's usual one
_VOICES = 1024  # enough that none is stolen: then the parts add up
_NAMES = ("fluidsynth", "fluidsynth-3", "libfluidsynth-3")  # of the library on Linux and macOS, and on Windows
_SETTINGS = {
    b"synth.polyphony": _VOICES, b"synth.cpu-cores": 1,  # more cores would add sounds in an order that differs each time
    b"synth.dynamic-sample-loading": 1,  # only the instruments that play, not the whole font, are read
}


@cache
def library() -> ctypes.CDLL | None:
    """FluidSynth's library with its functions declared; None where it is not installed, or too old."""
    found = next(filter(None, map(find_library, _NAMES)), None)
    if found is None:
        return None
    pointer, whole, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    try:
        fluid = ctypes.CDLL(found)
        for name, gives, takes in (
            ("new_fluid_settings", pointer, ()), ("delete_fluid_settings", None, (pointer,)),
            ("fluid_settings_setint", whole, (pointer, text, whole)),
            ("fluid_settings_setnum", whole, (pointer, text, ctypes.c_double)),
            ("new_fluid_synth", pointer, (pointer,)), ("delete_fluid_synth", None, (pointer,)),
            ("fluid_synth_sfload", whole, (pointer, text, whole)),
            ("fluid_synth_set_channel_type", whole, (pointer, whole, whole)),
            ("fluid_synth_program_change", whole, (pointer, whole, whole)),
            ("fluid_synth_chorus_on", whole, (pointer, whole, whole)),  # of a part alone, since version 2.2
            ("fluid_synth_cc", whole, (pointer, whole, whole, whole)),
            ("fluid_synth_noteon", whole, (pointer, whole, whole, whole)),
            ("fluid_synth_noteoff", whole, (pointer, whole, whole)),
            ("fluid_synth_process", whole, (pointer, whole, whole, pointer, whole, pointer)),
        ):
            function = getattr(fluid, name)
            function.restype, function.argtypes = gives, takes
    except (OSError, AttributeError):
        return None
    return fluid


class Synthesiser:
    """Players on their seats, silent at first.

    Parameters
    ----------
    soundfont : an SF2 or SF3 file
    seats : tuple of Seat, at least one

    Raises
    ------
    RenderError
        The soundfont cannot be loaded.
    """

    def __init__(self, soundfont: Path, seats: tuple[Seat, ...]):
        self._fluid, self._parts = library(), len(seats)
        self._settings = self._fluid.new_fluid_settings()
        for name, value in _SETTINGS.items():
            self._fluid.fluid_settings_setint(self._settings, name, value)
        for name in (b"synth.audio-channels", b"synth.audio-groups", b"synth.effects-groups"):
            self._fluid.fluid_settings_setint(self._settings, name, self._parts)
        self._fluid.fluid_settings_setint(self._settings, b"synth.midi-channels", -(-self._parts // 16) * 16)
        self._fluid.fluid_settings_setnum(self._settings, b"synth.sample-rate", SAMPLE_RATE)
        self._fluid.fluid_settings_setnum(self._settings, b"synth.gain", _GAIN)
        self._synth = self._fluid.new_fluid_synth(self._settings)
        if not self._synth or self._fluid.fluid_synth_sfload(self._synth, str(soundfont).encode(), 1) < 0:
            self.close()
            raise RenderError(f"FluidSynth cannot load the soundfont {soundfont.name}: try another.")
        for channel, seat in enumerate(seats):
            drums = seat.program == DRUMS
            self._fluid.fluid_synth_set_channel_type(self._synth, channel, int(drums))
            self._fluid.fluid_synth_program_change(self._synth, channel, 0 if drums else seat.program)
            if not seat.chorus:
                self._fluid.fluid_synth_chorus_on(self._synth, channel, 0)  # a third of what an idle part costs
            for number, value in ((VOLUME, seat.volume), (PAN, seat.pan), (REVERB, seat.reverb), (CHORUS, seat.chorus)):
                self._fluid.fluid_synth_cc(self._synth, channel, number, value)

    def play(self, events: np.ndarray, start: int, blocks: int) -> np.ndarray:
        """Go on for some blocks.

        Parameters
        ----------
        events : np.ndarray of int, shape (n, 4), in order: block, seat, pitch, velocity (0 ends the note); those after the
            last block that is played are left out
        start : the block that comes next, as `events` count them
        blocks : how many

        Returns
        -------
        np.ndarray of float32, shape (parts, 2, blocks * 64)
        """
        sound = np.zeros((self._parts, 2, blocks * BLOCK), np.float32)
        here = 0
        for block, seat, pitch, velocity in events[events[:, 0] < start + blocks].tolist():
            if block - start > here:
                self._process(sound, here, block - start)
                here = block - start
            if velocity:
                self._fluid.fluid_synth_noteon(self._synth, seat, pitch, velocity)
            else:
                self._fluid.fluid_synth_noteoff(self._synth, seat, pitch)
        self._process(sound, here, blocks)
        return sound

    def _process(self, sound: np.ndarray, begin: int, end: int) -> None:
        if end <= begin:
            return
        row = sound.strides[1]
        sides = [sound.ctypes.data + begin * BLOCK * sound.itemsize + row * side for side in range(2 * self._parts)]
        dry = (ctypes.c_void_p * len(sides))(*sides)
        # Hall and chorus of each part, left and right, are added to its own sound.
        wet = (ctypes.c_void_p * (2 * len(sides)))(*(side for part in range(self._parts)
                                                     for side in 2 * sides[2 * part:2 * part + 2]))
        if self._fluid.fluid_synth_process(self._synth, (end - begin) * BLOCK, len(wet), wet, len(dry), dry):
            raise RenderError("FluidSynth stopped playing.")

    def close(self) -> None:
        """Give back what it holds."""
        if self._synth:
            self._fluid.delete_fluid_synth(self._synth)
        self._fluid.delete_fluid_settings(self._settings)
        self._synth = self._settings = None
