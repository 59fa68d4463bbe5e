"""A sitting of training: goes on from its checkpoint, ends in time, keeps the best by `val`."""

import argparse
import csv
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from posterbeat.cpu import has_bf16
from posterbeat.whole_file import whole_file
from train.parallel import Team
from train.tensorboard_curves import Curves


def sitting_options(description: str, *, minutes: float, batch: int, size: tuple[str, int]) -> argparse.Namespace:
    """What the commands that learn are asked for; `size` is the name of the option that says how long a stretch is, and its
    usual value."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=minutes)
    parser.add_argument("--steps", type=int, default=0, help="stop after so many steps, if the time allows; 0: time alone")
    parser.add_argument("--batch", type=int, default=batch, help="stretches a step, over all processes")
    parser.add_argument(f"--{size[0]}", type=int, default=size[1], help=f"{size[0]} a stretch")
    parser.add_argument("--lr", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--falling", type=float, default=0.3, help="the share of the time over which it falls to zero")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path,
                        help="where there is no checkpoint, weights to go on from: a composer's folder, or a file")
    parser.add_argument("--bf16", action="store_true", help="bf16 autocast: twice as fast where the processor has it")
    options = parser.parse_args()
    if options.bf16 and not (torch.cuda.is_available() or has_bf16()):
        parser.error("--bf16: this processor does not compute in bfloat16")
    return options


def seen_before(out: Path, start: Path | None, within: str) -> int:
    """How many notes or decisions a run goes on from, in its checkpoint or else at its start: part of the seed of what it
    draws, so that no sitting learns again what another has learned from."""
    resumed = out / "last.pt"
    if resumed.exists():
        return int(torch.load(resumed, weights_only=True)["seen"])
    return _seen(start, within) if start else 0


@dataclass
class Sitting:
    """How a network learns.

    minutes : of this sitting; save_minutes : between checkpoints
    lr : highest learning rate; it warms up over `warm` steps and falls to zero over the last `falling` share of the sitting
    """

    minutes: float
    save_minutes: float = 8.0
    lr: float = 2e-3
    warm: int = 100
    falling: float = 0.3
    steps: int = 0  # stop after so many, if the time allows; 0: time alone


def _seen(start: Path, within: str) -> int:
    """How many notes or decisions the weights to go on from have learned from."""
    if start.is_dir():
        return json.loads((start / "config.json").read_text())["plans_seen" if within == "planner." else "notes_seen"]
    return json.loads(start.with_suffix(".json").read_text())["seen"]


def _begun(start: Path, within: str) -> dict[str, torch.Tensor]:
    """The tensors to go on from, in single precision."""
    tensors = load_file(start / "model.safetensors" if start.is_dir() else start)
    within = within if start.is_dir() else ""
    return {name.removeprefix(within): tensor.float() for name, tensor in tensors.items() if name.startswith(within)}


def learn(network: torch.nn.Module, out: Path, sitting: Sitting, team: Team, loss: Callable[[], tuple[torch.Tensor, int]],
          validate: Callable[[], dict], *, start: Path | None = None, within: str = "") -> None:
    """Train a network until its minutes are over or it is told to stop (SIGTERM), and save. Processes share the work.

    Parameters
    ----------
    out : folder of `last.pt` (checkpoint), `best.safetensors` (fewest bits on `val`), `best.json`, `log.csv`, and curves for
        TensorBoard
    loss : draws a batch; gives its loss and how many notes, or decisions, it holds
    validate : gives figures, `bits` among them
    start : where there is no checkpoint, what to go on from: a file of weights with a note of what they have `seen` beside it,
        or the folder of a composer, whose network's tensors begin with `within`
    """
    out.mkdir(parents=True, exist_ok=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=sitting.lr, betas=(0.9, 0.98), weight_decay=0.01)
    seen, steps, best, checkpoint = 0, 0, float("inf"), out / "last.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=team.device, weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        seen, steps, best = state["seen"], state["steps"], state["best"]
    elif start:
        network.load_state_dict(_begun(start, within))
        seen = _seen(start, within)
    team.begin_alike(network)
    stop, begin, saved, here, averaged = threading.Event(), time.monotonic(), 0.0, 0, None
    usual = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    log = (out / "log.csv" if team.leads else Path(os.devnull)).open("a", newline="")
    rows, curves = csv.writer(log), Curves(out, write=team.leads)

    def save() -> None:
        nonlocal best
        if not team.leads:
            return
        network.eval()
        with torch.no_grad():
            figures = validate()
        network.train()
        if figures["bits"] < best:
            best = figures["bits"]
            with whole_file(out / "best.safetensors") as part:
                save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, part)
            (out / "best.json").write_text(json.dumps({"seen": seen, "steps": steps, **figures}, indent=2))
        with whole_file(checkpoint) as path:
            torch.save({"network": network.state_dict(), "optimiser": optimiser.state_dict(), "seen": seen, "steps": steps,
                        "best": best}, path)
        rows.writerow(["val", steps, seen, round(time.monotonic() - begin), *figures.values()])
        log.flush()
        curves.add(steps, **{f"val_{name}": value for name, value in figures.items()})
        print(f"val at {seen / 1e6:.2f} M: {figures}", flush=True)

    try:
        network.train()
        while not (sitting.steps and here >= sitting.steps):
            elapsed, stopping = team.largest(time.monotonic() - begin, stop.is_set())
            left = 1 - elapsed / (sitting.minutes * 60)
            if left <= 0 or stopping:
                break
            rate = sitting.lr * min(1.0, (here + 1) / sitting.warm, max(left / sitting.falling, 0.01))
            for group in optimiser.param_groups:
                group["lr"] = rate
            value, size = loss()
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            team.average_gradients(network)
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            size, lost = team.sum(size, value.item() * size)
            seen, steps, here = seen + int(size), steps + 1, here + 1
            averaged = lost / size if averaged is None else 0.98 * averaged + 0.02 * lost / size
            if steps % 20 == 0:
                rows.writerow(["train", steps, seen, round(elapsed), round(averaged, 4)])
                log.flush()
                curves.add(steps, train_bits=averaged, train_rate=rate)
                if team.leads:
                    print(f"{steps} {seen / 1e6:.2f} M, {averaged:.3f} bits", flush=True)
            if elapsed - saved > sitting.save_minutes * 60:
                save()
                saved = elapsed
        save()
    finally:  # whatever ends it: processes that are forked later must end when they are told to
        signal.signal(signal.SIGTERM, usual)
    if stop.is_set() and callable(usual):
        usual(signal.SIGTERM, None)
