"""Posters with real lettering, drawn for the tests."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")  # has Cyrillic; Pillow's own font is Latin alone


def lettered(lines: Sequence[str], size: tuple[int, int] = (400, 600), heights: Sequence[int] = (), seed: int = 1,
             font: Path | None = None) -> Image.Image:
    """A dark ground with a lighter triangle, and `lines` one below the other, `heights` pixels tall or as fits."""
    rng, (width, height) = np.random.default_rng(seed), size
    ground = tuple(int(value) for value in rng.integers(0, 60, 3))
    picture = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(picture)
    shape = [(0.2 * width, 0.33 * height), (0.5 * width, 0.06 * height), (0.8 * width, 0.33 * height)]
    draw.polygon(shape, fill=tuple(int(value) for value in rng.integers(90, 200, 3)))
    top = 0.4 * height
    for index, line in enumerate(lines):
        tall = heights[index] if heights else min(48, int(0.5 * height / max(1, len(lines))) - 6)
        drawn = ImageFont.truetype(str(font), tall) if font else ImageFont.load_default(size=tall)
        while tall > 8 and drawn.getlength(line) > 0.92 * width:
            tall -= 1
            drawn = drawn.font_variant(size=tall)
        draw.text((width / 2, top), line, fill="white", font=drawn, anchor="ma")
        top += tall + 8
    return picture
