"""Train the composer's network; stops after a given time, goes on from its checkpoint when started again.

    python -m train.music.train data/music.npz runs/composer --minutes 150

The learning rate warms up, stays, and falls to zero over the last quarter of the sitting, so that every sitting ends
with a network worth keeping. A sitting that is told to stop (SIGTERM) saves first. `runs/composer/log.csv` has the curves,
and TensorBoard shows them; `last.pt` is the checkpoint, `best.safetensors` the network with the fewest bits a note on `val`.
Where the runs folder is gone, `--start weights/composer` goes on from the weights that were shipped, with a fresh optimiser.
Under `accelerate launch` (see train/parallel.py) several processes or GPUs share each batch.
"""

import argparse
import csv
import json
import os
import signal
import threading
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from posterbeat.composer.bilstm_composer import BiLSTMComposer
from posterbeat.composer.excerpt import collate, stretch
from posterbeat.composer.network import PHRASE, Batch, ComposerNetwork, bits
from posterbeat.composer.network_input import CONDITION_SIZES
from posterbeat.cpu import has_bf16
from posterbeat.genres import GENRES
from posterbeat.whole_file import whole_file
from train.music.batches import Corpus
from train.parallel import Team
from train.tables import sentences
from train.tensorboard_curves import Curves

SIZES = {"width": 256, "reader": 320, "writer": 512, "head": 384, "heads": 4, "condition_sizes": CONDITION_SIZES}


@torch.no_grad()
def validate(network: ComposerNetwork, corpus: Corpus, *, pieces_a_genre: int = 12, phrases: int = 8) -> dict:
    """Bits a note on the first `phrases` phrases of fixed pieces of a split: by field and genre, mean over genres."""
    network.eval()
    device = next(network.parameters()).device
    chosen = [index for genre in range(len(GENRES))
              for index in corpus.pieces[corpus.arrays["genre"][corpus.pieces] == genre][:pieces_a_genre]]
    by_genre = {}
    for begin in range(0, len(chosen), 12):
        rows = chosen[begin:begin + 12]
        batch = collate([stretch(corpus.piece(index), 0, phrases, "match", 5) for index in rows])
        note_bits = bits(network(_on(device, batch))[0], batch.target.to(device)).cpu()
        real = batch.target[..., 0] >= 0
        for index, piece in enumerate(rows):
            genre = int(corpus.arrays["genre"][piece])
            by_genre.setdefault(genre, []).append(float(note_bits[index][real[index]].mean()))
    network.train()
    return {"bits": float(np.mean([np.mean(values) for values in by_genre.values()])),
            **{f"bits_{genre}": round(float(np.mean(values)), 3) for genre, values in sorted(by_genre.items())}}


def _on(device: torch.device, batch: Batch) -> Batch:
    return Batch(**{field.name: getattr(batch, field.name).to(device) for field in fields(Batch)})


def train(arguments) -> None:
    team = Team("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed + team.rank)
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    network = ComposerNetwork(**SIZES).to(team.device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=arguments.lr, betas=(0.9, 0.98), weight_decay=0.01)
    seen, updates, best, sitting = 0, 0, float("inf"), 0
    checkpoint = out / "last.pt"
    autocast = torch.autocast(team.device.type, torch.bfloat16, enabled=arguments.bf16)
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=team.device, weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        seen, updates, best, sitting = state["seen"], state["updates"], state["best"], state["sitting"] + 1
    elif arguments.start:
        shipped = BiLSTMComposer.from_pretrained(arguments.start)
        network.load_state_dict(shipped.network.state_dict())
        seen, sitting = shipped.config.notes_seen, 1
    team.begin_alike(network)
    train_set = Corpus(arguments.data, "train", seed=arguments.seed + updates + 1_000_003 * team.rank)
    val_set = Corpus(arguments.data, "val")
    curves = Curves(out, write=team.leads)
    log = (out / "log.csv" if team.leads else Path(os.devnull)).open("a", newline="")
    writer = csv.writer(log)
    say = print if team.leads else lambda *words, **how: None
    say(f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f} M parameters, {seen / 1e6:.2f} M notes seen", flush=True)
    begin, last_saved, warm = time.monotonic(), 0.0, 150 if not updates else 40
    averaged, here = None, 0
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def save():
        nonlocal best
        if not team.leads:
            return
        figures = validate(network, val_set)
        if figures["bits"] < best:
            best = figures["bits"]
            save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, out / "best.safetensors")
            learned = {"notes_seen": seen, "updates": updates, "sizes": SIZES, **figures}
            (out / "best.json").write_text(json.dumps(learned, indent=2))
        with whole_file(checkpoint) as part:
            torch.save({"network": network.state_dict(), "optimiser": optimiser.state_dict(), "seen": seen,
                        "updates": updates, "best": best, "sitting": sitting}, part)
        writer.writerow(["val", sitting, updates, seen, round(time.monotonic() - begin), *figures.values()])
        log.flush()
        curves.add(updates, **{f"val_{name}": value for name, value in figures.items()})
        print(f"val {figures} at {seen / 1e6:.2f} M notes", flush=True)

    while True:
        elapsed, stopping = team.largest(time.monotonic() - begin, stop.is_set())
        if elapsed >= arguments.minutes * 60 or stopping or (arguments.updates and here >= arguments.updates):
            break
        left = 1 - elapsed / (arguments.minutes * 60)
        rate = arguments.lr * min(1.0, (here + 1) / warm, max(left / 0.25, 0.01))
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = _on(team.device, train_set.draw(team.share(arguments.batch), arguments.phrases))
        real = int((batch.target[..., 0] >= 0).sum())
        with autocast:
            logits = network(batch)[0]
        loss = bits([field.float() for field in logits], batch.target).sum() / real
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        team.average_gradients(network)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        real, now = team.sum(real, real * loss.item())
        now /= real
        seen, updates, here = seen + int(real), updates + 1, here + 1
        averaged = now if averaged is None else 0.97 * averaged + 0.03 * now
        if updates % 10 == 0:
            writer.writerow(["train", sitting, updates, seen, round(elapsed), round(averaged, 4), round(now, 4)])
            log.flush()
            curves.add(updates, train_bits=averaged, train_rate=rate)
            speed = here * arguments.batch * arguments.phrases * PHRASE / max(elapsed, 1)
            say(f"{updates} {seen / 1e6:.3f} M notes {averaged:.3f} bits, {speed:.0f} notes/s", flush=True)
        if elapsed - last_saved > arguments.save_minutes * 60:
            save()
            last_saved = elapsed
    save()


@sentences()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=150)
    parser.add_argument("--updates", type=int, default=0, help="stop after so many updates, if the time allows; 0: time only")
    parser.add_argument("--save-minutes", type=float, default=10)
    parser.add_argument("--batch", type=int, default=16, help="pieces a batch, over all processes")
    parser.add_argument("--phrases", type=int, default=4, help="phrases of 64 notes to write, a piece")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="folder of shipped weights to go on from where there is no checkpoint")
    parser.add_argument("--bf16", action="store_true", help="bf16 autocast: twice as fast where the processor has it")
    arguments = parser.parse_args()
    if arguments.bf16 and not (torch.cuda.is_available() or has_bf16()):
        parser.error("--bf16: this processor does not compute in bfloat16")
    train(arguments)


if __name__ == "__main__":
    main()
