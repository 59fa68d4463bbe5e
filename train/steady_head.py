"""PosterNet's head once more, so that a worn copy of a poster gets the same answer as the poster.

    python -m train.steady_head --start runs/vision/deep/network.pt --run runs/vision/steady

The backbone stays. The head learns to give, for a poster as well as for a copy that was shrunk, enlarged and compressed
as JPEG, what it gave for the poster before (its own soft answers: Hinton et al., "Distilling the Knowledge in a
Neural Network", arXiv 1503.02531, 2015). No label is used, so nothing can be learnt by heart that was not known.
`train_classifier export --start` measures and writes what comes out.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from posterbeat.vision.engine import compiled
from posterbeat.vision.posternet import PosterNet
from train.poster_data import Posters, resize, to_input, unframed, worn
from train.train_classifier import start_posternet


class _Describe(nn.Module):
    def __init__(self, network: PosterNet):
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network.forward_features(x)


def described_pairs(
    network: PosterNet, posters: Posters, rows: np.ndarray, size: tuple[int, int], seed: int = 0
) -> np.ndarray:
    """Style descriptors of posters and of a worn copy of each, float16 (posters, 2, num_features)."""
    describe = _Describe(network.eval())
    run = compiled(describe, (2, 3, *size))
    rng, pairs, start = np.random.default_rng(seed), np.empty((len(rows), 2, network.num_features), np.float16), time.time()
    for place, row in enumerate(rows):
        picture = unframed(posters.pixels[row])
        if rng.random() < 0.5:
            picture = np.ascontiguousarray(picture[:, ::-1])
        pixels = to_input(np.stack([resize(picture, size), resize(worn(picture, rng), size)]))
        if run:
            pairs[place] = run(pixels)[0]
        else:
            with torch.inference_mode():
                pairs[place] = describe(torch.from_numpy(pixels)).numpy()
        if place % 1000 == 0:
            print(f"{place} of {len(rows)} pairs, {(place + 1) / (time.time() - start):.1f} a second", flush=True)
    return pairs


def steady(
    head: nn.Module, pairs: np.ndarray, epochs: int = 12, batch: int = 128, lr: float = 3e-4, decay: float = 0.05, seed: int = 0
) -> None:
    """Train `head` in place on descriptors (posters, 2, num_features): second like first, first as before."""
    head.eval()  # no dropout: the answers are to stay
    given = torch.from_numpy(pairs.astype(np.float32))
    with torch.inference_mode():
        wanted = head(given[:, 0]).softmax(1)
    wanted = wanted.clone()
    optimiser = torch.optim.AdamW([p for p in head.parameters() if p.requires_grad], lr=lr, weight_decay=decay)
    steps = epochs * (len(given) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    shuffled = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(given), generator=shuffled).split(batch)[: len(given) // batch]:
            log_p = head(given[rows].flatten(0, 1)).log_softmax(1)
            loss = nn.functional.kl_div(log_p, wanted[rows].repeat_interleave(2, 0), reduction="batchmean")
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: divergence {np.mean(losses):.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/posters"))
    parser.add_argument("--run", type=Path, default=Path("runs/vision/steady"))
    parser.add_argument("--start", type=Path, nargs="+", required=True, help="as for train_classifier")
    parser.add_argument("--backbone", default="tf_efficientnet_lite2")
    parser.add_argument("--read-size", type=int, nargs=2, default=(360, 240), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--posters", type=int, default=8000, help="how many of the training posters are read")
    arguments = parser.parse_args()
    arguments.run.mkdir(parents=True, exist_ok=True)
    network, posters = start_posternet(arguments), Posters.load(arguments.data, "train")
    rows = np.sort(np.random.default_rng(0).permutation(len(posters.pixels))[: arguments.posters])
    path = arguments.run / "pairs.npy"
    if not path.exists():
        np.save(path, described_pairs(network, posters, rows, tuple(arguments.read_size)))
    steady(network.head, np.load(path))
    torch.save(network.state_dict(), arguments.run / "network.pt")


if __name__ == "__main__":
    main()
