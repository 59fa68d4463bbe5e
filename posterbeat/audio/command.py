"""FluidSynth's program, through midi2audio, for systems on which its library is not found: plays MIDI whole."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pretty_midi
import soundfile

from posterbeat.audio.fluidsynth import SAMPLE_RATE
from posterbeat.errors import RenderError

_STALL = 15.0  # seconds in which FluidSynth writes nothing: it hangs, since it plays many times faster than it sounds


def play_by_command(midi: pretty_midi.PrettyMIDI, soundfont: Path, limit: float) -> np.ndarray:
    """Play a mixed-down score: np.ndarray of float32, shape (samples, 2).

    midi2audio waits for FluidSynth without a limit, lets it print, and drops its exit status: so it runs as its own
    process group, which can be silenced and stopped, and only the file that it leaves is believed.
    """
    with tempfile.TemporaryDirectory(prefix="posterbeat-") as folder:
        midi.write(str(Path(folder) / "score.mid"))
        command = [sys.executable, "-m", "midi2audio", "-s", str(soundfont), "-r", str(SAMPLE_RATE),
                   "score.mid", "score.wav"]
        process = subprocess.Popen(command, cwd=folder, start_new_session=True, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(process, limit, Path(folder) / "score.wav")
        finally:
            _stop(process)
        try:
            sound, rate = soundfile.read(Path(folder) / "score.wav", dtype="float32", always_2d=True)
        except (OSError, soundfile.SoundFileError) as error:
            raise RenderError("FluidSynth delivered no sound file.") from error
    if rate != SAMPLE_RATE or sound.shape[1] != 2:
        raise RenderError(f"FluidSynth delivered {sound.shape[1]} channels at {rate} Hz, not 2 at {SAMPLE_RATE} Hz.")
    return sound


def _wait(process: subprocess.Popen, limit: float, sound: Path) -> None:
    """Until the process ends; that it is at work shows in the size of the file that it writes."""
    now = time.monotonic()
    end, written, stall = now + limit, 0, now + _STALL
    while True:
        try:
            process.wait(0.1)
            return
        except subprocess.TimeoutExpired as error:
            now, size = time.monotonic(), sound.stat().st_size if sound.exists() else 0
            if size > written:
                written, stall = size, now + _STALL
            if now > end:
                raise RenderError(f"FluidSynth had not finished after {limit:.0f} s and was stopped.") from error
            if now > stall:
                raise RenderError(f"FluidSynth wrote nothing for {_STALL:.0f} s and was stopped.") from error


def _stop(process: subprocess.Popen) -> None:
    """End the process with all that it started. The group is ours alone, so nobody else is met."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
