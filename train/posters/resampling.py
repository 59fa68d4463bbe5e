"""Pillow's ways of resizing and smoothing as matrices, so that many pictures, each its own part, are one product on any device.

A resized picture is rows @ picture @ columns.T. Filters and borders are Pillow's: bicubic with a = -0.5, wider where it
shrinks, cut off at the picture's edges; a Gaussian as three box filters (Gwosdek et al., "Theoretical foundations of Gaussian
convolution by extended box filtering", SSVM 2011).
"""

import torch
from torch import Tensor


def cubic(distance: Tensor) -> Tensor:
    """Keys's kernel with a = -0.5 at a distance in pixels."""
    x = distance.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))


def resizing(begin: Tensor, length: Tensor, rows: int, columns: int, *, taken: Tensor | None = None,
             given: Tensor | None = None, clipped: bool = True) -> Tensor:
    """Weights that bring stretches of a side to `rows` pixels: float32, shape (b, rows, columns).

    Parameters
    ----------
    begin, length : float, shape (b,), the stretches, in pixels of the side
    columns : pixels of the side
    taken : int, shape (b,), how many of the rows are wanted (the others are 0); by default all
    given : int, shape (b,), how many of the columns there are (the others are not looked at); by default all
    clipped : as Pillow does at edges; False leaves what lies outside at 0, and the weights sum to less than 1 there
    """
    device = begin.device
    out = torch.full_like(begin, rows) if taken is None else taken.to(begin.dtype)
    there = torch.full_like(begin, columns) if given is None else given.to(begin.dtype)
    scale = (length / out)[:, None, None]
    row = torch.arange(rows, device=device, dtype=begin.dtype)[None, :, None]
    column = torch.arange(columns, device=device, dtype=begin.dtype)[None, None]
    centre = begin[:, None, None] + (row + 0.5) * scale
    wide = scale.clamp(min=1)
    weights = cubic((column + 0.5 - centre) / wide) / wide
    weights = weights * (column < there[:, None, None])
    if clipped:
        total = weights.sum(2, keepdim=True)
        weights = weights / torch.where(total.abs() < 1e-6, torch.ones_like(total), total)
    return weights * (row < out[:, None, None])


def smoothing(deviation: float, size: int, device: torch.device | str = "cpu") -> Tensor:
    """Weights of a Gaussian along a side of `size` pixels, whose edges go on for ever: float32, shape (size, size)."""
    variance = deviation**2 / 3  # of each of three boxes
    whole = int(((12 * variance + 1) ** 0.5 - 1) / 2)
    part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance) / (6 * (variance - (whole + 1) ** 2))
    box = torch.tensor([part, *[1.0] * (2 * whole + 1), part]) / (2 * (whole + part) + 1)
    once = torch.zeros(size, size)
    places = torch.arange(size)
    for offset, weight in zip(range(-whole - 1, whole + 2), box):
        once.index_put_((places, (places + offset).clamp(0, size - 1)), weight, accumulate=True)
    return (once @ once @ once).to(device)


def applied(rows: Tensor, pictures: Tensor, columns: Tensor) -> Tensor:
    """rows @ pictures @ columns.T, (b, h', h) or (h', h), (b, c, h, w), (b, w', w) or (w', w) -> (b, c, h', w')."""
    rows = rows if rows.ndim == 2 else rows[:, None]
    columns = columns if columns.ndim == 2 else columns[:, None]
    return rows @ pictures @ columns.transpose(-1, -2)
