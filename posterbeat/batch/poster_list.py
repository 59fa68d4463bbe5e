"""Which posters a catalogue holds: the pictures of a folder, or the lines of a table."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from posterbeat.errors import ParameterError
from posterbeat.table_file import read_table

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic"}
_BESIDE = "__MACOSX"  # the folder in which macOS packs what its file system knows of a file, and
_BESIDE_PREFIX = "._"  # how such files begin


def pictures_in(folder: Path, out: Path) -> list[tuple[Path, str]]:
    """Each picture of a folder, of its subfolders and of those that links lead to, with its name below the folder.

    Parameters
    ----------
    out
        A folder whose pictures do not count.

    Raises
    ------
    ParameterError
        A subfolder cannot be read.
    """
    out, been, found = out.resolve(), set(), []
    for place, folders, files in os.walk(folder, followlinks=True, onerror=_not_read):
        real = Path(place).resolve()
        if real in been or real.is_relative_to(out):  # links may lead in a circle
            folders.clear()
            continue
        been.add(real)
        # Real folders before links, so that a picture goes by the place where it lies.
        folders[:] = sorted((name for name in folders if name != _BESIDE),
                            key=lambda name: (Path(place, name).is_symlink(), name))
        found += [Path(place, name) for name in files
                  if Path(name).suffix.lower() in PICTURES and not name.startswith(_BESIDE_PREFIX)]
    return [(path, path.relative_to(folder).as_posix()) for path in sorted(found)
            if not path.resolve().is_relative_to(out)]


def pictures_of(table: Path) -> Iterator[tuple[int, Path, str, dict[str, str]]]:
    """The line, the picture, its name in the results, and the row, for each row of a table with a column `file`.

    Raises
    ------
    ParameterError
        A line names no picture, or one that cannot be meant here.
    """
    names = set()
    for number, row in read_table(table):
        file = row.get("file", "")
        if re.match(r"[a-z][a-z0-9+.-]+://", file, re.IGNORECASE):
            raise ParameterError(f"{table}: line {number} gives a web address: save the picture and give its file.")
        if os.name == "posix" and not os.path.exists(table.parent / file):
            if re.match(r"[A-Za-z]:[/\\]|\\\\", file):
                raise ParameterError(f"{table}: line {number} gives a Windows path, {file[:80]!r}, which leads nowhere here: "
                                     "give paths relative to the table.")
            file = file.replace("\\", "/")
        name = "/".join(part for part in re.split(r"[/\\]", file) if part.strip(". ") and not part.endswith(":"))
        if not name:
            raise ParameterError(f"{table}: line {number} has no picture in a column named file.")
        if name in names:
            raise ParameterError(f"{table}: line {number} names {name} for the second time.")
        names.add(name)
        yield number, table.parent / file, name, row


def _not_read(error: OSError) -> None:
    raise ParameterError(f"The folder {error.filename} cannot be read: {error.strerror}.")
