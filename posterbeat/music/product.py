"""A matrix that stays, times the few rows of a step: what counts is how many bytes of the matrix are read."""

import warnings

import numpy as np
import torch
import torch.nn.functional as F

from posterbeat.processor import has_bf16, has_vnni

_ENGINE = "fbgemm"  # of PyTorch's engines for whole numbers the one without overhead for one or two rows


def smallest() -> torch.dtype:
    """The smallest kind of number that this processor multiplies itself: qint8, bfloat16 or float32."""
    if has_vnni() and _ENGINE in torch.backends.quantized.supported_engines and hasattr(torch, "quantize_per_channel"):
        return torch.qint8
    return torch.bfloat16 if has_bf16() else torch.float32


class Matrix:
    """`weight`, (out, in), whose product with rows (b, in) is computed from numbers of one kind.

    torch.qint8 keeps a scale for each row of the weight and finds one for what it is multiplied with each time, as in
    PyTorch's dynamic quantisation; the sums are exact.
    """

    def __init__(self, weight: torch.Tensor, kind: torch.dtype):
        self._kind = kind
        self._weight = _packed(weight) if kind == torch.qint8 else weight.detach().to(kind).contiguous()

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """rows @ weight.T, (b, out), of float32."""
        given = torch.from_numpy(rows)
        if self._kind == torch.qint8:
            return torch.ops.quantized.linear_dynamic(given, self._weight, False).numpy()
        # PyTorch reads the matrix once for two rows where NumPy packs it anew each time.
        return F.linear(given.to(self._kind), self._weight).float().numpy()


def _packed(weight: torch.Tensor):
    weight = weight.detach().float()
    scale = weight.abs().amax(1).double().clamp(min=1e-12) / 127
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is to go one day; then `smallest` no longer asks for it
        whole = torch.quantize_per_channel(weight, scale, torch.zeros(len(scale), dtype=torch.long), 0, torch.qint8)
    usual = torch.backends.quantized.engine
    torch.backends.quantized.engine = _ENGINE  # which the packed matrix remembers
    try:
        return torch.ops.quantized.linear_prepack(whole, None)
    finally:
        torch.backends.quantized.engine = usual
