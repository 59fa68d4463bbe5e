"""Train the planner; stops after a given time, goes on from its checkpoint when started again.

    python -m train.music.train_planner data/music.npz runs/planner --minutes 40
"""

import torch

from posterbeat.composer.plan_excerpt import collate_items, plan_stretch
from posterbeat.composer.planner import PlanItems, Planner
from posterbeat.genres import GENRES
from train.music.batches import Corpus
from train.music.feed import placed
from train.music.loop import Sitting, learn, seen_before, sitting_options
from train.parallel import Team
from train.tables import sentences


def draw(corpus: Corpus, size: int, most: int) -> PlanItems:
    """`size` stretches of up to `most` items."""
    rows = []
    for piece in corpus.random.choice(corpus.pieces, size, p=corpus.chance):
        bars = int(corpus.lengths["copy"][piece])
        first = 0 if corpus.random.random() < 0.3 else int(corpus.random.integers(0, max(1, bars - 16)))
        rows.append(plan_stretch(corpus.finished(int(piece)), first, most, corpus.random))
    return collate_items(rows)


def validate(network: Planner, corpus: Corpus, *, pieces: int = 10, most: int = 600) -> dict:
    """Bits of the plan over notes of the piece, on the first items of fixed pieces: mean over pieces, then over genres."""
    device = next(network.parameters()).device
    by_genre = []
    for genre in range(len(GENRES)):
        values = []
        for piece in corpus.pieces[corpus.genre[corpus.pieces] == genre][:pieces]:
            items = plan_stretch(corpus.finished(int(piece)), 0, most)
            bars = int((~items["cell"]).sum())
            voices = len(items["parts"])
            notes = int(corpus.array("start", piece)[bars * voices])
            values.append(float(network(*placed([collate_items([items])], device)).sum()) / max(notes, 1))
        if values:
            by_genre.append(sum(values) / len(values))
    return {"bits": round(sum(by_genre) / len(by_genre), 4)}


def batch_loss(network: Planner, items: PlanItems, *, bf16: bool) -> tuple[torch.Tensor, int]:
    """Bits an item of a batch, and how many items it holds."""
    with torch.autocast(items.target.device.type, torch.bfloat16, enabled=bf16):
        cost = network(items)
    size = int((items.target[..., 0] >= 0).sum())
    return cost.sum() / size, size


@sentences()
def main():
    options = sitting_options(__doc__, minutes=40, batch=24, size=("items", 256))
    torch.set_num_threads(options.threads)
    team = Team("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(options.seed + team.rank)
    network = Planner().to(team.device)
    before = seen_before(options.out, options.start, "planner.")
    corpus = Corpus(options.data, "train", seed=options.seed + before + 1_000_003 * team.rank)
    held = Corpus(options.data, "val")

    def loss():
        items = draw(corpus, team.share(options.batch), options.items)
        return batch_loss(network, *placed([items], team.device), bf16=options.bf16)

    learn(network, options.out, Sitting(options.minutes, lr=options.lr, falling=options.falling, steps=options.steps), team, loss,
          lambda: validate(network, held), start=options.start, within="planner.")


if __name__ == "__main__":
    main()
