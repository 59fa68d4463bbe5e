"""MIDI folders and a table in; pieces as parts by bars, their plans and what the writer sees, out.

    python -m train.music.arranger_data ../shared/data/midi data/arranger.npz

The folder holds `midi.csv` (at least: file, split, genre; also used: label_quality, kind) and the pieces, loose or in
`train.zip`, `val.zip`, `test.zip`. Pieces without a musical beat grid are left out of the array file and counted in the report.
"""

import argparse
import csv
import json
import zipfile
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from rich.progress import track

from posterbeat.composer.parts import arrange
from posterbeat.composer.plan import plan_of
from posterbeat.genres import GENRES
from posterbeat.music.events import encode
from posterbeat.music.key import estimate_key, shift_to_common_key
from posterbeat.music.score import STEPS_PER_BEAT, Score
from train.music.midi_reader import MAX_GRID_ERROR, MIN_NOTES, read_tracks
from train.music.written_view import written_view

MOST_BARS = 1500
PIECE = ("genre", "split", "quality", "bar", "tonic", "minor", "shift", "encoded")


def prepare_piece(job: tuple[dict, bytes]) -> tuple[str, dict | None]:
    """One row of the table and its file: why it was dropped, or the arrays of the piece."""
    row, data = job
    try:
        notes, tempo, bar, error = read_tracks(data)
    except Exception as reason:  # symusic raises its own kinds
        return f"unreadable ({type(reason).__name__})", None
    if row.get("kind") == "emotion-piano" or error >= MAX_GRID_ERROR:
        return "no beat grid", None
    onset, duration, pitch, velocity, program, number = notes
    if (onset.max() - onset.min()) // bar >= MOST_BARS:
        return f"longer than {MOST_BARS} bars", None
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
    about = (GENRES.index(row["genre"]), ("train", "val", "test").index(row["split"]),
             "ABC".index(row.get("label_quality") or "C"), bar, tonic, int(mode == "minor"), shift, len(encode(score)))
    return "", {
        "notes": piece.notes, "start": piece.start.astype(np.int32), "parts": parts, "copy": plan.copy,
        "chord": plan.chord, "bass": plan.bass, "cells": plan.cells.reshape(-1, 5), **{f"w_{k}": v for k, v in view.items()},
        "about": np.array([about], np.int32), "pace": np.array([(tempo, len(piece.notes) / beats)], np.float32),
        "name": np.array([row["file"]]),
    }


def prepare(folder: Path, out: Path, processes: int = 2, most: int = 0) -> dict:
    """Write the array file; returns the report (pieces, dropped and why, notes), which is also written as JSON.

    Arrays of all pieces lie end to end; `len_<name>` has each piece's length in them.
    """
    rows = list(csv.DictReader((folder / "midi.csv").open(encoding="utf-8")))
    if most:
        rows = rows[::max(1, len(rows) // most)]
    dropped, notes, kept = Counter(), Counter(), []
    with Pool(processes) as pool:
        found = pool.imap(prepare_piece, _files(folder, rows), chunksize=8)
        for row, (why, piece) in zip(rows, track(found, total=len(rows), description="preparing")):
            if piece is None:
                dropped[why] += 1
                continue
            kept.append(piece)
            notes[f"{row['split']} {row['genre']}"] += len(piece["notes"])
    arrays = {name: np.concatenate([piece[name] for piece in kept]) for name in kept[0]}
    arrays |= {f"len_{name}": np.array([len(piece[name]) for piece in kept], np.int32) for name in kept[0]}
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(out, **arrays)
    kinds = arrays["cells"][:, 0]
    report = {"pieces": len(kept), "dropped": dict(dropped), "notes": dict(sorted(notes.items())),
              "total_notes": sum(notes.values()), "encoded_notes": int(arrays["about"][:, 7].sum()),
              "written_notes": len(arrays["w_note"]), "cells": np.bincount(kinds, minlength=5).tolist(),
              "whole_copies": float((arrays["copy"] > 0).mean()), "bars": len(arrays["copy"])}
    out.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n")
    return report


def _files(folder: Path, rows: list[dict]):
    """Pairs of (row, bytes) for every row of the table, from loose files or from the split's archive."""
    archives = {path.stem: zipfile.ZipFile(path) for path in folder.glob("*.zip")}
    for row in rows:
        loose = folder / row["file"]
        yield row, loose.read_bytes() if loose.exists() else archives[row["split"]].read(row["file"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=Path("data/arranger.npz"))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--most", type=int, default=0, help="only about so many pieces, evenly chosen; 0: all")
    arguments = parser.parse_args()
    print(json.dumps(prepare(arguments.folder, arguments.out, arguments.processes, arguments.most), indent=2))


if __name__ == "__main__":
    main()
