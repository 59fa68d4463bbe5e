"""The figures on `val` by which the best epoch of a poster network is chosen."""

from collections.abc import Callable

import numpy as np
from torch import nn

from train.posters.data import Posters, balance_weights, balanced_accuracy
from train.posters.sources import logits_of
from train.posters.weights import calibrate, calibrated_log


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
