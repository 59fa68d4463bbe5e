"""Prepared pieces in shards, and what the writer is shown of them, which is computed anew where they are read.

`write_shards` takes the array file of `train.music.prepare`; `read_shards` gives the same arrays, of which those that
begin with `w_` (two thirds of the bytes) are not packed: `with_views` makes them again.
"""

import multiprocessing
from pathlib import Path

import numpy as np

from posterbeat.composer.written_view import written_view
from posterbeat.whole_file import whole_file
from train.music.piece_arrays import piece_and_plan

_SPLITS = (0, 1)  # train and val: `test` is for the figures that are published
_NAMES = ("notes", "start", "parts", "copy", "chord", "bass", "cells", "about", "pace", "name")


def write_shards(prepared: Path, out: Path, most_bytes: int, most: int = 0) -> list[Path]:
    """Write `notes-<number>.npz`, each at most `most_bytes` before it is compressed.

    Parameters
    ----------
    most : only about so many pieces, evenly chosen; 0: all
    """
    with np.load(prepared, allow_pickle=False) as file:
        arrays = {name: file[name] for name in _NAMES}
        lengths = {name: file[f"len_{name}"].astype(np.int64) for name in _NAMES}
    edges = {name: np.concatenate([[0], np.cumsum(sizes)]) for name, sizes in lengths.items()}
    pieces = np.flatnonzero(np.isin(arrays["about"][:, 1], _SPLITS))
    pieces = pieces[::max(1, len(pieces) // most)] if most else pieces
    weight = sum(sizes * arrays[name][:1].nbytes for name, sizes in lengths.items())[pieces]
    shard = np.zeros(len(pieces), int)
    filled = 0
    for place, size in enumerate(weight.tolist()):
        new = place > 0 and filled + size > most_bytes
        shard[place:] += new
        filled = size if new else filled + size
    written = []
    for number in range(shard[-1] + 1):
        chosen = pieces[shard == number]
        some = {name: np.concatenate([arrays[name][edges[name][piece]:edges[name][piece + 1]] for piece in chosen])
                for name in _NAMES}
        some["start"] = np.diff(some["start"], prepend=0)  # small numbers take little when compressed; so do columns
        some = {name: np.asfortranarray(values) for name, values in some.items()}
        some |= {f"len_{name}": sizes[chosen].astype(np.int32) for name, sizes in lengths.items()}
        written.append(out / f"notes-{number:02d}.npz")
        np.savez_compressed(written[-1], **some)
    return written


def read_shards(pack: Path, most: int = 0) -> dict[str, np.ndarray]:
    """The packed arrays of all pieces, end to end, with `len_<name>` as `train.music.prepare.prepare` writes them.

    Parameters
    ----------
    most : only about so many pieces, evenly chosen; 0: all
    """
    shards = []
    for path in sorted(pack.glob("notes-*.npz")):
        with np.load(path, allow_pickle=False) as file:
            shard = {name: file[name] for name in file.files}
        shard["start"] = np.cumsum(shard["start"], dtype=np.int32)
        shards.append(shard)
    arrays = {name: np.ascontiguousarray(np.concatenate([shard[name] for shard in shards])) for name in shards[0]}
    count = len(arrays["about"])
    if most and count > most:
        chosen = np.unique(np.linspace(0, count - 1, most).astype(int))
        edges = {name: np.concatenate([[0], np.cumsum(arrays[f"len_{name}"])]) for name in _NAMES}
        arrays = {name: np.concatenate([arrays[name][edges[name][piece]:edges[name][piece + 1]] for piece in chosen])
                  for name in _NAMES} | {f"len_{name}": arrays[f"len_{name}"][chosen] for name in _NAMES}
    return arrays


def with_views(arrays: dict[str, np.ndarray], processes: int) -> dict[str, np.ndarray]:
    """The arrays with those of `written_view`, computed by several processes."""
    edges = {name: np.concatenate([[0], np.cumsum(arrays[f"len_{name}"])]) for name in _NAMES}

    def view(piece: int) -> dict[str, np.ndarray]:
        def of(name):
            return arrays[name][edges[name][piece]:edges[name][piece + 1]]

        return written_view(*piece_and_plan(of))

    found = _shared_out(view, len(arrays["about"]), processes)
    out = dict(arrays)
    for name in found[0]:
        out[f"w_{name}"] = np.concatenate([views[name] for views in found])
        out[f"len_w_{name}"] = np.array([len(views[name]) for views in found], np.int32)
    return out


def _shared_out(of, count: int, processes: int) -> list:
    """of(0), of(1), ... by forked processes, which see all that this one has."""
    context = multiprocessing.get_context("fork")

    def some(first, end):
        end.send([of(number) for number in range(first, count, processes)])
        end.close()

    pipes, workers = [], []
    for first in range(processes):
        here, there = context.Pipe(duplex=False)
        workers.append(context.Process(target=some, args=(first, there), daemon=True))
        workers[-1].start()
        there.close()
        pipes.append(here)
    out = [None] * count
    for first, pipe in enumerate(pipes):
        out[first::processes] = pipe.recv()
    for worker in workers:
        worker.join()
    return out


def prepare(pack: Path, out: Path, processes: int, most: int = 0) -> None:
    """From shards to the array file that learning reads."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(out) as part:
        np.savez(part, **with_views(read_shards(pack, most), processes))
