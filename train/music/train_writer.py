"""Train the reader and the writer; stops after a given time, goes on from its checkpoint when started again.

    python -m train.music.train_writer data/arranger.npz runs/writer --minutes 150

Where the runs folder is gone, `--start weights/unfinished/writer.safetensors` goes on from kept weights, with a fresh optimiser.
On two cores two processes of one thread each learn nearly twice as fast as one process of two threads (see train/parallel.py):

    accelerate launch --cpu --num_processes 2 -m train.music.train_writer data/arranger.npz runs/writer --threads 1 --bf16
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from posterbeat.composer.reader import PlanBatch
from posterbeat.composer.writer import FIELDS, ReaderWriter, WriterBatch, bits
from posterbeat.genres import GENRES
from train.music.arranger_batches import Corpus, collate
from train.music.arranger_loop import Sitting, learn
from train.music.feed import placed
from train.parallel import Team

BARS = 64  # of a plan that are read around a stretch


def validate(network: ReaderWriter, corpus: Corpus, *, pieces: int = 10, notes: int = 512) -> dict:
    """Bits a written note given the plan, on the first `notes` written ones of fixed pieces: mean over pieces, then genres."""
    device = next(network.parameters()).device
    by_genre, by_field = [], []
    for genre in range(len(GENRES)):
        chosen = corpus.pieces[corpus.genre[corpus.pieces] == genre][:pieces]
        if not len(chosen):
            continue
        plan, batch = placed(collate([corpus.stretch(int(piece), 0, notes, BARS) for piece in chosen]), device)
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=150)
    parser.add_argument("--steps", type=int, default=0, help="stop after so many steps, if the time allows; 0: time alone")
    parser.add_argument("--batch", type=int, default=16, help="stretches a step")
    parser.add_argument("--notes", type=int, default=256, help="written notes a stretch")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="weights to go on from where there is no checkpoint")
    parser.add_argument("--bf16", action="store_true", help="bf16 autocast: twice as fast where the processor has it")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    team = Team()
    torch.manual_seed(options.seed + team.rank)
    network = ReaderWriter()
    resumed = options.out / "last.pt"
    seed = options.seed + (int(torch.load(resumed, weights_only=True)["steps"]) if resumed.exists() else 0)
    corpus, held = Corpus(options.data, "train", seed=seed + 1_000_003 * team.rank), Corpus(options.data, "val")

    def loss():
        return batch_loss(network, *corpus.draw(team.share(options.batch), options.notes, BARS), bf16=options.bf16)

    learn(network, options.out, Sitting(options.minutes, lr=options.lr, steps=options.steps), team, loss,
          lambda: validate(network, held), start=options.start)


if __name__ == "__main__":
    main()
