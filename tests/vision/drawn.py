"""Small posters drawn for the tests."""

import numpy as np
from PIL import Image, ImageDraw


def poster(seed: int = 0, size: tuple[int, int] = (160, 240)) -> Image.Image:
    """A poster-like picture: a ground, a disc, a figure and lines of lettering, in colours that `seed` chooses."""
    rng = np.random.default_rng(seed)
    width, height = size
    picture = Image.new("RGB", size, tuple(int(value) for value in rng.integers(256, size=3)))
    draw = ImageDraw.Draw(picture)

    def colour():
        return tuple(int(value) for value in rng.integers(256, size=3))

    radius, x, y = rng.uniform(0.1, 0.3) * width, rng.uniform(0.2, 0.8) * width, rng.uniform(0.1, 0.5) * height
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour())
    figure = [(width * 0.3, height * 0.8), (width * 0.7, height * 0.8), (width * 0.5, height * 0.35)]
    draw.polygon(figure, fill=colour())
    for line in range(3):
        top = height * (0.83 + 0.05 * line)
        draw.rectangle((width * 0.1, top, width * rng.uniform(0.5, 0.9), top + height * 0.03), fill=colour())
    return picture


def grainy(seed: int = 0) -> Image.Image:
    """The same on a ground that is not plain, so that nothing of it is taken for a frame."""
    pixels = np.array(poster(seed), int)
    pixels += np.random.default_rng(seed).integers(-60, 60, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
