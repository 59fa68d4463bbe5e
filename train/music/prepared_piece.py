"""One MIDI file as the arrays that are learned from, in a module of its own, so that other processes find it by its name."""

import numpy as np

from posterbeat.composer.finished_piece import finished
from posterbeat.errors import ScoreError
from posterbeat.genres import mixture
from posterbeat.music.events import encode
from train.music.midi_reader import MAX_GRID_ERROR, MIN_NOTES, read_piece
from train.music.piece_arrays import to_arrays
from train.tables import QUALITIES, SPLITS


def prepare_piece(job: tuple[dict, bytes | None]) -> tuple[str, dict | None]:
    """One row of the table and its file, None where it is missing: why it was dropped, or the arrays of the piece."""
    row, data = job
    if data is None:
        return "file not found", None
    try:
        score, error = read_piece(data)
    except ScoreError as reason:
        return str(reason), None
    except Exception as reason:  # symusic raises its own kinds
        return f"unreadable ({type(reason).__name__})", None
    if row.get("kind") == "emotion-piano" or error >= MAX_GRID_ERROR:
        return "no beat grid", None
    piece = finished(score, mixture(row["genre"]))
    if len(piece.piece.notes) < MIN_NOTES:
        return f"fewer than {MIN_NOTES} notes", None
    arrays = to_arrays(piece, SPLITS.index(row["split"]), QUALITIES.index(row.get("label_quality") or "C"), len(encode(score)))
    return "", arrays | {"name": np.array([row["file"]])}
