"""What a poster's colours say: how light, saturated and warm they are, and the music they stand for."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SLOWEST, FASTEST = 60.0, 168.0  # beats per minute: larghetto to presto, the middle rank lands at 100
# Shares of the pieces that are sparser. Notes a second grow with the tempo as well: the busiest pieces at the fastest
# tempo would hurry through a thousand notes in a quarter of a minute.
SPARSEST, BUSIEST = 0.1, 0.6


@dataclass(frozen=True)
class PosterColours:
    """What a poster's colours are, beside the posters of the training set, and the music they stand for.

    Attributes
    ----------
    lightness, saturation, warmth
        Share of training posters that are darker, less saturated, cooler, in [0, 1] (0.5: the median poster).
    tempo
        Beats per minute, `SLOWEST` to `FASTEST`.
    mode
        "major" or "minor".
    density
        How busy the music is among pieces, from `SPARSEST` to `BUSIEST` (0.5: the median piece).
    """

    lightness: float
    saturation: float
    warmth: float
    tempo: float
    mode: str
    density: float

    @property
    def sentence(self) -> str:
        """Plain words, such as "dark, muted, cool: slower, minor"."""
        colours = [
            low if value < 1 / 3 else high
            for value, low, high in (
                (self.lightness, "dark", "light"),
                (self.saturation, "muted", "saturated"),
                (self.warmth, "cool", "warm"),
            )
            if not 1 / 3 <= value <= 2 / 3
        ]
        mood = (self.density - SPARSEST) / (BUSIEST - SPARSEST)
        pace = "slower" if mood < 1 / 3 else "faster" if mood > 2 / 3 else "medium tempo"
        return f"{', '.join(colours) or 'balanced'}: {pace}, {self.mode}"


def measure_colours(poster: Image.Image) -> tuple[float, float, float]:
    """Mean lightness, chroma and warmth of a picture.

    Returns
    -------
    lightness
        Mean CIELAB L* (D65), 0 to 100.
    chroma
        Mean CIELAB C*, 0 to about 130.
    warmth
        Mean of 0.02 C*^1.07 cos(h - 50 deg) - 0.5, the warm-cool scale of Ou, Luo, Woodcock and Wright,
        "A study of colour emotion and colour preference, part I", Color Research & Application 29(3), 2004;
        about -2 (cool) to 2 (warm), greys at -0.5.
    """
    small = poster.convert("RGB").resize((64, 96), Image.Resampling.BOX)
    rgb = np.asarray(small, dtype=np.float64) / 255.0
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.41246, 0.35758, 0.18044], [0.21267, 0.71515, 0.07218], [0.01933, 0.11919, 0.95030]])
    xyz = linear @ to_xyz.T / to_xyz.sum(axis=1)  # over the white point
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    a, b = 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])
    chroma = np.hypot(a, b)
    warmth = 0.02 * chroma**1.07 * np.cos(np.arctan2(b, a) - math.radians(50)) - 0.5
    return float(np.mean(116 * f[..., 1] - 16)), float(chroma.mean()), float(warmth.mean())


def read_colours(poster: Image.Image) -> PosterColours:
    """The poster's colours and the music they go with.

    Saturated, light and warm colours go with faster music in major; muted, dark and cool ones with slower
    music in minor (Palmer, Schloss, Xu, Prado-León, "Music-color associations are mediated by emotion",
    PNAS 110(22), 2013). Each of the three measures is ranked among training posters (`colours.json`, written by
    `train/posters/measure_colours.py`); their mean, ranked again, is the mood: it sets the density, the tempo
    (geometrically between `SLOWEST` and `FASTEST`) and, from the middle upwards, major.

    Parameters
    ----------
    poster
        As `open_poster` returns it.
    """
    with open(Path(__file__).with_name("colours.json"), encoding="utf-8") as file:
        reference = json.load(file)
    ranks = [
        _rank(value, reference[name])
        for name, value in zip(("lightness", "saturation", "warmth"), measure_colours(poster), strict=True)
    ]
    mood = _rank(sum(ranks) / 3, reference["mood"])
    tempo = SLOWEST * (FASTEST / SLOWEST) ** mood
    density = SPARSEST + (BUSIEST - SPARSEST) * mood
    return PosterColours(*ranks, tempo=round(tempo, 1), mode="major" if mood >= 0.5 else "minor", density=density)


def _rank(value: float, quantiles: list[float]) -> float:
    """Share of the reference, in [0, 1], that lies below a value; quantiles are evenly spaced and ascending."""
    return float(np.interp(value, quantiles, np.linspace(0.0, 1.0, len(quantiles))))
