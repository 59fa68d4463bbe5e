"""What a table of training data must hold, checked before any work begins; and the files that it names."""

import contextlib
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from posterbeat.errors import ParameterError, PosterBeatError
from posterbeat.genres import GENRES
from posterbeat.table_file import read_table

SPLITS = ("train", "val", "test")
_SPLIT_WORDS = {"training": "train", "validation": "val", "valid": "val", "dev": "val", "testing": "test"}
QUALITIES = "ABC"


def read_labels(path: Path, column: str, needed: Sequence[str] = ("train", "val")) -> list[dict[str, str]]:
    """The rows of a table of training data, its splits and genres brought to one spelling.

    Parameters
    ----------
    path
        A table (see `posterbeat.table_file.read_table`) with the columns `file`, `split` and `column`.
    column
        What the genre's column is called.
    needed
        Splits without which training would be for nothing.

    Raises
    ------
    ParameterError
        A column or a split is missing, or a line says something else than it may: its number is named.
    """
    rows = []
    for number, row in read_table(path):
        place = f"{path.name}, line {number}"
        missing = [name for name in ("file", "split", column) if name not in row]
        if missing:
            raise ParameterError(f"{path.name} has no column named {missing[0]}: it needs file, split and {column}.")
        if not row["file"]:
            raise ParameterError(f"{place}: no file is named.")
        row["split"] = _one_of(_SPLIT_WORDS.get(row["split"].lower(), row["split"].lower()), SPLITS, "split", place)
        row[column] = _one_of(row[column].lower(), GENRES, column, place)
        if row.get("label_quality"):
            row["label_quality"] = _one_of(row["label_quality"].upper(), QUALITIES, "label_quality", place)
        rows.append(row)
    if not rows:
        raise ParameterError(f"{path.name} holds no rows: it needs the columns file, split and {column}, and a row a file.")
    there = Counter(row["split"] for row in rows)
    for split in needed:
        if not there[split]:
            raise ParameterError(f"{path.name} has no row of the split {split}: put about a tenth of the rows into {split}.")
    return rows


def _one_of(value: str, choices: Sequence[str], column: str, place: str) -> str:
    if value not in tuple(choices):
        raise ParameterError(f"{place}: {column} {value[:40]!r} must be one of {', '.join(choices)}.")
    return value


class NamedFiles:
    """The files of a folder by the names that its table gives them: loose, or in `train.zip`, `val.zip` and `test.zip`.

    In an archive a file may lie in folders that the table does not tell, if only one bears its name. How accents are
    composed (macOS takes them apart) does not matter.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._archives: dict[str, tuple[zipfile.ZipFile, dict[str, list[str]]]] = {}
        for path in folder.glob("*.zip"):
            try:
                archive = zipfile.ZipFile(path)
            except (OSError, zipfile.BadZipFile) as error:
                raise ParameterError(f"{path.name} is not a readable zip file: pack it again.") from error
            self._archives[path.stem] = archive, _names_in(archive)

    def read(self, split: str, name: str) -> bytes:
        """A file's content; FileNotFoundError or another OSError where it cannot be had."""
        for form in ("NFC", "NFD"):
            loose = self.folder / unicodedata.normalize(form, name)
            if loose.is_file():
                return loose.read_bytes()
        archive, names = self._archives.get(split, (None, {}))
        found = _found(names, _plain(name))
        if found is None:
            raise FileNotFoundError(name)
        try:
            return archive.read(found)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:  # damaged, or packed in another way
            raise OSError(f"{name} cannot be unpacked") from error


def _names_in(archive: zipfile.ZipFile) -> dict[str, list[str]]:
    """Entries by the last part of their names."""
    names: dict[str, list[str]] = {}
    for entry in archive.namelist():
        names.setdefault(_plain(entry).rpartition("/")[2], []).append(entry)
    return names


def _found(names: dict[str, list[str]], plain: str) -> str | None:
    entries = names.get(plain.rpartition("/")[2], [])
    exact = [entry for entry in entries if _plain(entry) == plain]
    deeper = [entry for entry in entries if _plain(entry).endswith(f"/{plain}")]
    return exact[0] if exact else deeper[0] if len(deeper) == 1 else None


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.replace("\\", "/")).removeprefix("./")


class Dropped:
    """What was left out of a preparation: how many for which reason, and the first names of each."""

    NAMED = 10

    def __init__(self):
        self._names: dict[str, list[str]] = {}
        self._counts: Counter = Counter()

    def add(self, reason: str, name: str) -> None:
        self._counts[reason] += 1
        if self._counts[reason] <= self.NAMED:
            self._names.setdefault(reason, []).append(name)

    @property
    def counts(self) -> dict[str, int]:
        return dict(self._counts)

    @property
    def names(self) -> dict[str, list[str]]:
        return self._names


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """The user's errors as one line and exit status 1, for the commands of this folder."""
    try:
        yield
    except PosterBeatError as error:
        raise SystemExit(str(error)) from None
