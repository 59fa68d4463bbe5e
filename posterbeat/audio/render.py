"""Render: a score becomes sound, and the sound is checked before anybody hears it."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pretty_midi
import soundfile

from posterbeat.audio.mixdown import mixdown
from posterbeat.audio.symusic_renderer import sample
from posterbeat.errors import RenderError
from posterbeat.music.score import Score

SAMPLE_RATE = 44100
SOUNDFONTS = (  # in this order, after the argument and POSTERBEAT_SOUNDFONT
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",        # Debian: fluid-soundfont-gm
    "/usr/share/soundfonts/FluidR3_GM.sf2",        # Fedora, Arch
    "/usr/share/sounds/sf2/default-GM.sf2",        # Debian: whatever font was chosen as the default
    "/usr/share/soundfonts/default.sf2",
    "~/.fluidsynth/default_sound_font.sf2",        # midi2audio's own default
    "/usr/share/sounds/sf3/default-GM.sf3",        # compressed: plays four times slower
)
_STALL = 15.0       # seconds in which FluidSynth writes nothing: it hangs, since it plays many times faster than it sounds
_LONGEST = 3600.0   # seconds; keeps memory below two gigabytes
_SILENT_DB = -60.0  # FluidSynth writes noise near -84 dBFS when it has nothing to play
_SLACK = 0.25       # seconds a rendering may be shorter than its score
_PEAK_DB = -1.0     # leaves room for what MP3 and AAC add to peaks

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Rendering:
    """A piece as sound.

    Attributes
    ----------
    samples : np.ndarray of int16, shape (samples, 2)
    sample_rate : int, Hz
    renderer : str, what played it, such as "FluidSynth with FluidR3_GM"
    """

    samples: np.ndarray
    sample_rate: int
    renderer: str

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


def render(
    midi: pretty_midi.PrettyMIDI | Score,
    *,
    soundfont: str | Path | None = None,
    time_limit: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Rendering:
    """Play a score.

    FluidSynth plays it through midi2audio. Where there is no `fluidsynth` program, or it fails, hangs, or
    delivers silence, symusic's sampler plays it, with the soundfont that was asked for or else the small one
    inside pretty_midi. The same score gives the same bytes on the same machine.

    Parameters
    ----------
    midi
        The score; it is not changed. Panning, volume and reverb are added to a copy (see `mixdown`).
    soundfont
        An SF2 or SF3 file. Without it the environment's POSTERBEAT_SOUNDFONT, then the first of `SOUNDFONTS`
        that exists, then pretty_midi's own TimGM6mb.
    time_limit
        Seconds after which FluidSynth is stopped; default 60 and the score's length,
        long enough for a busy machine. Where it writes nothing for 15 s it hangs, and is stopped then.
    progress
        Called with the share that FluidSynth has played, 0 to 1, some times a second; an exception that it raises
        stops the work.

    Returns
    -------
    Rendering : peak at -1 dBFS, never shorter than the score, at 44100 Hz

    Raises
    ------
    RenderError
        No note in the score, a score longer than an hour, no readable soundfont, or silence from every renderer.
    """
    mixed = mixdown(midi.to_midi() if isinstance(midi, Score) else midi)
    seconds = mixed.get_end_time()
    if not 0 < seconds <= _LONGEST:
        raise RenderError(f"A score of {seconds:.0f} s cannot be rendered: choose a length above 0 and up to "
                          f"{_LONGEST:.0f} s.")
    chosen, name = _asked_for(soundfont), renderer_name(soundfont)
    if shutil.which("fluidsynth"):
        try:
            limit = 60 + seconds if time_limit is None else time_limit
            sound = _check(_fluidsynth(mixed, chosen or _installed(), limit, progress), seconds, "FluidSynth")
            return Rendering(_master(sound, seconds), SAMPLE_RATE, name)
        except (RenderError, OSError) as error:  # OSError: no room for the files between us and FluidSynth
            _log.warning("%s The sampler plays instead.", error)
            name = "symusic, as FluidSynth failed"
    sound = _check(sample(mixed, chosen or _bundled(), SAMPLE_RATE), seconds, "symusic")
    return Rendering(_master(sound, seconds), SAMPLE_RATE, name)


def renderer_name(soundfont: str | Path | None = None) -> str:
    """Which renderer and soundfont `render` would try first, such as "FluidSynth with FluidR3_GM".

    Raises
    ------
    RenderError
        The soundfont asked for cannot be read, or there is none at all.
    """
    chosen = _asked_for(soundfont)
    if shutil.which("fluidsynth"):
        return f"FluidSynth with {(chosen or _installed()).stem}"
    return f"symusic with {(chosen or _bundled()).stem}"


def _asked_for(soundfont: str | Path | None) -> Path | None:
    asked = soundfont or os.environ.get("POSTERBEAT_SOUNDFONT")
    if not asked:
        return None
    path = Path(os.path.expanduser(asked))
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise RenderError(f"The soundfont {path} cannot be read: name an existing SF2 or SF3 file.") from error
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":  # FluidSynth would play its default font and say nothing
        raise RenderError(f"{path} is not a soundfont: name an SF2 or SF3 file.")
    if path.stat().st_size < int.from_bytes(head[4:8], "little") + 8:  # here, too
        raise RenderError(f"The soundfont {path} is not whole: copy it again.")
    return path.resolve()


def _installed() -> Path:
    for name in SOUNDFONTS:
        path = Path(os.path.expanduser(name))  # which, unlike Path's own, leaves the ~ of a user without a home
        if path.is_file():
            return path.resolve()
    return _bundled()


def _bundled() -> Path:
    path = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")
    if not path.is_file():
        raise RenderError(
            "There is no soundfont: install fluid-soundfont-gm or name an SF2 file in POSTERBEAT_SOUNDFONT."
        )
    return path


def _fluidsynth(
    midi: pretty_midi.PrettyMIDI, soundfont: Path, limit: float, progress: Callable[[float], None] | None
) -> np.ndarray:
    """Samples (n, 2) of float32 from midi2audio.

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
            _wait(process, limit, Path(folder) / "score.wav", midi.get_end_time(), progress)
        finally:
            _stop(process)
        try:
            sound, rate = soundfile.read(Path(folder) / "score.wav", dtype="float32", always_2d=True)
        except (OSError, soundfile.SoundFileError) as error:
            raise RenderError("FluidSynth delivered no sound file.") from error
    if rate != SAMPLE_RATE or sound.shape[1] != 2:
        raise RenderError(f"FluidSynth delivered {sound.shape[1]} channels at {rate} Hz, not 2 at {SAMPLE_RATE} Hz.")
    return sound


def _wait(process: subprocess.Popen, limit: float, sound: Path, seconds: float, progress: Callable | None) -> None:
    """Until the process ends; how far it is shows in the size of the file that it writes."""
    now = time.monotonic()
    end, whole = now + limit, 4 * SAMPLE_RATE * (seconds + 2)  # 16 bit stereo, and a tail of two seconds
    written, stall = 0, now + _STALL
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
        if progress:
            progress(min(1.0, written / whole))


def _stop(process: subprocess.Popen) -> None:
    """End the process with all that it started. The group is ours alone, so nobody else is met."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def _check(sound: np.ndarray, seconds: float, renderer: str) -> np.ndarray:
    played = len(sound) / SAMPLE_RATE
    if played < seconds - _SLACK:
        raise RenderError(f"{renderer} played {played:.1f} s of {seconds:.1f} s: try another soundfont.")
    if not np.isfinite(sound).all():
        raise RenderError(f"{renderer} delivered a damaged sound: try another soundfont.")
    if np.abs(sound).max() < 10 ** (_SILENT_DB / 20):
        raise RenderError(f"{renderer} delivered silence: the soundfont may hold no instruments, try another.")
    return sound


def _master(sound: np.ndarray, seconds: float) -> np.ndarray:
    """int16 (n, 2) from float (n, 2): levelled, peak at -1 dBFS, the tail cut where it falls silent, and faded."""
    sound = sound / np.abs(sound).max()
    # One loud hit must not keep a whole piece quiet: lift it by up to 6 dB towards -16 dBFS and bend the peaks.
    block = SAMPLE_RATE * 2 // 5
    power = np.array([np.mean(sound[start:start + block] ** 2) for start in range(0, len(sound), block)])
    level = 10 * np.log10(power[power > power.max() / 100].mean())
    lift = 10 ** (np.clip(-16 - level, 0, 6) / 20)
    if lift > 1:
        sound = sound * lift
        size, knee = np.abs(sound), 0.6
        bent = np.sign(sound) * (knee + (1 - knee) * np.tanh((size - knee) / (1 - knee)))
        sound = np.where(size > knee, bent, sound)
        sound /= np.abs(sound).max()

    score = int(np.ceil(seconds * SAMPLE_RATE))
    heard = np.flatnonzero(np.abs(sound).max(1) > 10 ** (-60 / 20))[-1] + 1
    end = max(heard, score)
    sound = np.pad(sound[:end], ((0, max(0, end - len(sound))), (0, 0)))
    fade = min(end, max(SAMPLE_RATE // 20, min(end - score, SAMPLE_RATE)))  # 50 ms to a second
    sound[end - fade:] *= np.cos(np.linspace(0, np.pi / 2, fade))[:, None] ** 2
    return np.round(sound * (10 ** (_PEAK_DB / 20) * 32767 / np.abs(sound).max())).astype(np.int16)
