"""Prepare the posters: from zips of small pictures to one array a split. A second run does nothing.

    python -m train.posters.prepare --source ../shared/data/posters --out data/posters

The source holds posters.csv and train.zip, val.zip, test.zip; train/posters/download.py makes such a folder from a
table of addresses.
"""

import argparse
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from posterbeat.poster import open_poster
from posterbeat.whole_file import whole_file

SIZE = (160, 240)  # width, height: what the pictures are stored at
SPLITS = ("train", "val", "test")


def decode_split(table: pd.DataFrame, archive: Path, out: Path) -> int:
    """Decode a split's pictures once into `out`, uint8 (posters, 240, 160, 3), rows in the table's order."""
    with whole_file(out) as part, zipfile.ZipFile(archive) as pictures:
        posters = np.lib.format.open_memmap(part, "w+", np.uint8, (len(table), SIZE[1], SIZE[0], 3))
        for row, name in enumerate(table.file):
            picture = open_poster(pictures.read(name))
            if picture.size != SIZE:
                picture = picture.resize(SIZE, Image.Resampling.LANCZOS)
            posters[row] = np.asarray(picture)
        posters.flush()
        del posters
    return len(table)


def prepare(source: Path, out: Path) -> None:
    """Write <split>.npy and <split>.csv to `out` for every split that is not there yet."""
    out.mkdir(parents=True, exist_ok=True)
    posters = pd.read_csv(source / "posters.csv")
    for split in SPLITS:
        array, rows = out / f"{split}.npy", out / f"{split}.csv"
        if array.exists() and rows.exists():
            print(f"{split}: already prepared")
            continue
        table = posters[posters.split == split].reset_index(drop=True)
        count = decode_split(table, source / f"{split}.zip", array)
        table.to_csv(rows, index=False)
        print(f"{split}: {count} posters", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=Path("../shared/data/posters"))
    parser.add_argument("--out", type=Path, default=Path("data/posters"))
    arguments = parser.parse_args()
    prepare(arguments.source, arguments.out)
