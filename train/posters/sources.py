"""Where a poster network's inputs come from: views kept on disk or pictures augmented on the fly, in batches."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from train.posters.data import Posters, augment, resize, to_input, unframed


class CachedViews:
    """Arrays on disk, each with a row a poster, as a source of batches."""

    def __init__(self, parts: Sequence[np.ndarray]):
        self.parts = list(parts)

    def __len__(self) -> int:
        return len(self.parts[0])

    def inputs(self, rows: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        return [part[rows].astype(np.float32) for part in self.parts]


class Pictures:
    """Posters as a source of batches, at `size` (height, width), augmented on the fly or plain."""

    def __init__(self, posters: Posters, size: tuple[int, int], augmented: bool):
        self.pixels, self.size, self.augmented = posters.pixels, tuple(size), augmented

    def __len__(self) -> int:
        return len(self.pixels)

    def inputs(self, rows: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        pictures = [self.pixels[row] for row in rows]
        if self.augmented:
            return [to_input(np.stack([augment(one, self.size, rng) for one in pictures]))]
        return [to_input(np.stack([resize(unframed(one), self.size) for one in pictures]))]


def batches(
    source, rows: np.ndarray, chances: np.ndarray, settings, epoch: int, skip: int = 0, rank: int = 0, size: int = 1
) -> Iterator[tuple]:
    """(step, rows, inputs) of an epoch, in an order that only the settings' seed and the epoch decide; the first `skip` left out.

    Of several processes each takes every `size`th poster of a batch.
    """
    rng = np.random.default_rng([settings.seed, epoch])
    count = settings.posters or len(rows)
    order = rng.choice(rows, count, p=chances / chances.sum()) if settings.draw else rng.permutation(rows)[:count]
    for step in range(skip, len(order) // settings.batch):
        chosen = order[step * settings.batch : (step + 1) * settings.batch][rank::size]
        yield step, chosen, source.inputs(chosen, np.random.default_rng([settings.seed, epoch, step, *[rank] * (size > 1)]))


@torch.inference_mode()
def logits_of(model: nn.Module, source, device: str = "cpu", batch: int = 64) -> np.ndarray:
    """Logits of every poster of a source, float32 (posters, classes), in evaluation mode."""
    model.eval()
    rng, parts = np.random.default_rng(0), []
    for first in range(0, len(source), batch):
        rows = np.arange(first, min(first + batch, len(source)))
        inputs = [torch.as_tensor(part).to(device) for part in source.inputs(rows, rng)]
        parts.append(model(*inputs).float().cpu().numpy())
    return np.concatenate(parts)
