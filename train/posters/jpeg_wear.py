"""What JPEG does to pictures, computed on the device that holds them: many at once, each at its own quality.

Colours to luma and chroma, chroma halved, blocks of eight by eight to cosines, rounded in steps of the standard's example
tables (ITU-T T.81, annex K) scaled as the Independent JPEG Group's library does, and back. No bytes are made.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80,
    62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98,
    112, 100, 103, 99)
_CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99,
    99, *[99] * 32)
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def compressed(pictures: Tensor, quality: Tensor) -> Tensor:
    """Pictures as they come back from JPEG files.

    Parameters
    ----------
    pictures : float, shape (b, 3, h, w), 0 to 255; h and w are multiples of 16
    quality : int, shape (b,), 1 to 100

    Returns
    -------
    Tensor of whole numbers as float, shape (b, 3, h, w), 0 to 255
    """
    if pictures.shape[2] % 16 or pictures.shape[3] % 16:
        raise ValueError(f"pictures of {pictures.shape[3]} x {pictures.shape[2]} pixels: sides must be multiples of 16")
    to_ycc, to_rgb = (pictures.new_tensor(table) for table in (_TO_YCC, _TO_RGB))
    quality = quality.to(pictures.dtype)
    scale = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    ycc = torch.einsum("kc,bchw->bkhw", to_ycc, pictures.round().clamp(0, 255))
    ycc = ycc - pictures.new_tensor([128.0, 0, 0])[:, None, None]
    luma = _rounded_in_steps(ycc[:, :1].round(), scale, _LUMA)
    small = F.avg_pool2d(ycc[:, 1:].round(), 2).round()
    chroma = F.interpolate(_rounded_in_steps(small, scale, _CHROMA), scale_factor=2, mode="bilinear", align_corners=False)
    back = torch.cat([luma + 128, chroma], 1).round()
    return torch.einsum("kc,bchw->bkhw", to_rgb, back).round().clamp(0, 255)


def _rounded_in_steps(planes: Tensor, scale: Tensor, table: tuple[int, ...]) -> Tensor:
    steps = planes.new_tensor(table).view(8, 8)
    steps = ((steps * scale[:, None, None] + 50) / 100).floor().clamp(1, 255)[:, None, None, None]
    cosines = _cosines(planes)
    b, c, h, w = planes.shape
    blocks = planes.view(b, c, h // 8, 8, w // 8, 8).transpose(3, 4)
    waves = cosines @ blocks @ cosines.T
    blocks = cosines.T @ ((waves / steps).round() * steps) @ cosines
    return blocks.transpose(3, 4).reshape(b, c, h, w).round()


def _cosines(like: Tensor) -> Tensor:
    place = torch.arange(8, dtype=like.dtype, device=like.device)
    table = torch.cos((2 * place[None] + 1) * place[:, None] * math.pi / 16) / 2
    table[0] /= math.sqrt(2)
    return table
