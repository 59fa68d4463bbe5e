"""Planner, reader and writer on a GPU: other processes make the batches, so that it never waits."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from posterbeat.composer.planner import Planner
from posterbeat.composer.writer import ReaderWriter
from train.device import bf16_works
from train.music import train_planner, train_writer
from train.music.batches import Corpus
from train.music.feed import feed
from train.music.loop import Sitting, learn
from train.parallel import Team


@dataclass(frozen=True)
class Learning:
    """notes, stretches : of a step of the writer; items, plans : of a step of the planner
    planner : its share of the time
    steps : at most so many of each network; 0: time alone
    held : pieces of each genre, notes and items of each, that `val` is measured on
    most : pieces in all; 0: all
    """

    notes: int = 256
    stretches: int = 192
    items: int = 256
    plans: int = 192
    planner: float = 0.25
    steps: int = 0
    held: tuple[int, int, int] = (10, 512, 600)
    most: int = 0


SMOKE = Learning(notes=48, stretches=3, items=48, plans=3, steps=2, held=(1, 48, 60), most=100)


def learn_planner(prepared: Path, out: Path, device: torch.device, minutes: float, learning: Learning, workers: int,
                  start: Path | None = None, seed: int = 0) -> None:
    """The planner; as `train.music.train_planner`, whose files it writes."""
    corpus, held = Corpus(prepared, "train"), Corpus(prepared, "val")
    pieces, _, items = learning.held

    def draw(random: np.random.Generator):
        corpus.random = random
        return [train_planner.draw(corpus, learning.plans, learning.items)]

    _learn(Planner(), out, device, minutes, learning, start, seed, feed(draw, device, workers=workers, seed=seed),
           train_planner.batch_loss, lambda network: train_planner.validate(network, held, pieces=pieces, most=items))


def learn_writer(prepared: Path, out: Path, device: torch.device, minutes: float, learning: Learning, workers: int,
                 start: Path | None = None, seed: int = 0) -> None:
    """The reader and the writer; as `train.music.train_writer`, whose files it writes."""
    corpus, held = Corpus(prepared, "train"), Corpus(prepared, "val")
    pieces, notes, _ = learning.held

    def draw(random: np.random.Generator):
        corpus.random = random
        return corpus.draw(learning.stretches, learning.notes, train_writer.BARS)

    _learn(ReaderWriter(), out, device, minutes, learning, start, seed, feed(draw, device, workers=workers, seed=seed),
           train_writer.batch_loss, lambda network: train_writer.validate(network, held, pieces=pieces, notes=notes))


def _learn(network, out, device, minutes, learning, start, seed, batches, batch_loss, validate):
    torch.manual_seed(seed)
    network = network.to(device)
    bf16 = bf16_works(device)
    sitting = Sitting(minutes, save_minutes=1.0, steps=learning.steps)
    learn(network, out, sitting, Team(str(device)), lambda: batch_loss(network, *next(batches), bf16=bf16),
          lambda: validate(network), start=start)
    batches.close()
