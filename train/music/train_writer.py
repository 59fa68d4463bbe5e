"""Train the reader and the writer; stops after a given time, goes on from its checkpoint when started again.

    python -m train.music.train_writer data/music.npz runs/writer --minutes 150

Where the runs folder is gone, `--start weights/composer` goes on from what ships, with a fresh optimiser. On two cores two
processes of one thread each learn nearly twice as fast as one process of two threads (see train/parallel.py):

    accelerate launch --cpu --num_processes 2 -m train.music.train_writer data/music.npz runs/writer --threads 1 --bf16
"""

import numpy as np
import torch

from posterbeat.composer.excerpt import collate, stretch
from posterbeat.composer.reader import PlanBatch
from posterbeat.composer.writer import FIELDS, ReaderWriter, WriterBatch, bits
from posterbeat.genres import GENRES
from train.music.batches import Corpus
from train.music.feed import placed
from train.music.loop import Sitting, learn, seen_before, sitting_options
from train.parallel import Team
from train.tables import sentences

BARS = 64  # of a plan that are read around a stretch


def validate(network: ReaderWriter, corpus: Corpus, *, pieces: int = 10, notes: int = 512) -> dict:
    """Bits a written note given the plan, on the first `notes` written ones of fixed pieces: mean over pieces, then genres."""
    device = next(network.parameters()).device
    by_genre, by_field = [], []
    for genre in range(len(GENRES)):
        chosen = corpus.pieces[corpus.genre[corpus.pieces] == genre][:pieces]
        if not len(chosen):
            continue
        plan, batch = placed(collate([stretch(corpus.finished(int(piece)), 0, notes, BARS) for piece in chosen]), device)
        cost = bits(network(plan, batch), batch.target)
        real = batch.target[..., 0] >= 0
        by_genre.append(float(np.mean([float(cost[row][real[row]].sum(-1).mean()) for row in range(len(chosen))])))
        by_field.append(cost[real].mean(0).cpu().numpy())
    fields = dict(zip(FIELDS, np.mean(by_field, axis=0).round(3).tolist()))
    return {"bits": round(float(np.mean(by_genre)), 4), **fields}


def batch_loss(network: ReaderWriter, plan: PlanBatch, batch: WriterBatch, *, bf16: bool) -> tuple[torch.Tensor, int]:
    """Bits a note of a batch, and how many notes it holds."""
    with torch.autocast(batch.target.device.type, torch.bfloat16, enabled=bf16):
        logits = network(plan, batch)
    size = int((batch.target[..., 0] >= 0).sum())
    return bits(logits, batch.target).sum() / size, size


@sentences()
def main():
    options = sitting_options(__doc__, minutes=150, batch=16, size=("notes", 256))
    torch.set_num_threads(options.threads)
    team = Team("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(options.seed + team.rank)
    network = ReaderWriter().to(team.device)
    before = seen_before(options.out, options.start, "networks.")
    corpus = Corpus(options.data, "train", seed=options.seed + before + 1_000_003 * team.rank)
    held = Corpus(options.data, "val")

    def loss():
        drawn = corpus.draw(team.share(options.batch), options.notes, BARS)
        return batch_loss(network, *placed(drawn, team.device), bf16=options.bf16)

    learn(network, options.out, Sitting(options.minutes, lr=options.lr, falling=options.falling, steps=options.steps), team, loss,
          lambda: validate(network, held), start=options.start, within="networks.")


if __name__ == "__main__":
    main()
