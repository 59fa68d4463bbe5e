"""Drawing a class from logits: temperature, then the smallest set of classes that holds `top_p` of the probability.

Holtzman, Buys, Du, Forbes and Choi, "The curious case of neural text degeneration", ICLR 2020.
"""

import numpy as np


def draw(logits: np.ndarray, random: np.random.Generator, *, temperature: float = 1.0, top_p: float = 1.0,
         allowed: np.ndarray | None = None) -> int:
    """One class out of (n,) logits; `allowed`, bool of shape (n,), rules others out and must allow one."""
    scaled = logits / temperature
    if allowed is not None:
        scaled = np.where(allowed, scaled, -np.inf)
    chances = np.exp(scaled - scaled.max())
    chances /= chances.sum()
    if top_p < 1.0:
        order = np.argsort(-chances, kind="stable")
        sums = np.cumsum(chances[order])
        kept = order[:int(np.searchsorted(sums, top_p)) + 1]
        narrowed = np.zeros_like(chances)
        narrowed[kept] = chances[kept]
        chances = narrowed
    sums = np.cumsum(chances)
    return min(int(np.searchsorted(sums, random.random() * sums[-1], side="right")), len(chances) - 1)
