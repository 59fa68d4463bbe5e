"""The training loop of every poster network: soft labels, balance, EMA, cosine, resume."""

import csv
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from train.parallel import Team
from train.posters.checkpoint import Training
from train.posters.data import balance_weights
from train.posters.sources import batches
from train.tensorboard_curves import Curves


@dataclass
class Settings:
    epochs: int = 8
    posters: int = 0  # drawn an epoch; 0: as many as there are
    minutes: float = 0.0  # the rate falls with the time spent, measuring counted, and training ends with it; 0: with the epochs
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


# A network of the reference study: plain Adam, a constant rate, the first listed genre.
STUDY = Settings(epochs=15, batch=64, adam=True, warmup=0.0, weight_decay=0.0, head_decay=0.0, balance=0.0, draw=0.0)


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
    model.to(team.device)
    team.begin_alike(model)
    steps = (settings.posters or len(rows)) // settings.batch
    training = Training(model, settings, steps, run, team, pretrained)
    lesson = Lesson(targets, _weights(rows, labels, settings, trust), settings, team.device, teacher)
    chances = balance_weights(labels[rows], settings.draw)
    curves = Curves(run, write=team.leads)
    training.begin_clock()
    for epoch in itertools.count(training.epoch):
        if training.progress >= 1:
            break
        model.train()
        for module in frozen_norms:
            for part in module.modules():
                if isinstance(part, nn.modules.batchnorm._BatchNorm):
                    part.eval()
        start, losses = time.time(), []
        for step, chosen, inputs in batches(source, rows, chances, settings, epoch, training.skip, team.rank, team.size):
            losses.append(training.learn(lambda chosen=chosen, inputs=inputs: lesson.loss(model, chosen, inputs)))
            if training.progress >= 1:
                break
            if training.save_in_time(epoch, step + 1):
                print(f"  epoch {epoch} step {step + 1} of {steps}, loss {np.mean(losses[-200:]):.4f}, "
                      f"{len(losses) * settings.batch / (time.time() - start):.0f} posters a second", flush=True)
        training.skip = 0
        if not team.leads:
            continue
        loss, accuracy = validate(training.kept)
        training.end_epoch(epoch, loss, accuracy)
        _tell(run, curves, epoch + 1, float(np.mean(losses or [0])), loss, accuracy, time.time() - start)
    figure, = team.told(training.figure)  # and with it the others wait until the best epoch is written
    model.load_state_dict(torch.load(run / "best.pt", map_location=team.device, weights_only=True))
    return figure


class Lesson:
    """What a batch teaches: its loss, against labels or against a teacher, of one view of each poster or of two."""

    def __init__(self, targets: np.ndarray, weights: np.ndarray, settings: Settings, device: torch.device,
                 teacher: nn.Module | None):
        self._targets, self._weights, self._settings = targets, weights, settings
        self._device, self._teacher = device, teacher
        self._mixing, self._views = np.random.default_rng(settings.seed), 2 if settings.consistency else 1

    def loss(self, model: nn.Module, chosen: np.ndarray, inputs: list[np.ndarray]) -> torch.Tensor:
        """The loss of the posters `chosen`, rows of the source, a scalar; inputs as `sources.batches` gives them."""
        settings = self._settings
        inputs = [torch.as_tensor(part).to(self._device) for part in inputs]  # some sources make them there
        inputs = [x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x for x in inputs]
        target = torch.from_numpy(self._targets[chosen]).to(self._device)
        weight = torch.from_numpy(self._weights[chosen]).to(self._device)
        if self._teacher is not None:
            with torch.no_grad():
                target = self._teacher(*(x.chunk(2)[0] for x in inputs)).softmax(1)
        if settings.consistency:
            target, weight = target.repeat(2, 1), weight.repeat(2)
        if settings.mixup:
            share = float(self._mixing.beta(settings.mixup, settings.mixup))
            *inputs, target, weight = (mixed(x, share, self._views) for x in (*inputs, target, weight))
        with torch.autocast(self._device.type, torch.bfloat16, enabled=settings.bf16):
            logits = model(*inputs)
        log_p = logits.float().log_softmax(1)
        error = -((target * log_p).sum(1) * weight).mean()
        return error + settings.consistency * disagreement(log_p, weight) if settings.consistency else error


def _weights(rows: np.ndarray, labels: np.ndarray, settings: Settings, trust: np.ndarray | None) -> np.ndarray:
    """What each poster of the source counts in the loss, float32; 0 where it is not learned."""
    weights = np.zeros(len(labels), np.float32)
    weights[rows] = balance_weights(labels[rows], settings.balance - settings.draw)
    weights *= 1.0 if trust is None else trust
    return weights


def _tell(run: Path, curves: Curves, epoch: int, loss: float, val_loss: float, accuracy: float, seconds: float) -> None:
    """Write an epoch's figures down, for TensorBoard, for curve.csv and on the screen."""
    curves.add(epoch, train_loss=loss, val_log_loss=val_loss, val_balanced_accuracy=accuracy)
    new = not (run / "curve.csv").exists()
    with open(run / "curve.csv", "a", newline="") as curve:
        writer = csv.writer(curve)
        if new:
            writer.writerow(["epoch", "loss", "val_log_loss", "val_balanced_accuracy", "seconds"])
        writer.writerow([epoch, f"{loss:.4f}", f"{val_loss:.4f}", f"{accuracy:.4f}", f"{seconds:.0f}"])
    print(f"epoch {epoch}: loss {loss:.4f}, val loss {val_loss:.4f}, accuracy {accuracy:.4f}, {seconds:.0f} s", flush=True)


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
