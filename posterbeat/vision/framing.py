"""The frame around a poster: scans, wallpapers and shops put posters on a plain ground, which says nothing of the film."""

import numpy as np
from PIL import Image

_EVEN = 24  # levels that a plain frame may vary by: JPEG leaves ripples
_WIDEST = 0.2  # of the side: what is plain further in belongs to the poster
_LAYERS = 3  # a black line within a white margin is two frames
_LOOK_AT = 320  # pixels of the shorter side that suffice to find a frame


def _plain_lines(lines: np.ndarray, colour: np.ndarray) -> int:
    """How many of the first lines, uint8 (lines, pixels, 3), show `colour` only."""
    for number, line in enumerate(lines):  # of most posters only the first is looked at
        if (np.abs(line.astype(np.int16) - colour) > _EVEN).any():
            return number
    return len(lines)


def _frame(picture: np.ndarray) -> tuple[int, int]:
    """Width and height in pixels of a frame of one colour around a uint8 (h, w, 3) picture; 0 without one."""
    colour = picture[0, 0].astype(np.int16)
    if (np.abs(picture[::-1, ::-1][:1, :1] - colour) > _EVEN).any():  # most posters: opposite corners differ
        return 0, 0
    down, across = (round(_WIDEST * side) for side in picture.shape[:2])
    columns = picture.transpose(1, 0, 2)
    # The narrower of two opposite sides: a white sky beside a white frame is not part of it.
    width = min(_plain_lines(lines, colour) for lines in (columns[:across], columns[::-1][:across]))
    height = min(_plain_lines(lines, colour) for lines in (picture[:down], picture[::-1][:down]))
    return (width, height) if min(width, height) > 0 else (0, 0)


def poster_box(picture: Image.Image) -> tuple[int, int, int, int]:
    """Left, top, right and bottom, in pixels, of the poster within a frame; of the whole picture where it has none.

    A frame is plain and of one colour on all four sides.

    Parameters
    ----------
    picture
        Mode RGB.
    """
    left, top, right, bottom = 0, 0, *picture.size
    scale = max(1, min(picture.size) // _LOOK_AT)
    pixels = np.asarray(picture.reduce(scale) if scale > 1 else picture)
    for _ in range(_LAYERS):
        across, down = _frame(pixels)
        if not across:
            break
        pixels = pixels[down : len(pixels) - down, across : pixels.shape[1] - across]
        left, top, right, bottom = left + scale * across, top + scale * down, right - scale * across, bottom - scale * down
    return left, top, right, bottom


def without_frame(picture: Image.Image) -> Image.Image:
    """The part of a picture that is the poster: see `poster_box`."""
    box = poster_box(picture)
    return picture if box == (0, 0, *picture.size) else picture.crop(box)


def within_frame(heat: np.ndarray, box: tuple[int, int, int, int], size: tuple[int, int]) -> np.ndarray:
    """A map of a poster, float32 (h, w), as a map of the whole picture of `size` (width, height): 0 on its frame."""
    if box == (0, 0, *size):
        return heat
    height, width = heat.shape
    left, right = (round(place * width / size[0]) for place in box[::2])
    top, bottom = (round(place * height / size[1]) for place in box[1::2])
    whole = np.zeros_like(heat)
    small = Image.fromarray(heat).resize((max(1, right - left), max(1, bottom - top)), Image.Resampling.BILINEAR)
    whole[top : top + small.height, left : left + small.width] = np.asarray(small)
    return whole / max(whole.max(), 1e-12)  # the hottest place may lie between two pixels now
