"""From a trained network to weights/classifier: calibration, and the files in timm's own format."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from timm.models._hub import save_config_for_hf
from torch import nn

from posterbeat.genres import GENRES
from train.posters.data import balance_weights


def calibrate(logits: np.ndarray, labels: np.ndarray) -> dict:
    """Temperature and bias of softmax(logits / temperature + bias), genres weighted to count alike.

    Least weighted log loss on held-out posters (temperature scaling with a bias: Guo et al., "On Calibration of
    Modern Neural Networks", ICML 2017).

    Parameters
    ----------
    logits
        Shape=(posters, 5).
    labels
        Index of the first listed genre, shape=(posters,).
    """
    weights, given = (torch.from_numpy(np.asarray(values, np.float64)) for values in (balance_weights(labels), logits))
    answers = torch.from_numpy(np.asarray(labels, np.int64))
    settings = torch.zeros(1 + len(GENRES), dtype=torch.float64, requires_grad=True)  # logarithm of the temperature, bias
    search = torch.optim.LBFGS([settings], max_iter=200, tolerance_grad=1e-9, tolerance_change=1e-12,
                               line_search_fn="strong_wolfe")

    def loss():
        search.zero_grad()
        scores = given / settings[0].exp() + settings[1:]
        error = (weights * nn.functional.cross_entropy(scores, answers, reduction="none")).mean()
        # A little pull towards no bias: val has about a hundred posters of the scarcest genre.
        error = error + 0.05 * settings[1:].square().sum()
        error.backward()
        return error

    search.step(loss)
    found = settings.detach().numpy()
    bias = found[1:] - found[1:].mean()
    return {"temperature": round(float(np.exp(found[0])), 5), "bias": [round(float(value), 5) for value in bias]}


def calibrated_log(logits: np.ndarray, calibration: dict) -> np.ndarray:
    """Logarithms of the calibrated probabilities, shape=(posters, 5)."""
    scores = logits / calibration["temperature"] + np.array(calibration["bias"])
    scores = scores - scores.max(1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(1, keepdims=True))


def save_weights(network: nn.Module, folder: Path, size: tuple[int, int], calibration: dict, **more) -> None:
    """Write config.json and model.safetensors to `folder`, large tensors in half precision.

    Norms and biases stay in single precision: their range is wide and their size small.

    Parameters
    ----------
    size
        Height and width at which the network reads.
    more
        Further entries of config.json, such as test_time_flip.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: (value.half() if value.is_floating_point() and value.ndim > 1 else value).contiguous()
        for name, value in network.state_dict().items()
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    config = {"label_names": list(GENRES), "calibration": calibration, **more}
    data = {"input_size": (3, *size), "mean": (0.5,) * 3, "std": (0.5,) * 3, "interpolation": "bicubic",
            "crop_pct": 1.0, "crop_mode": "squash"}
    save_config_for_hf(network, folder / "config.json", model_config=config, data_config=data,
                       model_args=getattr(network, "built_with", None))
    written = json.loads((folder / "config.json").read_text())
    written.get("model_args", {}).pop("pretrained_backbone", None)  # whoever loads these needs no others
    (folder / "config.json").write_text(json.dumps(written, indent=2) + "\n")


def half_rounded(network: nn.Module) -> nn.Module:
    """`network` with its large tensors rounded as `save_weights` does, so that it is measured as it ships."""
    with torch.no_grad():
        for value in network.state_dict().values():
            if value.is_floating_point() and value.ndim > 1:
                value.copy_(value.half().float())
    return network
