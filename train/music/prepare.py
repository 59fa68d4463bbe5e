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

from posterbeat.errors import ParameterError
from train.music.prepared_piece import prepare_piece
from train.tables import SPLITS, Dropped, NamedFiles, read_labels, sentences


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
    dropped, notes, kept = Dropped(), Counter(), []
    with Pool(processes) as pool:
        found = pool.imap(prepare_piece, _files(NamedFiles(folder), rows), chunksize=8)
        for row, (why, piece) in zip(rows, track(found, total=len(rows), description="preparing")):
            if piece is None:
                dropped.add(why, row["file"])
                continue
            kept.append(piece)
            notes[f"{row['split']} {row['genre']}"] += len(piece["notes"])
        pool.close()  # its processes end by themselves: where a signal is caught, one that is told to end may stay
        pool.join()
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
