"""What each ingredient of the composer gives: short trainings from nothing, each without one of them.

    python -m train.music.ablate data/music.npz runs/ingredients.json --notes 600000

All start from the same seed, see the same number of notes and are measured in the same way: bits a note on the first
phrases of fixed `val` pieces. After so short a training the differences are those of early learning; the card says how
many notes were seen. A variant that is already in the file is not trained again, and evaluate_composer copies the file
into metrics.json (`--ingredients`).
"""

import argparse
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from posterbeat.composer import network_input
from posterbeat.composer.excerpt import collate, stretch
from posterbeat.composer.network import START, Batch, ComposerNetwork, bits
from posterbeat.cpu import bf16_autocast
from posterbeat.genres import GENRES
from train.music.batches import Corpus
from train.music.train import SIZES
from train.tables import sentences

PIECES, PHRASES = 12, 6  # of each genre, and of each piece, that are measured
WARM_UP = 30  # updates


def without_opening(batch: Batch) -> Batch:
    """The opening phrase is out of sight once it is older than the others that are read."""
    return dataclasses.replace(batch, visible=torch.where(batch.visible == 0, -1, batch.visible))


def without_attributes(batch: Batch) -> Batch:
    """Tempo, density, mode and ensemble are not told."""
    least = torch.from_numpy(network_input.condition_buckets(None, None, None, None))[:3]
    condition = torch.cat([least.expand(len(batch.condition), 3), batch.condition[:, 3:]], 1)
    return dataclasses.replace(batch, condition=condition, ensemble=torch.zeros_like(batch.ensemble))


def without_repeats(batch: Batch) -> Batch:
    """Where the piece repeats itself is not shown, nor what came a bar before."""
    nothing = torch.tensor([0, START, 0, 0, 0])
    return dataclasses.replace(
        batch, hint=nothing.expand_as(batch.hint), hint_kind=torch.full_like(batch.hint_kind, network_input.NO_HINT),
        back=nothing.expand_as(batch.back))


def without_reading(batch: Batch) -> Batch:
    """No phrase is read."""
    return dataclasses.replace(batch, visible=torch.full_like(batch.visible, -1))


def forward_reader(network: ComposerNetwork) -> None:
    """A reader of the same width that reads forwards alone."""
    both = network.reader.lstm
    network.reader.lstm = nn.LSTM(both.input_size, 2 * both.hidden_size, batch_first=True)


@dataclasses.dataclass(frozen=True)
class Variant:
    """A network made otherwise, batches shown otherwise, or pieces drawn otherwise."""

    build: Callable[[ComposerNetwork], None] = lambda network: None
    show: Callable[[Batch], Batch] = lambda batch: batch
    quality_weights: tuple[float, float, float] = (4.0, 2.0, 1.0)


VARIANTS = {
    "everything": Variant(),
    "a forward reader for the bidirectional one": Variant(build=forward_reader),
    "nothing read": Variant(show=without_reading),
    "without the opening in view": Variant(show=without_opening),
    "without tempo, density, mode and ensemble": Variant(show=without_attributes),
    "without hints of repetition": Variant(show=without_repeats),
    "labels of every quality alike": Variant(quality_weights=(1.0, 1.0, 1.0)),
}


@torch.no_grad()
def measure(network: ComposerNetwork, corpus: Corpus, show: Callable[[Batch], Batch]) -> float:
    """Bits a note on fixed pieces of a split, mean over pieces, then over genres."""
    network.eval()
    by_genre = []
    for genre in range(len(GENRES)):
        rows = corpus.pieces[corpus.arrays["genre"][corpus.pieces] == genre][:PIECES]
        batch = show(collate([stretch(corpus.piece(index), 0, PHRASES, "match", 5) for index in rows]))
        cost, real = bits(network(batch)[0], batch.target), batch.target[..., 0] >= 0
        by_genre.append(float(((cost * real).sum(1) / real.sum(1)).mean()))
    network.train()
    return float(np.mean(by_genre))


def learn(variant: Variant, data: Path, notes: int, rate: float, batch_size: int, seed: int) -> dict:
    """Train one variant for `notes` notes, the rate falling to zero over the last half."""
    torch.manual_seed(seed)
    network = ComposerNetwork(**SIZES)
    variant.build(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    corpus = Corpus(data, "train", seed=seed, quality_weights=variant.quality_weights)
    seen = updates = 0
    while seen < notes:
        share = min(1.0, (updates + 1) / WARM_UP, max(0.02, 2 * (1 - seen / notes)))
        for group in optimiser.param_groups:
            group["lr"] = rate * share
        batch = variant.show(corpus.draw(batch_size, 4))
        real = int((batch.target[..., 0] >= 0).sum())
        with bf16_autocast():
            logits = network(batch)[0]
        loss = bits([field.float() for field in logits], batch.target).sum() / real
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        seen, updates = seen + real, updates + 1
    figure = measure(network, Corpus(data, "val"), variant.show)
    return {"bits": round(figure, 4), "notes_seen": seen, "seed": seed}


@sentences()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the array file of train.music.prepare")
    parser.add_argument("out", type=Path)
    parser.add_argument("--notes", type=int, default=600_000, help="notes that each variant sees")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--batch", type=int, default=24, help="pieces a batch")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    done = json.loads(options.out.read_text()) if options.out.exists() else {}
    for name, variant in VARIANTS.items():
        if name not in done:
            done[name] = learn(variant, options.data, options.notes, options.lr, options.batch, options.seed)
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text(json.dumps(done, indent=2) + "\n")
            print(name, done[name], flush=True)


if __name__ == "__main__":
    main()
