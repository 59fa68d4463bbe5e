"""Train one of the reference study's LSTM stacks as published.

    python -m train.study.train final ../shared/data/midi --genre comedy --notes 6600 --windows 40000

Windows of 100 words, categorical cross-entropy, RMSprop. The words of one genre's training pieces, the surest labels
first, until the study's number of notes is reached. The study had no validation split; here the loss on words of `val`
pieces of the genre is told beside. `--short 25 --short-windows 30000` reads only the last 25 words of the first windows,
which costs a quarter; `--head-steps 3000` begins with the layers above the LSTMs alone, for which the LSTMs, as they were
drawn, read every window once. Training goes on where it stopped when called again; `train.study.evaluate` says what became of it.
"""

import argparse
import json
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from posterbeat.cpu import bf16_autocast
from posterbeat.genres import GENRES
from posterbeat.music.historical import STACKS, WINDOW, HistoricalStack, StackConfig, pitches_of, vocabulary, words_of
from posterbeat.whole_file import whole_file
from train.tables import sentences

RUNS = Path("runs/historical")
EVERY = 500  # windows from one line of the log and checkpoint to the next
_GLANCE = 64  # windows that the log's losses are measured on


def write_texts(data: Path, cache: Path, split: str) -> None:
    """Write `<split>_<genre>.txt` into the cache: one piece a line, surest labels first, words parted by spaces."""
    from train.music.data import read_split  # whoever has the words needs no reader of MIDI

    pieces = sorted((piece.quality, piece.file, piece.genre, " ".join(words_of(piece.score)))
                    for piece in read_split(data, split) if piece.on_grid)
    cache.mkdir(parents=True, exist_ok=True)
    for genre in GENRES:
        lines = "".join(text + "\n" for *_, of, text in pieces if of == genre)
        with whole_file(cache / f"{split}_{genre}.txt") as part:
            part.write_text(lines)


def texts(data: Path, split: str, genre: str, notes: int, words: set[str] | None = None,
          cache: Path | None = None) -> list[list[str]]:
    """Words of a genre's pieces, surest labels first, until they sound `notes` notes; only `words`, when given.

    All pieces of a split are read once and their words kept in `cache`, by default RUNS/words; delete it when the data
    change.
    """
    cache = cache or RUNS / "words"
    path = cache / f"{split}_{genre}.txt"
    if not path.exists():
        write_texts(data, cache, split)
    found, count = [], 0
    for line in path.read_text().splitlines():
        text = [word for word in line.split() if words is None or word in words]
        while text and count + sounding(text) > notes:
            text = text[:-1 - len(text) // 50]  # the last piece is cut
        if len(text) > WINDOW:
            found.append(text)
            count += sounding(text)
        if count >= 0.98 * notes:
            break
    return found


def sounding(text: list[str]) -> int:
    """How many notes a row of words sounds."""
    return sum(len(pitches_of(word)) for word in text)


def windows(stack: HistoricalStack, pieces: list[list[str]]) -> tuple[torch.Tensor, torch.Tensor]:
    """All windows of 100 words, shape (windows, 100), and the word after each, shape (windows,)."""
    rows, after = [], []
    for text in pieces:
        numbers = torch.from_numpy(stack.number(text))
        if len(numbers) > WINDOW:
            rows.append(numbers.unfold(0, WINDOW, 1)[:-1])
            after.append(numbers[WINDOW:])
    return torch.cat(rows), torch.cat(after)


def precision(device: torch.device):
    """The context to compute in: on a processor bfloat16 where it has it, elsewhere what is usual.

    A word is one number between 0 and 1, and bfloat16 tells some two hundred of those apart.
    """
    return bf16_autocast() if device.type == "cpu" else nullcontext()


@torch.inference_mode()
def losses(stack: HistoricalStack, rows: torch.Tensor, after: torch.Tensor, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Loss in nats and whether the likeliest word is right, without dropout, on at most `most` evenly spaced windows.

    Returns
    -------
    loss, right : np.ndarray of float, shape (windows measured,)
    """
    pick = torch.linspace(0, len(rows) - 1, min(most, len(rows))).long()
    was_training = stack.training
    stack.eval()
    loss, right = [], []
    for part in pick.split(128):
        with precision(rows.device):
            logits = stack(rows[part])
        loss.append(nn.functional.cross_entropy(logits.float(), after[part], reduction="none"))
        right.append((logits.argmax(1) == after[part]).float())
    stack.train(was_training)
    return torch.cat(loss).cpu().numpy(), torch.cat(right).cpu().numpy()


@torch.no_grad()
def measure_norms(stack: HistoricalStack, rows: torch.Tensor) -> None:
    """Set the statistics of the batch norms to those of all `rows`, (windows, 100), as the stack is now.

    The running ones lag behind LSTMs that still learn: their outputs differ so little from window to window that a small
    shift of the mean is many deviations, and the stack would be judged, and played, by what it no longer is.
    """
    norms = [layer for layer in stack.modules() if isinstance(layer, nn.BatchNorm1d)]
    if not norms:
        return
    was_training, usual = stack.training, [norm.momentum for norm in norms]
    stack.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
        norm.train()
    for part in rows.split(128):
        with precision(rows.device):
            stack(part)
    for norm, momentum in zip(norms, usual):
        norm.momentum = momentum
    stack.train(was_training)


def train_head(stack: HistoricalStack, rows: torch.Tensor, after: torch.Tensor, steps: int, batch: int, rate: float,
               seed: int) -> float:
    """Train what stands above the LSTMs, which read every window once and stay as they are.

    Returns
    -------
    float, mean loss of the last 100 steps
    """
    top = 1 + max(place for place, layer in enumerate(stack.layers) if hasattr(layer, "lstm"))
    stack.eval()
    with torch.no_grad():
        read = torch.cat([stack.layers[:top](part.unsqueeze(-1) / len(stack.config.words)) for part in rows.split(128)])
    stack.train()
    head = stack.layers[top:]
    optimiser = torch.optim.RMSprop(head.parameters(), lr=rate, alpha=0.9, eps=1e-7)
    rng, told = np.random.default_rng(seed), []
    for _ in range(steps):
        part = torch.from_numpy(rng.integers(0, len(rows), batch))
        loss = nn.functional.cross_entropy(head(read[part]), after[part])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        told.append(loss.item())
    return float(np.mean(told[-100:]))


def train(name: str, learn: list[list[str]], validate: list[list[str]], genre: str, out: Path, *, to_see: int,
          short: int = WINDOW, short_windows: int = 0, batch: int = 64, rate: float = 1e-3, minutes: float = 60.0,
          head_steps: int = 0, seed: int = 0, every: int | None = None, device: str = "cpu",
          clock: Callable[[], float] = time.process_time) -> dict:
    """Train until `to_see` windows were seen, or for `minutes` of processor time (or of what `clock` tells, in seconds).

    Parameters
    ----------
    learn, validate : words of the pieces; words of `validate` that `learn` lacks are left out
    short, short_windows : of the first `short_windows` windows only the last `short` words are read
    batch, rate : windows a step, and RMSprop's rate
    head_steps : steps of `train_head` before the first window
    every : windows from one line of the log and checkpoint to the next, by default `EVERY`
    device : where the stack learns

    Returns
    -------
    dict, the log, which is also `log.json` in `out`; "rounds" tells of every `every` windows seen
    """
    torch.manual_seed(seed)
    every = every or EVERY
    words, counts = vocabulary(learn)
    stack = HistoricalStack(StackConfig(name, genre, tuple(words), tuple(counts))).to(device)
    rows, after = (part.to(device) for part in windows(stack, learn))
    val_rows, val_after = (part.to(device) for part in windows(stack, validate))
    optimiser = torch.optim.RMSprop(stack.parameters(), lr=rate, alpha=0.9, eps=1e-7)  # Keras's
    log = {"stack": name, "genre": genre, "pieces": len(learn), "notes": sum(map(sounding, learn)), "words": len(words),
           "windows": len(rows), "parameters": sum(p.numel() for p in stack.parameters()), "seed": seed,
           "head_steps": 0, "head_loss": None, "windows_seen": 0, "epochs": 0.0, "processor_seconds": 0.0, "rounds": []}
    out.mkdir(parents=True, exist_ok=True)
    if (out / "state.safetensors").exists():
        log = _resume(stack, optimiser, out)
    print({key: value for key, value in log.items() if key != "rounds"}, flush=True)
    stack.train()
    begun, before = clock(), log["processor_seconds"]
    if head_steps and not log["head_steps"] and not log["windows_seen"]:
        log |= {"head_steps": head_steps, "head_loss": train_head(stack, rows, after, head_steps, batch, rate, seed)}
        print(f"the head alone: {log['head_loss']:.3f}, {clock() - begun:.0f} s", flush=True)
        log["processor_seconds"] = round(before + clock() - begun, 1)
        _keep(stack, optimiser, log, out)
    while log["windows_seen"] < to_see and clock() - begun < 60 * minutes:
        epoch, place = divmod(log["windows_seen"], len(rows))
        order = np.random.default_rng((seed, epoch)).permutation(len(rows))[place:place + every]
        length = short if log["windows_seen"] < short_windows else WINDOW
        total = 0.0
        for part in torch.from_numpy(order).split(batch):
            if len(part) < 2:  # batch normalisation needs two
                continue
            with precision(rows.device):
                logits = stack(rows[part, -length:])
            loss = nn.functional.cross_entropy(logits.float(), after[part])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            total += loss.item() * len(part)
        log["windows_seen"] += len(order)
        log["epochs"] = round(log["windows_seen"] / len(rows), 3)
        log["processor_seconds"] = round(before + clock() - begun, 1)
        measure_norms(stack, rows[torch.linspace(0, len(rows) - 1, min(_GLANCE, len(rows))).long()][:, -length:])
        told = {"windows_seen": log["windows_seen"], "length": length, "batch": batch, "rate": rate, "loss": total / len(order)}
        for kind, of, then in (("train", rows, after), ("val", val_rows, val_after)):
            loss, right = losses(stack, of[:, -length:], then, _GLANCE)
            told |= {f"{kind}_loss": float(loss.mean()), f"{kind}_right": float(right.mean())}
        log["rounds"].append(told)
        print({key: round(value, 3) for key, value in told.items()}, f"{log['processor_seconds']:.0f} s", flush=True)
        _keep(stack, optimiser, log, out)
    measure_norms(stack, rows)
    stack.save(out)
    return log


def _keep(stack, optimiser, log, out):
    state = {f"model.{name}": value.contiguous() for name, value in stack.state_dict().items()}
    for number, parameter in enumerate(stack.parameters()):
        if parameter in optimiser.state:
            state[f"square.{number}"] = optimiser.state[parameter]["square_avg"].contiguous()
    with whole_file(out / "state.safetensors") as part:
        save_file(state, part)
    (out / "log.json").write_text(json.dumps(log, indent=1) + "\n")
    stack.save(out)  # as it is so far, to be heard and measured


def _resume(stack, optimiser, out):
    state = load_file(out / "state.safetensors")
    stack.load_state_dict({name[6:]: value for name, value in state.items() if name.startswith("model.")})
    for number, parameter in enumerate(stack.parameters()):
        if f"square.{number}" in state:
            optimiser.state[parameter] = {"step": torch.tensor(1.0), "square_avg": state[f"square.{number}"].to(parameter.device)}
    return json.loads((out / "log.json").read_text())


@sentences()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stack", choices=tuple(STACKS))
    parser.add_argument("data", type=Path, help="midi.csv and the pieces")
    parser.add_argument("--genre", choices=GENRES, default="comedy")
    parser.add_argument("--notes", type=int, default=6600)
    parser.add_argument("--windows", type=int, default=1_000_000, help="to see in all, windows of every epoch counted")
    parser.add_argument("--short", type=int, default=WINDOW, metavar="WORDS")
    parser.add_argument("--short-windows", type=int, default=0)
    parser.add_argument("--head-steps", type=int, default=0)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--minutes", type=float, default=60.0, help="of processor time, in this call")
    parser.add_argument("--out", type=Path, help="by default runs/historical/<stack>_<genre>_<notes>")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    out = options.out or RUNS / f"{options.stack}_{options.genre}_{options.notes}"
    learn = texts(options.data, "train", options.genre, options.notes)
    validate = texts(options.data, "val", options.genre, max(2000, options.notes // 5), {w for text in learn for w in text})
    train(options.stack, learn, validate, options.genre, out, to_see=options.windows, short=options.short,
          short_windows=options.short_windows, batch=options.batch, rate=options.rate, minutes=options.minutes,
          head_steps=options.head_steps, seed=options.seed)


if __name__ == "__main__":
    main()
