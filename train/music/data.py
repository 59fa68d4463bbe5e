"""Pieces of one split as scores, with what the table says of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.progress import track

from posterbeat.music.score import Score
from train.music.midi_reader import MAX_GRID_ERROR, MIN_NOTES, read_piece
from train.tables import NamedFiles, read_labels


@dataclass(frozen=True, eq=False)
class Piece:
    """A real piece: its score (all notes of a program are one part), genre, file name, label quality ("A" to "C"), and
    whether its tick grid is musical."""

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
    rows, files = read_labels(folder / "midi.csv", "genre", needed=(split,)), NamedFiles(folder)
    for row in track([row for row in rows if row["split"] == split], description=f"reading {split}"):
        try:
            score, error = read_piece(files.read(split, row["file"]))
        except Exception:  # symusic raises its own kinds; the report of the preparation counts them
            continue
        if len(score) >= MIN_NOTES:
            on_grid = row.get("kind") != "emotion-piano" and error < MAX_GRID_ERROR
            yield Piece(replace(score, part=None), row["genre"], row["file"], row.get("label_quality") or "C", on_grid)


def head(score: Score, notes: int) -> Score:
    """The first notes of a score."""
    return Score(score.onset[:notes], score.duration[:notes], score.pitch[:notes], score.velocity[:notes],
                 score.program[:notes], tempo=score.tempo, bar=score.bar)
