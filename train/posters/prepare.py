"""Prepare the posters: from zips of small pictures to one array a split. A second run does nothing.

    python -m train.posters.prepare --source ../shared/data/posters --out data/posters

The source holds posters.csv and train.zip, val.zip, test.zip; train/posters/download.py makes such a folder from a
table of addresses.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from posterbeat.errors import ParameterError, PosterError
from posterbeat.poster import open_poster
from posterbeat.whole_file import whole_file
from train.tables import SPLITS, Dropped, NamedFiles, read_labels, sentences

SIZE = (160, 240)  # width, height: what the pictures are stored at


def decode_split(rows: Sequence[dict[str, str]], files: NamedFiles, out: Path, dropped: Dropped) -> list[dict[str, str]]:
    """Decode a split's pictures once into `out`, uint8 (posters, 240, 160, 3); returns the rows that it holds, in their order.

    Pictures that are not there or cannot be read are left out and added to `dropped`.
    """
    kept = []
    scratch = out.with_name(f".{out.stem}.pixels")
    try:
        pixels = np.memmap(scratch, np.uint8, "w+", shape=(max(1, len(rows)), SIZE[1], SIZE[0], 3))
        for row, picture in pictures(rows, files, dropped):
            pixels[len(kept)] = np.asarray(picture)
            kept.append(row)
        with whole_file(out) as part:
            np.save(part, pixels[:len(kept)])
    finally:
        scratch.unlink(missing_ok=True)
    return kept


def pictures(rows: Sequence[dict[str, str]], files: NamedFiles,
             dropped: Dropped) -> Iterator[tuple[dict[str, str], Image.Image]]:
    """Rows and their pictures at `SIZE`; those that are not there or cannot be read are left out and added to `dropped`."""
    for row in rows:
        try:
            picture = open_poster(files.read(row["split"], row["file"]))
        except FileNotFoundError:
            dropped.add("file not found", row["file"])
            continue
        except (OSError, PosterError):
            dropped.add("unreadable", row["file"])
            continue
        yield _completed(row), picture if picture.size == SIZE else picture.resize(SIZE, Image.Resampling.LANCZOS)


def _completed(row: dict[str, str]) -> dict[str, str]:
    """With the columns that training asks for: the listed genres hold the label, and have a source, if an unknown one."""
    listed = row.get("genres") or row["label"]
    if row["label"] not in listed.lower().split("|"):
        listed = f"{row['label']}|{listed}"
    return {**row, "genres": listed, "genres_source": row.get("genres_source", "")}


def prepare(source: Path, out: Path) -> dict:
    """Write <split>.npy and <split>.csv to `out` for every split that is not there yet.

    Returns
    -------
    How many posters each new split holds, and what was left out and why, which is also written to `out`/prepared.json.

    Raises
    ------
    ParameterError
        A line of `posters.csv` is wrong, or a split has no row, or none that can be read.
    """
    rows, files, dropped, counts = read_labels(source / "posters.csv", "label", ("train",)), NamedFiles(source), Dropped(), {}
    out.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        array, table = out / f"{split}.npy", out / f"{split}.csv"
        if array.exists() and table.exists():
            print(f"{split}: already prepared")
            continue
        kept = decode_split([row for row in rows if row["split"] == split], files, array, dropped)
        if not kept and any(row["split"] == split for row in rows):
            array.unlink()
            raise ParameterError(f"No poster of the split {split} can be learned from. Left out: "
                                 f"{', '.join(f'{count} {why}' for why, count in dropped.counts.items())}.")
        pd.DataFrame(kept, columns=list(_completed(rows[0]))).to_csv(table, index=False)
        counts[split] = len(kept)
        print(f"{split}: {len(kept)} posters", flush=True)
    report = {"posters": counts, "dropped": dropped.counts, "dropped_names": dropped.names}
    if counts:
        (out / "prepared.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for reason, count in dropped.counts.items():
        print(f"left out, {reason}: {count} ({', '.join(dropped.names[reason])}{', ...' if count > Dropped.NAMED else ''})")
    return report


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=Path("../shared/data/posters"))
    parser.add_argument("--out", type=Path, default=Path("data/posters"))
    arguments = parser.parse_args()
    with sentences():
        prepare(arguments.source, arguments.out)
