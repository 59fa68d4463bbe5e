"""Train the planner; stops after a given time, goes on from its checkpoint when started again.

    python -m train.music.train_planner data/arranger.npz runs/planner --minutes 40
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from posterbeat.composer.plan import Plan
from posterbeat.composer.plan_features import UNKNOWN, about_classes
from posterbeat.composer.planner import PlanItems, Planner, plan_items
from posterbeat.genres import GENRES
from posterbeat.music.harmony import slots_in_bar
from train.music.arranger_batches import Corpus
from train.music.arranger_loop import Sitting, learn
from train.music.feed import placed
from train.parallel import Team

_WITHOUT_GENRE, _WITHOUT_ABOUT = 1 / 8, 1 / 5


def items_of(corpus: Corpus, piece: int, first: int, most: int | None, random: np.random.Generator | None = None) -> dict:
    """Items of a stretch of one piece's plan with what is known of the piece; with `random` partly left out."""
    parts = corpus.array("parts", piece).astype(np.int64)[:, :5]
    copy = corpus.array("copy", piece)
    plan = Plan(copy, corpus.array("chord", piece), corpus.array("bass", piece),
                corpus.array("cells", piece).reshape(len(copy), len(parts), 5))
    bar, pace = int(corpus.bar[piece]), corpus.array("pace", piece)[0]
    about = about_classes(float(pace[0]), bool(corpus.arrays["about"][piece, 5]), bar, float(pace[1]))
    mix = np.zeros(len(GENRES), np.float32)
    mix[corpus.genre[piece]] = 1
    if random is not None:
        if random.random() < _WITHOUT_GENRE:
            mix[:] = 0
        for column, name in ((0, "tempo"), (1, "mode"), (3, "density")):
            if random.random() < _WITHOUT_ABOUT:
                about[column] = UNKNOWN[name]
    return plan_items(plan, parts, slots=slots_in_bar(bar), first=first, most=most) | {"parts": parts, "about": about, "mix": mix}


def collate(rows: list[dict]) -> PlanItems:
    """Stretches as a batch, padded at their ends."""
    size, voices = max(len(row["cell"]) for row in rows), max(len(row["parts"]) for row in rows)

    def padded(name, fill, length):
        first = rows[0][name]
        out = np.full((len(rows), length, *first.shape[1:]), fill, first.dtype)
        for index, row in enumerate(rows):
            out[index, :len(row[name])] = row[name]
        return torch.from_numpy(out)

    return PlanItems(
        seen=padded("seen", 0, size), chords=padded("chords", 0, size), recalled=padded("recalled", 0, size),
        target=padded("target", -1, size), cell=padded("cell", False, size), parts=padded("parts", -1, voices),
        about=torch.from_numpy(np.stack([row["about"] for row in rows])),
        mix=torch.from_numpy(np.stack([row["mix"] for row in rows])))


def draw(corpus: Corpus, size: int, most: int) -> PlanItems:
    """`size` stretches of up to `most` items."""
    rows = []
    for piece in corpus.random.choice(corpus.pieces, size, p=corpus.chance):
        bars = int(corpus.lengths["copy"][piece])
        first = 0 if corpus.random.random() < 0.3 else int(corpus.random.integers(0, max(1, bars - 16)))
        rows.append(items_of(corpus, int(piece), first, most, corpus.random))
    return collate(rows)


def validate(network: Planner, corpus: Corpus, *, pieces: int = 10, most: int = 600) -> dict:
    """Bits of the plan over notes of the piece, on the first items of fixed pieces: mean over pieces, then over genres."""
    device = next(network.parameters()).device
    by_genre = []
    for genre in range(len(GENRES)):
        values = []
        for piece in corpus.pieces[corpus.genre[corpus.pieces] == genre][:pieces]:
            items = items_of(corpus, int(piece), 0, most)
            bars = int((~items["cell"]).sum())
            voices = len(items["parts"])
            notes = int(corpus.array("start", piece)[bars * voices])
            values.append(float(network(*placed([collate([items])], device)).sum()) / max(notes, 1))
        if values:
            by_genre.append(float(np.mean(values)))
    return {"bits": round(float(np.mean(by_genre)), 4)}


def batch_loss(network: Planner, items: PlanItems, *, bf16: bool) -> tuple[torch.Tensor, int]:
    """Bits an item of a batch, and how many items it holds."""
    with torch.autocast(items.target.device.type, torch.bfloat16, enabled=bf16):
        cost = network(items)
    size = int((items.target[..., 0] >= 0).sum())
    return cost.sum() / size, size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--steps", type=int, default=0, help="stop after so many steps, if the time allows; 0: time alone")
    parser.add_argument("--batch", type=int, default=24, help="stretches a step")
    parser.add_argument("--items", type=int, default=256, help="items a stretch")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="weights to go on from where there is no checkpoint")
    parser.add_argument("--bf16", action="store_true", help="bf16 autocast: twice as fast where the processor has it")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    team = Team()
    torch.manual_seed(options.seed + team.rank)
    network = Planner()
    resumed = options.out / "last.pt"
    seed = options.seed + (int(torch.load(resumed, weights_only=True)["steps"]) if resumed.exists() else 0)
    corpus, held = Corpus(options.data, "train", seed=seed + 1_000_003 * team.rank), Corpus(options.data, "val")

    def loss():
        return batch_loss(network, draw(corpus, team.share(options.batch), options.items), bf16=options.bf16)

    learn(network, options.out, Sitting(options.minutes, lr=options.lr, steps=options.steps), team, loss,
          lambda: validate(network, held), start=options.start)


if __name__ == "__main__":
    main()
