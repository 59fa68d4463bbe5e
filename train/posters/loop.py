"""The training loop of every poster network: soft labels, balance, EMA, cosine, resume."""

import csv
import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from timm.scheduler import CosineLRScheduler
from timm.utils import ModelEmaV3
from torch import nn

from train.parallel import Team
from train.posters.data import Posters, augment, balance_weights, balanced_accuracy, resize, to_input, unframed
from train.posters.weights import calibrate, calibrated_log
from train.tensorboard_curves import Curves


@dataclass
class Settings:
    epochs: int = 8
    posters: int = 0  # drawn an epoch; 0: as many as there are
    minutes: float = 0.0  # the rate falls with the time spent and training ends with it; 0: with the epochs
    batch: int = 48
    lr: float = 1e-3  # of the head; the backbone gets lr * backbone_lr
    backbone_lr: float = 0.2  # pretrained layers are to be bent, not melted
    weight_decay: float = 0.02  # of the pretrained layers
    head_decay: float = 0.5  # of the head, whose descriptor has thousands of numbers
    draw: float = 0.5  # 1: genres are drawn alike, 0: as they are; the loss weighs what is left of `balance`
    balance: float = 1.0  # 1: genres count alike, as in the figure that is published
    mixup: float = 0.0  # Beta parameter; 0 is off
    consistency: float = 0.0  # what a worn copy's disagreement with the clean one weighs; 0: one view of a poster, not two
    steady: bool = False  # targets are what the start says of the clean view, not labels; with pairs of views only
    ema: float = 0.999
    warmup: float = 0.3  # epochs
    adam: bool = False  # plain Adam, constant rate, no EMA: the reference study's protocol
    bf16: bool = False  # faster only where the processor has units for it
    device: str = "cpu"
    seed: int = 0
    checkpoint_minutes: float = 4.0


class CachedViews:
    """Arrays on disk, each with a row a poster, as a source of batches."""

    def __init__(self, parts: Sequence[np.ndarray]):
        self.parts = list(parts)

    def __len__(self) -> int:
        return len(self.parts[0])

    def inputs(self, rows: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        return [part[rows].astype(np.float32) for part in self.parts]


class Pictures:
    """Posters as a source of batches, at `size` (height, width), augmented on the fly or plain."""

    def __init__(self, posters: Posters, size: tuple[int, int], augmented: bool):
        self.pixels, self.size, self.augmented = posters.pixels, tuple(size), augmented

    def __len__(self) -> int:
        return len(self.pixels)

    def inputs(self, rows: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        pictures = [self.pixels[row] for row in rows]
        if self.augmented:
            return [to_input(np.stack([augment(one, self.size, rng) for one in pictures]))]
        return [to_input(np.stack([resize(unframed(one), self.size) for one in pictures]))]


def batches(
    source, rows: np.ndarray, chances: np.ndarray, settings: Settings, epoch: int, skip: int = 0, rank: int = 0, size: int = 1
) -> Iterator[tuple]:
    """(step, rows, inputs) of an epoch, in an order that only seed and epoch decide; the first `skip` left out.

    Of several processes each takes every `size`th poster of a batch.
    """
    rng = np.random.default_rng([settings.seed, epoch])
    count = settings.posters or len(rows)
    order = rng.choice(rows, count, p=chances / chances.sum()) if settings.draw else rng.permutation(rows)[:count]
    for step in range(skip, len(order) // settings.batch):
        chosen = order[step * settings.batch : (step + 1) * settings.batch][rank::size]
        yield step, chosen, source.inputs(chosen, np.random.default_rng([settings.seed, epoch, step, *[rank] * (size > 1)]))


@torch.inference_mode()
def logits_of(model: nn.Module, source, device: str = "cpu", batch: int = 64) -> np.ndarray:
    """Logits of every poster of a source, float32 (posters, classes), in evaluation mode."""
    model.eval()
    rng, parts = np.random.default_rng(0), []
    for first in range(0, len(source), batch):
        rows = np.arange(first, min(first + batch, len(source)))
        inputs = [torch.from_numpy(part).to(device) for part in source.inputs(rows, rng)]
        parts.append(model(*inputs).float().cpu().numpy())
    return np.concatenate(parts)


def mixed(x: torch.Tensor, share: float, views: int) -> torch.Tensor:
    """Each row and its partner's, the last with the first, at `share`; each of the batch's `views` within itself."""
    return share * x + (1 - share) * x.unflatten(0, (views, -1)).flip(1).flatten(0, 1)


def disagreement(log_p: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """How far the second half of a batch (worn copies) is from the first (the same posters, clean), a scalar.

    Kullback-Leibler divergence with the clean half as it is: the worn is to be read like the clean, not the clean like the
    worn (Zheng et al., "Improving the Robustness of Deep Neural Networks via Stability Training", CVPR 2016).
    """
    clean, worn = log_p.chunk(2)
    clean = clean.detach()
    return ((clean.exp() * (clean - worn)).sum(1) * weight.chunk(2)[0]).mean()


def parameter_groups(model: nn.Module, pretrained: Sequence[nn.Module], settings: Settings) -> list[dict]:
    """Head and pretrained layers with their rates; no weight decay on norms and biases."""
    deep = {id(parameter) for module in pretrained for parameter in module.parameters()}
    groups = {}
    for parameter in model.parameters():
        if parameter.requires_grad:
            groups.setdefault((id(parameter) in deep, parameter.ndim > 1), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": settings.lr * (settings.backbone_lr if is_deep else 1.0),
            "weight_decay": (settings.weight_decay if is_deep else settings.head_decay) if decays else 0.0,
        }
        for (is_deep, decays), parameters in groups.items()
    ]


def train(
    model: nn.Module,
    source,
    rows: np.ndarray,
    targets: np.ndarray,
    labels: np.ndarray,
    validate: Callable[[nn.Module], tuple[float, float]],
    run: Path,
    settings: Settings,
    pretrained: Sequence[nn.Module] = (),
    frozen_norms: Sequence[nn.Module] = (),
    trust: np.ndarray | None = None,
    teacher: nn.Module | None = None,
) -> float:
    """Train `model` in place and leave it at its best epoch on `val`; with a part of each batch, where it is one of several
    processes (see train/parallel.py).

    Parameters
    ----------
    source, rows
        Where inputs come from, and which posters of it to learn.
    targets, labels
        For every poster of the source: target (posters, classes), and first listed genre (posters,) to balance by.
    validate
        Log loss and balanced accuracy of a model on held-out posters.
    run
        Folder of checkpoint.pt, best.pt and curve.csv. If it holds a checkpoint, training goes on from there.
    pretrained
        Modules that learn at the lower rate.
    frozen_norms
        Modules whose batch norms keep their statistics.
    trust
        Weight of each poster of the source, shape=(posters,).
    teacher
        Gives the targets in place of `targets`, from the first, clean half of a batch: both halves are to be read so.

    Returns
    -------
    The balanced accuracy of the epoch with the lowest log loss.
    """
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    team = Team(settings.device)
    device = team.device
    model.to(device)
    team.begin_alike(model)
    optimiser_kind = torch.optim.Adam if settings.adam else torch.optim.AdamW
    optimiser = optimiser_kind(parameter_groups(model, pretrained, settings))
    steps = (settings.posters or len(rows)) // settings.batch
    schedule = CosineLRScheduler(
        optimiser, t_initial=settings.epochs * steps, warmup_t=int(settings.warmup * steps), warmup_prefix=False,
        lr_min=1e-6, t_in_epochs=False,
    )
    ema = ModelEmaV3(model, decay=settings.ema, use_warmup=True)
    first_epoch = skip = updates = 0
    spent = 0.0  # seconds, over all sittings
    best, figure = math.inf, 0.0
    chances = balance_weights(labels[rows], settings.draw)
    weights = np.zeros(len(labels), np.float32)
    weights[rows] = balance_weights(labels[rows], settings.balance - settings.draw)
    weights *= 1.0 if trust is None else trust
    checkpoint = run / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        ema.module.load_state_dict(state["ema"])
        optimiser.load_state_dict(state["optimiser"])
        first_epoch, skip, updates, best = state["epoch"], state["step"], state["updates"], state["best"]
        figure, spent = state["figure"], state["spent"]
        print(f"resuming at epoch {first_epoch}, step {skip}", flush=True)

    def progress() -> float:
        """Share of the training that lies behind."""
        return spent / (60 * settings.minutes) if settings.minutes else updates / (settings.epochs * steps)

    def save(at_epoch: int, at_step: int) -> None:
        state = {"model": model.state_dict(), "ema": ema.module.state_dict(), "optimiser": optimiser.state_dict(),
                 "epoch": at_epoch, "step": at_step, "updates": updates, "best": best, "figure": figure, "spent": spent,
                 "settings": asdict(settings)}
        torch.save(state, checkpoint.with_suffix(".part"))
        checkpoint.with_suffix(".part").replace(checkpoint)

    mixing, views = np.random.default_rng(settings.seed), 2 if settings.consistency else 1
    curves = Curves(run, write=team.leads)
    for epoch in itertools.count(first_epoch):
        if progress() >= 1:
            break
        model.train()
        for module in frozen_norms:
            for part in module.modules():
                if isinstance(part, nn.modules.batchnorm._BatchNorm):
                    part.eval()
        start = saved = last = time.time()
        losses = []
        for step, chosen, inputs in batches(source, rows, chances, settings, epoch, skip, team.rank, team.size):
            inputs = [torch.from_numpy(part).to(device) for part in inputs]
            inputs = [x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x for x in inputs]
            target = torch.from_numpy(targets[chosen]).to(device)
            weight = torch.from_numpy(weights[chosen]).to(device)
            if teacher is not None:
                with torch.no_grad():
                    target = teacher(*(x.chunk(2)[0] for x in inputs)).softmax(1)
            if settings.consistency:
                target, weight = target.repeat(2, 1), weight.repeat(2)
            if settings.mixup:
                share = float(mixing.beta(settings.mixup, settings.mixup))
                *inputs, target, weight = (mixed(x, share, views) for x in (*inputs, target, weight))
            if not settings.adam:
                schedule.step_update(int(min(1.0, progress()) * settings.epochs * steps))
            with torch.autocast(device.type, torch.bfloat16, enabled=settings.bf16):
                logits = model(*inputs)
            log_p = logits.float().log_softmax(1)
            error = -((target * log_p).sum(1) * weight).mean()
            if settings.consistency:
                error = error + settings.consistency * disagreement(log_p, weight)
            optimiser.zero_grad()
            error.backward()
            team.average_gradients(model)
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            updates += 1
            ema.update(model, step=updates)
            losses.append(team.sum(error.item())[0] / team.size)
            (spent,), last = team.told(spent + time.time() - last), time.time()
            if progress() >= 1:
                break
            if time.time() - saved > 60 * settings.checkpoint_minutes:
                saved = time.time()
                if not team.leads:
                    continue
                save(epoch, step + 1)
                print(f"  epoch {epoch} step {step + 1} of {steps}, loss {np.mean(losses[-200:]):.4f}, "
                      f"{len(losses) * settings.batch / (saved - start):.0f} posters a second", flush=True)
        skip = 0
        if not team.leads:
            continue
        kept = model if settings.adam else ema.module
        loss, accuracy = validate(kept)
        if loss < best or settings.steady:  # which is not about the labels: the last is the steadiest
            best, figure = loss, accuracy
            torch.save(kept.state_dict(), run / "best.pt")
        save(epoch + 1, 0)
        curves.add(epoch + 1, train_loss=np.mean(losses or [0]), val_log_loss=loss, val_balanced_accuracy=accuracy)
        new = not (run / "curve.csv").exists()
        with open(run / "curve.csv", "a", newline="") as curve:
            writer = csv.writer(curve)
            if new:
                writer.writerow(["epoch", "loss", "val_log_loss", "val_balanced_accuracy", "seconds"])
            writer.writerow([epoch + 1, f"{np.mean(losses or [0]):.4f}", f"{loss:.4f}", f"{accuracy:.4f}",
                             f"{time.time() - start:.0f}"])
        print(f"epoch {epoch + 1}: loss {np.mean(losses or [0]):.4f}, val loss {loss:.4f}, accuracy {accuracy:.4f}, "
              f"{time.time() - start:.0f} s", flush=True)
    figure, = team.told(figure)  # and with it the others wait until the best epoch is written
    model.load_state_dict(torch.load(run / "best.pt", map_location=device, weights_only=True))
    return figure


def balanced_figures(log_p: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Log loss and balanced accuracy of log probabilities (posters, 5); genres count alike in both."""
    loss = -np.average(log_p[np.arange(len(labels)), labels], weights=balance_weights(labels))
    return float(loss), balanced_accuracy(log_p, labels)


def val_figures(source, posters: Posters, device: str = "cpu") -> Callable[[nn.Module], tuple[float, float]]:
    """(log loss, balanced accuracy) after calibration on the IMDb-labelled posters of `val`, as a function of the model.

    The loss moves less by chance than the accuracy, so the best epoch is chosen by it.
    """
    rows = np.flatnonzero(posters.imdb)
    labels = posters.labels[rows]

    def figures(model: nn.Module) -> tuple[float, float]:
        logits = logits_of(model, source, device)[rows]
        return balanced_figures(calibrated_log(logits, calibrate(logits, labels)), labels)

    return figures
