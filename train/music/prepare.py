"""MIDI folders and a table in; pieces as parts by bars, their plans and what the writer sees, out.

    python -m train.music.prepare ../shared/data/midi data/music.npz

The folder holds `midi.csv` (at least: file, split, genre; also used: label_quality, kind) and the pieces, loose or in
`train.zip`, `val.zip`, `test.zip`. Pieces without a musical beat grid (piano performances) are left out of the array file,
counted in the report and named; so are files that are not there or cannot be read, and pieces too short or too long.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from rich.progress import track

from posterbeat.composer.parts import arrange
from posterbeat.composer.plan import plan_of
from posterbeat.composer.written_view import written_view
from posterbeat.errors import ParameterError, ScoreError
from posterbeat.genres import GENRES
from posterbeat.music.events import encode
from posterbeat.music.key import estimate_key, shift_to_common_key
from posterbeat.music.score import STEPS_PER_BEAT, Score
from train.music.midi_reader import MAX_GRID_ERROR, MIN_NOTES, MOST_BARS, MOST_NOTES, read_tracks
from train.tables import QUALITIES, SPLITS, Dropped, NamedFiles, read_labels, sentences


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


def prepare(folder: Path, out: Path, processes: int = 2, most: int = 0) -> dict:
    """Write the array file; returns the report (pieces, dropped and why, notes), which is also written as JSON.

    Arrays of all pieces lie end to end; `len_<name>` has each piece's length in them.

    Parameters
    ----------
    most : only about so many pieces, evenly chosen; 0: all

    Raises
    ------
    ParameterError
        A line of `midi.csv` is wrong, or a split has no row, or none that can be read.
    """
    rows = read_labels(folder / "midi.csv", "genre")
    rows = rows[::max(1, len(rows) // most)] if most else rows
    from train.music.prepare import prepare_piece as work  # by the name that other processes find, however this was started

    dropped, notes, kept = Dropped(), Counter(), []
    with Pool(processes) as pool:
        found = pool.imap(work, _files(NamedFiles(folder), rows), chunksize=8)
        for row, (why, piece) in zip(rows, track(found, total=len(rows), description="preparing")):
            if piece is None:
                dropped.add(why, row["file"])
                continue
            kept.append(piece)
            notes[f"{row['split']} {row['genre']}"] += len(piece["notes"])
    for number, split in enumerate(SPLITS[:2]):
        if not any(piece["about"][0, 1] == number for piece in kept):
            raise ParameterError(f"No piece of the split {split} can be learned from. Left out: "
                                 f"{', '.join(f'{count} {why}' for why, count in dropped.counts.items())}.")
    arrays = {name: np.concatenate([piece[name] for piece in kept]) for name in kept[0]}
    arrays |= {f"len_{name}": np.array([len(piece[name]) for piece in kept], np.int32) for name in kept[0]}
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(out, **arrays)
    report = {"pieces": len(kept), "dropped": dropped.counts, "dropped_names": dropped.names,
              "notes": dict(sorted(notes.items())), "total_notes": sum(notes.values()),
              "written_notes": len(arrays["w_note"]), "bars": len(arrays["copy"]),
              "cells": np.bincount(arrays["cells"][:, 0], minlength=5).tolist(),
              "whole_copies": round(float((arrays["copy"] > 0).mean()), 4)}
    out.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n")
    return report


def _files(files: NamedFiles, rows: list[dict]) -> Iterator[tuple[dict, bytes | None]]:
    """Pairs of (row, bytes) for every row of the table; None for a file that is not there."""
    for row in rows:
        try:
            yield row, files.read(row["split"], row["file"])
        except OSError:
            yield row, None


@sentences()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=Path("data/music.npz"))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--most", type=int, default=0, help="only about so many pieces, evenly chosen; 0: all")
    arguments = parser.parse_args()
    print(json.dumps(prepare(arguments.folder, arguments.out, arguments.processes, arguments.most), indent=2))


if __name__ == "__main__":
    main()
