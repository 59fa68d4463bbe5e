"""Batches made by other processes while the network learns: pressed into few bytes, sent, and laid out on the device.

A pressed batch goes through a pipe as plain bytes, so that no shared memory is needed, which containers have little of.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

_NARROW = (np.uint8, np.int16, np.int32)


def placed(batches: Sequence, device: torch.device) -> list:
    """Batches (dataclasses of tensors) on a device."""
    return [type(batch)(**{field.name: getattr(batch, field.name).to(device) for field in fields(batch)}) for batch in batches]


def pressed(batches: Sequence) -> tuple[list, bytes]:
    """Batches (dataclasses of tensors) as a table of what each tensor was and lies, and the bytes of all tensors.

    Integers take as few bytes as hold them, and floats that are all 0 or 1, which most are, one; nothing is lost.
    """
    table, parts, place = [], [], 0
    for batch in batches:
        entries = []
        for field in fields(batch):
            values = getattr(batch, field.name).numpy()
            small = _narrowed(values)
            entries.append((field.name, values.dtype.str, small.dtype.str, values.shape, place))
            parts.append(small.tobytes())
            parts.append(bytes(-len(parts[-1]) % 8))  # every tensor begins at a multiple of eight
            place += len(parts[-1]) + len(parts[-2])
        table.append((type(batch), entries))
    return table, b"".join(parts)


def _narrowed(values: np.ndarray) -> np.ndarray:
    if values.dtype == np.float32:
        return values.astype(np.uint8) if ((values == 0) | (values == 1)).all() else values
    if values.dtype == np.int64 and values.size:
        low, high = values.min(), values.max()
        kind = next((kind for kind in _NARROW if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max), np.int64)
        return values.astype(kind)
    return values


def unpressed(table: list, data: bytes, device: torch.device) -> list:
    """What was `pressed`, on a device; all tensors go there in one piece."""
    flat = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    if device.type == "cuda":
        flat = flat.pin_memory().to(device, non_blocking=True)
    made = []
    for kind, entries in table:
        tensors = {}
        for name, was, small, shape, place in entries:
            dtype, count = np.dtype(small), int(np.prod(shape))
            part = flat[place:place + count * dtype.itemsize].view(_of(dtype)).view(shape)
            tensors[name] = part.to(_of(np.dtype(was)))
        made.append(kind(**tensors))
    return made


def _of(dtype: np.dtype) -> torch.dtype:
    return torch.from_numpy(np.zeros(0, dtype)).dtype


class _Drawing(IterableDataset):
    def __init__(self, draw: Callable[[np.random.Generator], Sequence], seed: int):
        self.draw, self.seed = draw, seed

    def __iter__(self):
        worker = get_worker_info()
        torch.set_num_threads(1)
        random = np.random.default_rng([self.seed, worker.id if worker else 0])
        while True:
            yield pressed(self.draw(random))


def feed(draw: Callable[[np.random.Generator], Sequence], device: torch.device, *, workers: int, seed: int = 0) -> Iterator[list]:
    """Batches without end, on a device.

    Parameters
    ----------
    draw : makes batches (dataclasses of tensors on the processor) by chance
    workers : processes that draw, several batches ahead; 0: this one draws when asked
    """
    options = {"multiprocessing_context": "fork", "prefetch_factor": 4} if workers else {}
    for table, data in DataLoader(_Drawing(draw, seed), batch_size=None, num_workers=workers, collate_fn=_as_it_is, **options):
        yield unpressed(table, data, device)


def _as_it_is(batch):
    return batch
