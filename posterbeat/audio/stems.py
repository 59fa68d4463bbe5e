"""Stems: what each part of a piece played, on disk; together they are the whole."""

import io
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from posterbeat.errors import RenderError

FLAC = {"format": "FLAC", "subtype": "PCM_16", "compression_level": 0.25}  # as small as any higher level, within a few per cent
NO_ROOM = "There is no room for what the parts play: free some, or do without stems."
_DATE = (1980, 1, 1, 0, 0, 0)  # the same sound gives the same bytes


@dataclass(frozen=True, eq=False)
class Stems:
    """One FLAC a part, int16 and stereo, as long as the piece, levelled as the whole was.

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
        """The FLAC of each part, in the order of `names`."""
        return [self.folder / f"{index}.flac" for index in range(len(self.names))]

    def read(self) -> dict[str, np.ndarray]:
        """Part name to np.ndarray of int16, shape (samples, 2)."""
        return {name: soundfile.read(file, dtype="int16", always_2d=True)[0] for name, file in zip(self.names, self.files)}

    def write_zip(self, path: Path) -> None:
        """Write a ZIP of WAV files named after the parts.

        Raises
        ------
        OSError
            It cannot be written.
        """
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, file in zip(self.names, self.files):
                samples, rate = soundfile.read(file, dtype="int16", always_2d=True)
                wav = io.BytesIO()
                soundfile.write(wav, samples, rate, format="WAV", subtype="PCM_16")
                entry = zipfile.ZipInfo(f"{name}.wav", _DATE)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(entry, wav.getvalue())
