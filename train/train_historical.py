"""Train one of the reference study's LSTM stacks as published and say what became of it.

    python -m train.train_historical final ../shared/data/midi --genre comedy --notes 6600 --minutes 60

Windows of 100 words, categorical cross-entropy, RMSprop, batches of 64. The words of one genre's training pieces, the
surest labels first, until the study's number of notes is reached. The study had no validation split; here the loss on
words of `val` pieces of the genre is told beside. Training goes on where it stopped when called again; afterwards
pieces are composed for `evaluate_composer --also`.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from posterbeat.genres import GENRES
from posterbeat.music.historical import STACKS, WINDOW, HistoricalStack, StackConfig, pitches_of, vocabulary, words_of
from train.music_data import read_split

BATCH = 64


def texts(data: Path, split: str, genre: str, notes: int, words: set[str] | None = None) -> list[list[str]]:
    """Words of a genre's pieces, surest labels first, until they sound `notes` notes; only `words`, when given."""
    pieces = sorted((piece for piece in read_split(data, split) if piece.genre == genre and piece.on_grid),
                    key=lambda piece: (piece.quality, piece.file))
    found, count = [], 0
    for piece in pieces:
        text = [word for word in words_of(piece.score) if words is None or word in words]
        while text and count + sum(len(pitches_of(word)) for word in text) > notes:
            text = text[:-1 - len(text) // 50]  # the last piece is cut
        count += sum(len(pitches_of(word)) for word in text)
        if len(text) > WINDOW:
            found.append(text)
        if count >= 0.98 * notes:
            break
    return found


def windows(stack: HistoricalStack, pieces: list[list[str]]) -> tuple[torch.Tensor, torch.Tensor]:
    """All windows of 100 words, shape (windows, 100), and the word after each, shape (windows,)."""
    rows, after = [], []
    for text in pieces:
        numbers = torch.from_numpy(stack.number(text))
        if len(numbers) > WINDOW:
            rows.append(numbers.unfold(0, WINDOW, 1)[:-1])
            after.append(numbers[WINDOW:])
    return torch.cat(rows), torch.cat(after)


@torch.inference_mode()
def loss_on(stack: HistoricalStack, rows: torch.Tensor, after: torch.Tensor, most: int = 2000) -> tuple[float, float]:
    """Mean loss in nats and share of right words, without dropout, on at most `most` evenly spaced windows."""
    pick = torch.linspace(0, len(rows) - 1, min(most, len(rows))).long()
    stack.eval()
    total, right = 0.0, 0
    for part in pick.split(256):
        logits = stack(rows[part]).float()
        total += float(nn.functional.cross_entropy(logits, after[part], reduction="sum"))
        right += int((logits.argmax(1) == after[part]).sum())
    stack.train()
    return total / len(pick), right / len(pick)


def train(name: str, data: Path, genre: str, notes: int, epochs: int, minutes: float, out: Path, seed: int = 0) -> dict:
    """Train for `epochs` or `minutes`, whichever ends first; returns the log, which is also `log.json` in `out`."""
    torch.manual_seed(seed)
    learn = texts(data, "train", genre, notes)
    words, counts = vocabulary(learn)
    stack = HistoricalStack(StackConfig(name, genre, tuple(words), tuple(counts)))
    rows, after = windows(stack, learn)
    val_rows, val_after = windows(stack, texts(data, "val", genre, max(2000, notes // 5), set(words)))
    # Keras's RMSprop
    optimiser = torch.optim.RMSprop(stack.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)
    log = {"stack": name, "genre": genre, "notes": sum(len(pitches_of(word)) for text in learn for word in text),
           "words": len(words), "windows": len(rows), "parameters": sum(p.numel() for p in stack.parameters()),
           "seed": seed, "seconds": 0.0, "epochs": []}
    out.mkdir(parents=True, exist_ok=True)
    if (out / "state.safetensors").exists():
        log = _resume(stack, optimiser, out)
    print({key: value for key, value in log.items() if key != "epochs"}, flush=True)
    begun, before = time.monotonic(), log["seconds"]
    for epoch in range(len(log["epochs"]), epochs):
        order = torch.from_numpy(np.random.default_rng((seed, epoch)).permutation(len(rows)))
        total, seen = 0.0, 0
        for part in order.split(BATCH):
            if len(part) < 2:  # batch normalisation needs two
                continue
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = stack(rows[part])
            loss = nn.functional.cross_entropy(logits.float(), after[part])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            total, seen = total + loss.item() * len(part), seen + len(part)
            if time.monotonic() - begun > minutes * 60:
                break
        learnt, right = loss_on(stack, rows, after)
        unseen, unseen_right = loss_on(stack, val_rows, val_after)
        log["seconds"] = before + time.monotonic() - begun
        log["epochs"].append({"loss": total / seen, "share_of_epoch": seen / len(rows), "train_loss": learnt,
                              "train_right": right, "val_loss": unseen, "val_right": unseen_right})
        print(epoch + 1, {key: round(value, 3) for key, value in log["epochs"][-1].items()},
              f"{log['seconds']:.0f} s", flush=True)
        _keep(stack, optimiser, log, out)
        if time.monotonic() - begun > minutes * 60:
            break
    stack.save(out)
    return log


def _keep(stack, optimiser, log, out):
    state = {f"model.{name}": value.contiguous() for name, value in stack.state_dict().items()}
    for number, parameter in enumerate(stack.parameters()):
        if parameter in optimiser.state:
            state[f"square.{number}"] = optimiser.state[parameter]["square_avg"].contiguous()
    save_file(state, out / "state.part")
    (out / "state.part").replace(out / "state.safetensors")
    (out / "log.json").write_text(json.dumps(log, indent=1) + "\n")


def _resume(stack, optimiser, out):
    state = load_file(out / "state.safetensors")
    stack.load_state_dict({name[6:]: value for name, value in state.items() if name.startswith("model.")})
    for number, parameter in enumerate(stack.parameters()):
        if f"square.{number}" in state:
            optimiser.state[parameter] = {"step": torch.tensor(1.0), "square_avg": state[f"square.{number}"]}
    return json.loads((out / "log.json").read_text())


def compose(out: Path, data: Path, pieces: int, notes: int) -> None:
    """Write pieces as published (a training window to begin with, the likeliest word always) under `out`/pieces."""
    stack = HistoricalStack.from_pretrained(out)
    log = json.loads((out / "log.json").read_text())
    rows, _ = windows(stack, texts(data, "train", log["genre"], log["notes"]))
    folder = out / "pieces"
    folder.mkdir(exist_ok=True)
    for seed in range(pieces):
        opening = rows[np.random.default_rng(seed).integers(len(rows))].numpy()
        score = stack.generate(log["genre"], notes=notes, seed=seed, opening=opening)
        score.to_midi().write(str(folder / f"{log['genre']}_{seed:03d}.mid"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stack", choices=tuple(STACKS))
    parser.add_argument("data", type=Path, help="midi.csv and the pieces")
    parser.add_argument("--genre", choices=GENRES, default="comedy")
    parser.add_argument("--notes", type=int, default=6600)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--out", type=Path, help="by default runs/historical/<stack>_<genre>_<notes>")
    parser.add_argument("--pieces", type=int, default=20, help="pieces to compose afterwards")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    out = options.out or Path("runs/historical") / f"{options.stack}_{options.genre}_{options.notes}"
    train(options.stack, options.data, options.genre, options.notes, options.epochs, options.minutes, out, options.seed)
    compose(out, options.data, options.pieces, 600)


if __name__ == "__main__":
    main()
