"""Posters in shards: small pictures in a format that any Pillow reads, and what the table says of each.

`write_shards` makes them from the folder that `train.posters.prepare` reads; `read_shards` gives the `Posters` it would make.
"""

import io
import mmap
import multiprocessing
from pathlib import Path

import numpy as np
from PIL import Image

from posterbeat.errors import ParameterError
from train.posters.data import Posters, Table, resize, unframed
from train.tables import Dropped, NamedFiles, read_labels

SIZE = (160, 240)  # width, height, as `prepare.SIZE`
QUALITY = 80  # of WebP: 8.6 kB a poster


def write_shards(source: Path, out: Path, split: str, most_bytes: int, most: int = 0) -> list[Path]:
    """Write `posters-<split>-<number>.npz` of at most `most_bytes` each.

    Parameters
    ----------
    source : as `train.posters.prepare` reads it
    most : only about so many posters, evenly chosen; 0: all

    Raises
    ------
    ParameterError
        A line of `posters.csv` is wrong, or no poster of the split can be read.
    """
    from train.posters.prepare import pictures  # which writes tables, as no reader of shards does

    rows = [row for row in read_labels(source / "posters.csv", "label") if row["split"] == split]
    rows = rows[::max(1, len(rows) // most)] if most else rows
    written: list[Path] = []
    kept: list[tuple[bytes, dict]] = []
    dropped = Dropped()

    def flush() -> None:
        written.append(out / f"posters-{split}-{len(written):02d}.npz")
        np.savez(written[-1], webp=np.frombuffer(b"".join(data for data, _ in kept), np.uint8),
                 length=np.array([len(data) for data, _ in kept], np.int32),
                 **{name: np.array([row[name] for _, row in kept]) for name in Table._fields})
        kept.clear()

    size = 0
    for row, picture in pictures(rows, NamedFiles(source), dropped):
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=QUALITY, method=4)
        texts = 4 * max(sum(len(row[name]) for name in Table._fields), 200)  # four bytes a letter, and the longest rules
        if kept and size + len(file.getvalue()) + texts > most_bytes:
            flush()
            size = 0
        kept.append((file.getvalue(), row))
        size += len(file.getvalue()) + texts
    if not kept:
        raise ParameterError(f"No poster of the split {split} can be read: check the pictures that posters.csv names.")
    flush()
    for reason, count in dropped.counts.items():
        print(f"left out of {split}, {reason}: {count} ({', '.join(dropped.names[reason])})", flush=True)
    return written


def read_shards(pack: Path, split: str, processes: int = 1, most: int = 0) -> Posters:
    """The posters of a split, decoded once by all processes together, without their frames, at 160 x 240.

    Parameters
    ----------
    most : only the first so many; 0: all
    """
    files, tables, count = [], [], 0
    for path in sorted(pack.glob(f"posters-{split}-*.npz")):
        with np.load(path, allow_pickle=False) as shard:
            length = shard["length"][:most - count if most else None]
            files += np.split(shard["webp"], np.cumsum(length))[:len(length)]
            tables.append(Table(*(shard[name][:len(length)] for name in Table._fields)))
        count += len(length)
        if most and count >= most:
            break
    table = Table(*(np.concatenate(column) for column in zip(*tables)))
    shape = (count, SIZE[1], SIZE[0], 3)
    pixels = np.frombuffer(mmap.mmap(-1, int(np.prod(shape))), np.uint8).reshape(shape)  # shared with the forked ones

    def decode(first: int) -> None:
        for row in range(first, count, processes):
            with Image.open(io.BytesIO(files[row].tobytes())) as picture:
                pixels[row] = resize(unframed(np.asarray(picture.convert("RGB"))), (SIZE[1], SIZE[0]))

    forked = [multiprocessing.get_context("fork").Process(target=decode, args=(first,)) for first in range(processes)]
    for process in forked:
        process.start()
    for process in forked:
        process.join()
    if any(process.exitcode for process in forked):
        raise RuntimeError(f"Posters of {split} could not be decoded: see the error above, and check the pack.")
    return Posters(table, pixels)
