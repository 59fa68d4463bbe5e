"""The reference study's second and final stack on a GPU, until what the study reports of them is seen or the time is over."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from posterbeat import evaluation
from posterbeat.music.historical import HistoricalStack, score_of
from train.music.measure_pieces import interval
from train.study.train import losses, texts, train, windows
from train.study.word_figures import SEED, cut, of_words


@dataclass(frozen=True)
class Stack:
    """One run: stack, genre and notes as in the study; batch, and windows between two checkpoints; share of the time."""

    name: str
    genre: str
    notes: int
    batch: int
    every: int
    share: float


@dataclass(frozen=True)
class Learning:
    """windows : to be seen at most, by each stack; pieces, notes : that it writes in the end
    """

    stacks: tuple[Stack, ...] = (
        Stack("second", "comedy", 6600, 64, 6_000, 0.35),
        # Batches of 256: at the study's own, a GPU would wait for the next step most of the time.
        Stack("final", "action", 120_000, 256, 25_000, 0.65),
    )
    windows: int = 1_000_000_000
    pieces: int = 20
    notes: int = 300


SMOKE = Learning((Stack("second", "comedy", 700, 4, 8, 0.5), Stack("final", "action", 700, 4, 8, 0.5)), windows=8, pieces=2,
                 notes=12)


def learn_stacks(pack: Path, work: Path, words: Path, device: torch.device, minutes: float, learning: Learning) -> None:
    """Train each stack in its share of the time; then it writes, and `seen.json` says what of the study is seen.

    Parameters
    ----------
    work : gets a folder for each run, with the files of `train.study.train`
    words : a folder of its own for the words, unpacked
    """
    words.mkdir(parents=True, exist_ok=True)
    for path in pack.glob("words-*.txt"):
        (words / path.name.removeprefix("words-")).write_text(path.read_text())
    end, shares = time.monotonic() + 60 * minutes, sum(stack.share for stack in learning.stacks)
    for stack in learning.stacks:
        left = (end - time.monotonic()) * stack.share / shares
        shares -= stack.share
        out = work / f"{stack.name}_{stack.genre}_{stack.notes}"
        learn = texts(pack, "train", stack.genre, stack.notes, cache=words)
        known = {word for text in learn for word in text}
        validate = texts(pack, "val", stack.genre, max(2000, stack.notes // 5), known, cache=words)
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):  # a word is one number: see `train.precision`
            # The last tenth is for the norms' statistics and for writing.
            train(stack.name, learn, validate, stack.genre, out, to_see=learning.windows, batch=stack.batch,
                  minutes=0.9 * left / 60, every=stack.every, device=str(device), clock=time.monotonic)
            write(out, learn, device, learning.pieces, learning.notes)


def write(run: Path, learn: list[list[str]], device: torch.device, pieces: int, notes: int) -> dict:
    """Pieces as the study made them, from windows of training pieces by the likeliest word, and what they are like.

    Returns
    -------
    dict, also `seen.json`: loss and share of right words on the windows learned from, `word_figures.of_words`, and "copied_8":
    how many of a piece's 8-grams of melody stand in the training pieces (`evaluation.CopyIndex.share`)
    """
    stack = HistoricalStack.from_pretrained(run).to(device)
    rows, after = windows(stack, learn)
    loss, right = losses(stack, rows.to(device), after.to(device), 1000)
    openings = np.stack([rows[np.random.default_rng(seed).integers(len(rows))].numpy() for seed in range(pieces)])
    written = [cut(text, notes) for text in stack.write(openings, notes)]
    index = evaluation.CopyIndex([evaluation.melody_pairs(score_of(text, 10**6)) for text in learn])
    copied = [index.share(score_of(text, notes)) for text in written]
    seen = {"train_loss": interval(loss, seed=SEED), "train_right": interval(right, seed=SEED),
            "copied_8": interval(copied, seed=SEED), **of_words(written)}
    (run / "seen.json").write_text(json.dumps(seen, indent=1) + "\n")
    print(f"{run.name}: {seen}", flush=True)
    return seen


def go_on_from(earlier: Path, work: Path) -> None:
    """Lay down the runs that an earlier one left, so that `train.study.train` goes on from their weights."""
    for path in earlier.glob("*/model.safetensors"):
        run = work / path.parent.name
        run.mkdir(parents=True, exist_ok=True)
        state = {f"model.{name}": value.float() if value.is_floating_point() else value
                 for name, value in load_file(path).items()}
        save_file(state, run / "state.safetensors")
        (run / "log.json").write_text((path.parent / "log.json").read_text())
