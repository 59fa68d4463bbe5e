"""A training run of a poster network: its network, average, optimiser and how far it has come, kept in a checkpoint."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from timm.scheduler import CosineLRScheduler
from timm.utils import ModelEmaV3
from torch import nn

from posterbeat.whole_file import whole_file
from train.parallel import Team


class Training:
    """Goes on from `run`/checkpoint.pt where there is one.

    Parameters
    ----------
    model : on the team's device, and alike in all processes
    settings : loop.Settings
    steps : batches an epoch
    run : folder of checkpoint.pt and best.pt
    pretrained : modules that learn at the lower rate

    Attributes
    ----------
    epoch, skip : where to go on: the epoch, and how many of its batches lie behind
    figure : balanced accuracy of the epoch with the lowest log loss
    """

    def __init__(self, model: nn.Module, settings, steps: int, run: Path, team: Team, pretrained: Sequence[nn.Module]):
        self._model, self._settings, self._run, self._team = model, settings, run, team
        self._whole = settings.epochs * steps
        kind = torch.optim.Adam if settings.adam else torch.optim.AdamW
        self._optimiser = kind(parameter_groups(model, pretrained, settings))
        self._schedule = CosineLRScheduler(
            self._optimiser, t_initial=self._whole, warmup_t=int(settings.warmup * steps), warmup_prefix=False, lr_min=1e-6,
            t_in_epochs=False)
        self._ema = ModelEmaV3(model, decay=settings.ema, use_warmup=True)
        self.epoch = self.skip = self._updates = 0
        self._spent = 0.0  # seconds, over all sittings
        self._best, self.figure = math.inf, 0.0
        self._last = self._saved = time.time()
        if self._checkpoint.exists():
            self._resume()

    @property
    def _checkpoint(self) -> Path:
        return self._run / "checkpoint.pt"

    @property
    def progress(self) -> float:
        """Share of the training that lies behind."""
        if self._settings.minutes:
            return self._spent / (60 * self._settings.minutes)
        return self._updates / self._whole

    @property
    def kept(self) -> nn.Module:
        """The network that is to be kept: the average, or with the reference study's protocol the network itself."""
        return self._model if self._settings.adam else self._ema.module

    def begin_clock(self) -> None:
        """What was done until now is no part of the time spent."""
        self._last = self._saved = time.time()

    def learn(self, loss: Callable[[], torch.Tensor]) -> float:
        """One step down the loss of a batch; the loss, averaged over all processes."""
        if not self._settings.adam:
            self._schedule.step_update(int(min(1.0, self.progress) * self._whole))
        error = loss()
        self._optimiser.zero_grad()
        error.backward()
        self._team.average_gradients(self._model)
        nn.utils.clip_grad_norm_(self._model.parameters(), 5.0)
        self._optimiser.step()
        self._updates += 1
        self._ema.update(self._model, step=self._updates)
        mean = self._team.sum(error.item())[0] / self._team.size
        (self._spent,), self._last = self._team.told(self._spent + time.time() - self._last), time.time()
        return mean

    def save_in_time(self, epoch: int, step: int) -> bool:
        """Write the checkpoint if the last one is old; whether it was written."""
        if time.time() - self._saved <= 60 * self._settings.checkpoint_minutes:
            return False
        self._saved = time.time()
        if self._team.leads:
            self._save(epoch, step)
        return self._team.leads

    def end_epoch(self, epoch: int, loss: float, accuracy: float) -> None:
        """Keep the network if its log loss on `val` is the lowest, and write the checkpoint."""
        if loss < self._best or self._settings.steady:  # which is not about the labels: the last is the steadiest
            self._best, self.figure = loss, accuracy
            torch.save(self.kept.state_dict(), self._run / "best.pt")
        self._save(epoch + 1, 0)

    def _resume(self) -> None:
        state = torch.load(self._checkpoint, map_location=self._team.device, weights_only=True)
        self._model.load_state_dict(state["model"])
        self._ema.module.load_state_dict(state["ema"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.skip, self._updates, self._best = state["epoch"], state["step"], state["updates"], state["best"]
        self.figure, self._spent = state["figure"], state["spent"]
        print(f"resuming at epoch {self.epoch}, step {self.skip}", flush=True)

    def _save(self, epoch: int, step: int) -> None:
        state = {"model": self._model.state_dict(), "ema": self._ema.module.state_dict(),
                 "optimiser": self._optimiser.state_dict(), "epoch": epoch, "step": step, "updates": self._updates,
                 "best": self._best, "figure": self.figure, "spent": self._spent, "settings": asdict(self._settings)}
        with whole_file(self._checkpoint) as part:
            torch.save(state, part)


def parameter_groups(model: nn.Module, pretrained: Sequence[nn.Module], settings) -> list[dict]:
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
