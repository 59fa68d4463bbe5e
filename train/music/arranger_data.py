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

from posterbeat.composer.hints import Surroundings, following, keys, matching
from posterbeat.composer.parts import Arrangement, arrange
from posterbeat.composer.plan import LITERAL, NEW, SILENT, Plan, plan_of
from posterbeat.genres import GENRES
from posterbeat.music.events import encode
from posterbeat.music.key import estimate_key, shift_to_common_key
from posterbeat.music.score import STEPS_PER_BEAT, Score
from train.music.midi_reader import MAX_GRID_ERROR, MIN_NOTES, read_tracks

MOST_BARS = 1500
PIECE = ("genre", "split", "quality", "bar", "tonic", "minor", "shift", "encoded")


def written_view(piece: Arrangement, plan: Plan) -> dict[str, np.ndarray]:
    """What the writer is shown of each note that it has to write.

    note : index into the piece's notes, shape (written,)
    hints : (written, 6) indices into the piece's notes, -1 for none: the following and, once the place is known, the
        matching note of the part's last cell, the same two of the recalled cell, the part's last note and the one before
    sounding : (written,) uint16, bit k where pitch class k sounds in other parts; lowest : (written,) uint8
    cell : index into the piece's cells, shape (written cells,)
    sources : (written cells, 2) last cell and recalled cell of the part, -1 for none
    others : (written cells, 24) uint8, packed bits of `hints.CellView.others`
    """
    bars, parts = piece.bars, len(piece.parts)
    families = [part.family for part in piece.parts]
    around = Surroundings(bars, piece.bar)
    start = piece.start
    cell_keys = keys(piece.notes)
    part_notes: list[list[int]] = [[-1, -1] for _ in range(parts)]  # the last two of each part
    last = [-1] * parts
    out = {name: [] for name in ("note", "hints", "sounding", "lowest", "cell", "sources", "others")}
    weights = 1 << np.arange(12)
    kinds = plan.kind.tolist()
    for bar in range(bars):
        row = kinds[bar]
        for part in range(parts):
            if row[part] == LITERAL:
                around.add(bar, families[part], piece.cell(bar, part))
        for part in range(parts):
            kind, number = row[part], bar * parts + part
            if kind == SILENT:
                continue
            begin, end = int(start[number]), int(start[number + 1])
            if kind != LITERAL:
                view = around.view(bar)
                mine = cell_keys[begin:end]
                recalled = -1 if kind == NEW else number - int(plan.back[bar, part]) * parts
                hints = np.full((end - begin, 6), -1, np.int32)
                for column, source in ((0, last[part]), (2, recalled)):
                    if source >= 0:
                        low, high = int(start[source]), int(start[source + 1])
                        theirs = cell_keys[low:high]
                        for offset, find in ((0, following), (1, matching)):
                            found = find(theirs, mine)
                            hints[:, column + offset] = np.where(found < high - low, found + low, -1)
                line = np.concatenate([part_notes[part], np.arange(begin, end)])
                hints[:, 4], hints[:, 5] = line[1:-1], line[:-2]
                places = piece.notes[begin:end, 0]
                out["note"].append(np.arange(begin, end, dtype=np.int32))
                out["hints"].append(hints)
                out["sounding"].append((view.sounding[places] @ weights).astype(np.uint16))
                out["lowest"].append(view.lowest[places])
                out["cell"].append(number)
                out["sources"].append((last[part], recalled))
                out["others"].append(np.packbits(view.others))
                around.add(bar, families[part], piece.notes[begin:end])
            part_notes[part] = [*part_notes[part], *range(max(begin, end - 2), end)][-2:]
            last[part] = number
    return {
        "note": np.concatenate(out["note"]) if out["note"] else np.zeros(0, np.int32),
        "hints": np.concatenate(out["hints"]) if out["hints"] else np.zeros((0, 6), np.int32),
        "sounding": np.concatenate(out["sounding"]) if out["sounding"] else np.zeros(0, np.uint16),
        "lowest": np.concatenate(out["lowest"]) if out["lowest"] else np.zeros(0, np.uint8),
        "cell": np.array(out["cell"], np.int32),
        "sources": np.array(out["sources"], np.int32).reshape(-1, 2),
        "others": np.array(out["others"], np.uint8).reshape(-1, 24),
    }


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
