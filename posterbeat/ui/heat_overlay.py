"""What a poster's genre was read from, shown on the poster."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from posterbeat.ui.server.uploads import folder

if TYPE_CHECKING:
    from posterbeat.vision.classifier import PosterClassifier

_STOPS = np.array([0.0, 0.35, 0.7, 1.0])
_COLOURS = np.array([[20, 10, 30], [150, 30, 60], [240, 140, 50], [255, 240, 190]], dtype=float)


def overlay(poster: Image.Image, heat: np.ndarray, height: int = 720) -> Image.Image:
    """The poster in grey, lit where `heat` is high.

    Parameters
    ----------
    poster : PIL.Image.Image, RGB
    heat : np.ndarray of float, shape (H, W), in [0, 1]
    height : int, pixels of the result, or the poster's own if that is less
    """
    size = (max(1, round(poster.width * min(1.0, height / poster.height))), min(height, poster.height))
    grey = np.asarray(poster.resize(size, Image.Resampling.LANCZOS).convert("L"), dtype=float)[..., None]
    smooth = Image.fromarray(np.clip(heat * 255, 0, 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    level = np.asarray(smooth, dtype=float) / 255
    light = np.stack([np.interp(level, _STOPS, _COLOURS[:, channel]) for channel in range(3)], axis=-1)
    share = 0.75 * level[..., None]
    return Image.fromarray(((1 - share) * 0.7 * grey + share * light).clip(0, 255).astype(np.uint8))


def heat_file(classifier: "PosterClassifier", path: str, genre: str | None = None) -> str:
    """Path of a picture that shows what in a poster file spoke for a genre, by default for the one that was read."""
    from posterbeat.poster import open_poster

    poster = open_poster(path)
    target = folder() / "heatmap.jpg"
    overlay(poster, classifier.explain(poster, genre=genre)).save(target, quality=88)
    return str(target)
