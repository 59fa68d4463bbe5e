"""One MIDI file as the arrays that are learned from, in a module of its own, so that other processes find it by its name."""

import numpy as np

from posterbeat.composer.parts import arrange
from posterbeat.composer.plan import plan_of
from posterbeat.composer.written_view import written_view
from posterbeat.errors import ScoreError
from posterbeat.genres import GENRES
from posterbeat.music.events import encode
from posterbeat.music.key import estimate_key, shift_to_common_key
from posterbeat.music.score import STEPS_PER_BEAT, Score
from train.music.midi_reader import MAX_GRID_ERROR, MIN_NOTES, MOST_BARS, MOST_NOTES, read_tracks
from train.tables import QUALITIES, SPLITS


def prepare_piece(job: tuple[dict, bytes | None]) -> tuple[str, dict | None]:
    """One row of the table and its file, None where it is missing: why it was dropped, or the arrays of the piece."""
    row, data = job
    if data is None:
        return "file not found", None
    try:
        notes, tempo, bar, error = read_tracks(data)
    except ScoreError as reason:
        return str(reason), None
    except Exception as reason:  # symusic raises its own kinds
        return f"unreadable ({type(reason).__name__})", None
    if row.get("kind") == "emotion-piano" or error >= MAX_GRID_ERROR:
        return "no beat grid", None
    onset, duration, pitch, velocity, program, number = notes
    if notes.shape[1] > MOST_NOTES:
        return f"more than {MOST_NOTES:,} notes", None
    if onset.max() >= MOST_BARS * bar:
        return f"longer than {MOST_BARS:,} bars", None
    score = Score(onset, duration, pitch, velocity, program, tempo=tempo, bar=bar)
    tonic, mode = estimate_key(score)
    shift = shift_to_common_key(tonic, mode)
    piece = arrange(onset, duration, pitch, velocity, program, number, bar, shift)
    if len(piece.notes) < MIN_NOTES:
        return f"fewer than {MIN_NOTES} notes", None
    plan = plan_of(piece)
    view = written_view(piece, plan)
    parts = np.array([(part.family, part.register, part.voices, part.busy, part.active, part.program)
                      for part in piece.parts], np.uint8)
    beats = max(1.0, piece.bars * bar / STEPS_PER_BEAT)
    about = (GENRES.index(row["genre"]), SPLITS.index(row["split"]),
             QUALITIES.index(row.get("label_quality") or "C"), bar, tonic, int(mode == "minor"), shift, len(encode(score)))
    return "", {
        "notes": piece.notes, "start": piece.start.astype(np.int32), "parts": parts, "copy": plan.copy,
        "chord": plan.chord, "bass": plan.bass, "cells": plan.cells.reshape(-1, 5), **{f"w_{k}": v for k, v in view.items()},
        "about": np.array([about], np.int32), "pace": np.array([(tempo, len(piece.notes) / beats)], np.float32),
        "name": np.array([row["file"]]),
    }
