"""Posters that lie as bytes in the device's memory, and views of them that are made there.

What a view shows is as in `data.augment`: mirrored, cropped, framed, lighter or darker, worn. Chances are drawn on the
processor, so that one seed makes the same views on any device.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from train.posters.data import Posters
from train.posters.jpeg_wear import compressed
from train.posters.resampling import applied, resizing, smoothing

_FRAMED, _LIT, _SHRUNK = 0.15, 0.5, 0.4  # chances, as in `data.augment` and `data.worn`


@dataclass(frozen=True)
class Chances:
    """What was drawn for each view, np.ndarray of shape (b,) each.

    mirrored, framed, worn : bool
    left, top, width, height : float, the part of the poster that is shown, in its pixels; beyond it where it is framed
    ground : float, the frame's grey level, -1 for the poster's own mean colour
    scale : float, side of the smaller copy that it was enlarged from, 1 for none; quality : int, of JPEG
    gain, contrast : float
    """

    mirrored: np.ndarray
    framed: np.ndarray
    worn: np.ndarray
    left: np.ndarray
    top: np.ndarray
    width: np.ndarray
    height: np.ndarray
    ground: np.ndarray
    scale: np.ndarray
    quality: np.ndarray
    gain: np.ndarray
    contrast: np.ndarray


def draw(count: int, size: tuple[int, int], rng: np.random.Generator, area: float, wear: float) -> Chances:
    """Chances for `count` views of posters of `size` (height, width); `area` and `wear` as for `data.augment`."""
    height, width = size
    framed = rng.random(count) < _FRAMED
    side, stretch = np.sqrt(rng.uniform(area, 1, count)), np.exp(rng.uniform(-0.1, 0.1, count))
    w, h = np.minimum(width, width * side * stretch), np.minimum(height, height * side / stretch)
    left, top = rng.uniform(0, 1, count) * (width - w), rng.uniform(0, 1, count) * (height - h)
    border = rng.integers(4, 13, count)
    ground = np.choose(rng.integers(3, size=count), [np.zeros(count), np.full(count, 255), rng.integers(256, size=count)])
    lit = rng.random(count) < _LIT
    shrunk = rng.random(count) < _SHRUNK
    return Chances(
        mirrored=rng.random(count) < 0.5, framed=framed, worn=rng.random(count) < wear,
        left=np.where(framed, -border, left), top=np.where(framed, -border, top),
        width=np.where(framed, width + 2 * border, w), height=np.where(framed, height + 2 * border, h),
        ground=np.where(rng.random(count) < 0.3, -1, ground),
        scale=np.where(shrunk, rng.uniform(0.5, 1, count), 1.0), quality=rng.integers(30, 96, count),
        gain=np.where(lit, rng.uniform(0.85, 1.15, count), 1.0), contrast=np.where(lit, rng.uniform(0.85, 1.15, count), 1.0))


def worn(pictures: Tensor, scale: Tensor, quality: Tensor) -> Tensor:
    """Pictures (b, 3, h, w), 0 to 255, as copies of copies: smaller and enlarged again, and compressed as JPEG."""
    zero = torch.zeros_like(scale)
    sides = []
    for side in pictures.shape[2:]:
        full = torch.full_like(scale, side)
        small = (full * scale).round()
        down = resizing(zero, full, side, side, taken=small)
        sides.append(resizing(zero, small, side, side, given=small) @ down)
    shrunk = applied(sides[0], pictures, sides[1]).round().clamp(0, 255)
    return compressed(torch.where((scale < 1)[:, None, None, None], shrunk, pictures), quality)


def views(pictures: Tensor, chances: Chances, size: tuple[int, int], blur: float = 0.0) -> Tensor:
    """The views that `chances` describe: bytes (b, h, w, 3) -> float (b, 3, *size) in [-1, 1]."""
    device = pictures.device

    def told(values):
        values = torch.from_numpy(np.ascontiguousarray(values)).to(device)
        return values if values.dtype == torch.bool else values.float()

    def each(values):
        return told(values)[:, None, None, None]

    x = pictures.permute(0, 3, 1, 2).float()
    x = torch.where(each(chances.mirrored), x.flip(3), x)
    mean = x.mean((2, 3), keepdim=True)
    old = torch.from_numpy(np.flatnonzero(chances.worn)).to(device)
    if len(old):
        x = x.index_copy(0, old, worn(x[old], told(chances.scale)[old], told(chances.quality)[old]))
    if blur:
        x = applied(smoothing(blur, x.shape[2], device), x, smoothing(blur, x.shape[3], device)).round()
    sides = []
    for begin, length, rows, columns in ((chances.top, chances.height, size[0], x.shape[2]),
                                         (chances.left, chances.width, size[1], x.shape[3])):
        begin, length = told(begin), told(length)
        inside = resizing(begin, length, rows, columns)
        beyond = resizing(begin, length, rows, columns, clipped=False)
        sides.append(torch.where(told(chances.framed)[:, None, None], beyond, inside))
    ground = each(chances.ground)
    ground = torch.where(ground < 0, mean, ground.expand_as(mean))
    covered = sides[0].sum(2)[:, None, :, None] * sides[1].sum(2)[:, None, None, :]
    x = applied(*(sides[0], x, sides[1])) + (1 - covered) * ground
    x = x.round().clamp(0, 255) * each(chances.gain)
    mean = x.mean((1, 2, 3), keepdim=True)
    return ((x - mean) * each(chances.contrast) + mean).clamp(0, 255) / 127.5 - 1


class DevicePosters:
    """Posters in a device's memory as a source of batches (as `loop.Pictures`), as views or plain, smoothed by `blur`.

    Parameters
    ----------
    posters : without frames, pixels uint8 (posters, h, w, 3)
    size : height and width of what is given
    augmented : new views every time; else the whole poster as `PosterClassifier` reads it
    pairs : clean views of all posters, and then the same views of worn copies
    area : as for `data.augment`
    """

    def __init__(self, posters: Posters, size: tuple[int, int], device: torch.device, *, augmented: bool, pairs: bool = False,
                 area: float = 0.5, blur: float = 0.0):
        self.pixels = posters.pixels if isinstance(posters.pixels, Tensor) else torch.from_numpy(posters.pixels)
        self.pixels = self.pixels.to(device)
        self.size, self.augmented, self.pairs, self.area, self.blur = tuple(size), augmented, pairs, area, blur

    def __len__(self) -> int:
        return len(self.pixels)

    def inputs(self, rows: np.ndarray, rng: np.random.Generator) -> list[Tensor]:
        """One tensor, float32 (b, 3, *size) in [-1, 1]; b is twice as many as rows where there are pairs."""
        pictures = self.pixels[torch.from_numpy(np.asarray(rows, np.int64)).to(self.pixels.device)]
        if not self.augmented:
            return [self._plain(pictures)]
        chances = draw(len(rows), tuple(pictures.shape[1:3]), rng, self.area, 0.5)
        if not self.pairs:
            return [views(pictures, chances, self.size, self.blur)]
        halves = [Chances(**{**chances.__dict__, "worn": np.full(len(rows), old)}) for old in (False, True)]
        return [torch.cat([views(pictures, half, self.size, self.blur) for half in halves])]

    def _plain(self, pictures: Tensor) -> Tensor:
        x, device = pictures.permute(0, 3, 1, 2).float(), pictures.device
        height, width = x.shape[2:]
        if self.blur:
            x = applied(smoothing(self.blur, height, device), x, smoothing(self.blur, width, device)).round()
        if self.size != (height, width):
            zero = torch.zeros(1, device=device)
            rows = resizing(zero, zero + height, self.size[0], height)[0]
            columns = resizing(zero, zero + width, self.size[1], width)[0]
            x = applied(rows, x, columns).round().clamp(0, 255)
        return x / 127.5 - 1
