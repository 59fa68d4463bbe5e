"""Stems: what each part of a piece played, on disk; together they are the whole."""

import io
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from posterbeat.audio.fluidsynth import SAMPLE_RATE
from posterbeat.errors import RenderError

STRETCH = 4 * SAMPLE_RATE  # samples of each part in a file: as much as a browser that mixes them decodes at a time
NO_ROOM = "There is no room for what the parts play: free some, or do without stems."
_FLAC = {"format": "FLAC", "subtype": "PCM_16", "compression_level": 0.25}  # as small as any higher level, within a few per cent
_DATE = (1980, 1, 1, 0, 0, 0)  # the same sound gives the same bytes


@dataclass(frozen=True, eq=False)
class Stems:
    """A FLAC for every four seconds, int16 and stereo, in which the parts lie one after another; levelled as the whole was.

    Attributes
    ----------
    names : tuple of str, of the parts, no two alike
    folder : Path, where they lie; removed with this object if `kept_by` is its temporary folder
    """

    names: tuple[str, ...]
    folder: Path
    kept_by: tempfile.TemporaryDirectory | None = None

    @classmethod
    def for_parts(cls, names: tuple[str, ...]) -> "Stems":
        """Stems to be written, in a temporary folder that goes when they are no longer used.

        Raises
        ------
        RenderError
            There is no room for it.
        """
        try:
            folder = tempfile.TemporaryDirectory(prefix="posterbeat-")
        except OSError as error:
            raise RenderError(NO_ROOM) from error
        return cls(names, Path(folder.name), folder)

    @property
    def files(self) -> list[Path]:
        """The files, in the order of time."""
        return sorted(self.folder.glob("*.flac"))

    def moved(self, folder: Path) -> "Stems":
        """The same in another folder, which is made.

        Raises
        ------
        OSError
            It cannot be written to.
        """
        folder.mkdir()
        for file in self.files:
            shutil.move(file, folder / file.name)
        return Stems(self.names, folder)

    def part(self, index: int) -> np.ndarray:
        """np.ndarray of int16, shape (samples, 2): what one of the parts plays."""
        stretches = []
        for path in self.files:
            with soundfile.SoundFile(path) as file:
                samples = file.frames // len(self.names)
                file.seek(index * samples)
                stretches.append(file.read(samples, dtype="int16", always_2d=True))
        return np.concatenate(stretches)

    def read(self) -> dict[str, np.ndarray]:
        """Part name to np.ndarray of int16, shape (samples, 2)."""
        return {name: self.part(index) for index, name in enumerate(self.names)}

    def mixed(self, levels: list[float]) -> np.ndarray:
        """np.ndarray of int16, shape (samples, 2): all parts together, each multiplied by its level, 0 to 1."""
        whole = sum(np.float32(level) * self.part(index) for index, level in enumerate(levels))
        return np.rint(np.clip(whole, -32768, 32767)).astype(np.int16)

    def write_zip(self, path: Path) -> None:
        """Write a ZIP of WAV files named after the parts.

        Raises
        ------
        OSError
            It cannot be written.
        """
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for index, name in enumerate(self.names):
                wav = io.BytesIO()
                soundfile.write(wav, self.part(index), SAMPLE_RATE, format="WAV", subtype="PCM_16")
                entry = zipfile.ZipInfo(f"{name}.wav", _DATE)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(entry, wav.getvalue())


class StemWriter:
    """Writes the files of `Stems` as the parts play.

    Parameters
    ----------
    folder
        Of the stems.
    """

    def __init__(self, folder: Path):
        self._folder, self._count, self._waiting = folder, 0, None

    def write(self, sound: np.ndarray) -> None:
        """int16, shape (parts, samples, 2)."""
        waiting = sound if self._waiting is None else np.concatenate([self._waiting, sound], axis=1)
        while waiting.shape[1] >= STRETCH:
            self._store(waiting[:, :STRETCH])
            waiting = waiting[:, STRETCH:]
        self._waiting = waiting

    def close(self) -> None:
        """Write what is left."""
        if self._waiting is not None and self._waiting.shape[1]:
            self._store(self._waiting)

    def _store(self, sound: np.ndarray) -> None:
        soundfile.write(self._folder / f"{self._count:04}.flac", sound.reshape(-1, 2), SAMPLE_RATE, **_FLAC)
        self._count += 1
