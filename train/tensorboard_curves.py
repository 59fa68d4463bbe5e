"""Curves of a training for TensorBoard: tensorboard --logdir runs"""

from __future__ import annotations

from pathlib import Path


class Curves:
    """Writes figures to `run`/tensorboard; without the tensorboard package, or with `write=False`, it writes nothing."""

    def __init__(self, run: Path, write: bool = True):
        self.writer = None
        if write:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                print("No curves for TensorBoard: pip install tensorboard to have them.", flush=True)
                return
            self.writer = SummaryWriter(str(run / "tensorboard"))

    def add(self, step: int, **figures: float) -> None:
        """Add a point to each curve; `train_loss=1.2` is the curve train/loss."""
        if self.writer:
            for name, value in figures.items():
                self.writer.add_scalar(name.replace("_", "/", 1), value, step)
            self.writer.flush()
