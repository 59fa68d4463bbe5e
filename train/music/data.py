"""Pieces of one split as scores, with what the table says of them."""

import csv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.progress import track

from posterbeat.music.score import Score
from train.music.prepare import MAX_GRID_ERROR, MIN_NOTES, read_piece


@dataclass(frozen=True, eq=False)
class Piece:
    """A real piece: its score, genre, file name, label quality ("A" to "C"), and whether its tick grid is musical."""

    score: Score
    genre: str
    file: str
    quality: str
    on_grid: bool


def read_split(folder: Path, split: str) -> Iterator[Piece]:
    """All readable pieces of at least 32 notes of a split, in the table's order.

    Parameters
    ----------
    folder : holds `midi.csv` and the pieces, loose or in `<split>.zip`
    split : "train", "val" or "test"
    """
    with (folder / "midi.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["split"] == split]
    packed = folder / f"{split}.zip"
    archive = zipfile.ZipFile(packed) if packed.exists() else None
    for row in track(rows, description=f"reading {split}"):
        loose = folder / row["file"]
        try:
            score, error = read_piece(loose.read_bytes() if loose.exists() else archive.read(row["file"]))
        except Exception:  # symusic raises its own kinds; the report of the preparation counts them
            continue
        if len(score) >= MIN_NOTES:
            on_grid = row.get("kind") != "emotion-piano" and error < MAX_GRID_ERROR
            yield Piece(score, row["genre"], row["file"], row.get("label_quality") or "C", on_grid)


def head(score: Score, notes: int) -> Score:
    """The first notes of a score."""
    return Score(score.onset[:notes], score.duration[:notes], score.pitch[:notes], score.velocity[:notes],
                 score.program[:notes], tempo=score.tempo, bar=score.bar)
