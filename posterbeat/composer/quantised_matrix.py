"""A matrix that stays, times the few rows of a step: what counts is how many bytes of the matrix are read."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F

from posterbeat.cpu import has_bf16, has_vnni

_ENGINE = "fbgemm"  # of PyTorch's engines for small numbers the one without overhead for one or two rows


def smallest() -> torch.dtype:
    """The smallest kind of number that this processor reads at no loss of time: qint8, bfloat16, float16 or float32."""
    engine = _ENGINE in torch.backends.quantized.supported_engines
    if engine and has_vnni() and hasattr(torch, "quantize_per_channel"):
        return torch.qint8
    if has_bf16():
        return torch.bfloat16
    return torch.float16 if engine and hasattr(torch.ops.quantized, "linear_prepack_fp16") else torch.float32


class Matrix:
    """`weight`, (out, in), whose product with rows (b, in) is computed from numbers of one kind.

    torch.qint8 keeps a scale for each row of the weight and finds one for what it is multiplied with each time, as in
    PyTorch's dynamic quantisation; the sums are exact. torch.float16 is how the weight lies in memory: the rows and the sums
    are float32.
    """

    def __init__(self, weight: torch.Tensor, kind: torch.dtype):
        self._kind = kind
        if kind == torch.qint8:
            self._weight = _packed(weight)
        elif kind == torch.float16:
            with _engine():
                self._weight = torch.ops.quantized.linear_prepack_fp16(weight.detach().float().contiguous(), None)
        else:
            self._weight = weight.detach().to(kind).contiguous()

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """rows @ weight.T, (b, out), of float32."""
        given = torch.from_numpy(rows)
        if self._kind == torch.qint8:
            return torch.ops.quantized.linear_dynamic(given, self._weight, False).numpy()
        if self._kind == torch.float16:
            return torch.ops.quantized.linear_dynamic_fp16(given, self._weight).numpy()
        # PyTorch reads the matrix once for two rows where NumPy packs it anew each time.
        return F.linear(given.to(self._kind), self._weight).float().numpy()


def _packed(weight: torch.Tensor):
    weight = weight.detach().float()
    scale = weight.abs().amax(1).double().clamp(min=1e-12) / 127
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is to go one day; then `smallest` no longer asks for it
        whole = torch.quantize_per_channel(weight, scale, torch.zeros(len(scale), dtype=torch.long), 0, torch.qint8)
    with _engine():
        return torch.ops.quantized.linear_prepack(whole, None)


@contextmanager
def _engine() -> Iterator[None]:
    """PyTorch packs matrices for `_ENGINE` in here, which they remember."""
    usual = torch.backends.quantized.engine
    torch.backends.quantized.engine = _ENGINE
    try:
        yield
    finally:
        torch.backends.quantized.engine = usual
