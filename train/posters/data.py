"""Prepared posters as the networks learn from them: rows, labels, balance, augmentation."""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES
from posterbeat.vision.framing import without_frame

if TYPE_CHECKING:
    import pandas as pd

IMDB = "imdb:MovieGenre"  # the rows whose genres stand in IMDb's own order: what the published figures use
STUDY_POSTERS = 7254  # how many balanced posters the reference study trained on


class Table(NamedTuple):
    """What learning asks of each poster: arrays of text, shape (posters,), as in posters.csv."""

    label: np.ndarray
    genres: np.ndarray
    genres_source: np.ndarray


@dataclass(frozen=True)
class Posters:
    """A split: `table` (a row a poster) and `pixels`, uint8 (posters, 240, 160, 3), read from disk when used."""

    table: "pd.DataFrame | Table"
    pixels: np.ndarray

    @classmethod
    def load(cls, folder: Path, split: str) -> "Posters":
        import pandas as pd

        path = folder / f"{split}.csv"
        if not path.exists():
            raise ParameterError(f"There is no {path.name} in the folder of prepared posters: run train.posters.prepare first.")
        table = pd.read_csv(path, keep_default_na=False)
        if not len(table):
            raise ParameterError(f"{path.name} holds no poster: put about a tenth of the posters into the split {split} and "
                                 "prepare them again.")
        return cls(table, np.load(folder / f"{split}.npy", mmap_mode="r"))

    @property
    def labels(self) -> np.ndarray:
        """Index in `GENRES` of each poster's first listed genre."""
        return np.array([GENRES.index(label) for label in self.table.label])

    @property
    def imdb(self) -> np.ndarray:
        """Which rows have genres in IMDb's own order."""
        return np.asarray(self.table.genres_source) == IMDB

    def listed(self) -> np.ndarray:
        """Which of the five genres each film carries, bool (posters, 5)."""
        rows = [{genre.lower() for genre in genres.split("|")} for genres in self.table.genres]
        return np.array([[genre in row for genre in GENRES] for row in rows])


def soft_labels(posters: Posters, first: float = 0.7, smooth: float = 0.02) -> np.ndarray:
    """Targets from all listed genres, shape=(posters, 5), rows sum to 1.

    The first listed genre gets `first`, the others share the rest; where the source lists alphabetically (no IMDb
    order) all listed genres share alike. `smooth` goes evenly to all five.
    """
    listed = posters.listed().astype(float)
    alike = listed / listed.sum(1, keepdims=True)
    hard = np.eye(len(GENRES))[posters.labels]
    others = listed * (1 - hard)
    count = others.sum(1, keepdims=True)
    ordered = np.where(count > 0, first * hard + (1 - first) * others / np.maximum(count, 1), hard)
    soft = np.where(posters.imdb[:, None], ordered, alike)
    return ((1 - smooth) * soft + smooth / len(GENRES)).astype(np.float32)


def balance_weights(labels: np.ndarray, power: float = 1.0) -> np.ndarray:
    """Weight of each poster so that genres count alike (power 1) or as they are (power 0); mean 1."""
    counts = np.bincount(labels, minlength=len(GENRES))
    weights = (1.0 / np.maximum(counts, 1)) ** power
    weights = weights[labels]
    return (weights / weights.mean()).astype(np.float32)


def trust(posters: Posters, alphabetical: float = 0.6) -> np.ndarray:
    """Weight of each poster's label: `alphabetical` where the source's order says nothing of the first genre."""
    return np.where(np.asarray(posters.table.genres_source) == "movielens", alphabetical, 1.0).astype(np.float32)


def study_subset(posters: Posters, seed: int = 0) -> np.ndarray:
    """Rows of a balanced training set of the reference study's size: IMDb rows, first listed genre."""
    labels, rng = posters.labels, np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(posters.imdb & (labels == genre))) for genre in range(len(GENRES))]
    scarce = min(map(len, rows))
    each = math.ceil((STUDY_POSTERS - scarce) / (len(GENRES) - 1))
    return np.sort(np.concatenate([some[:each] for some in rows]))


def resize(picture: np.ndarray, size: tuple[int, int], box: tuple[float, ...] | None = None) -> np.ndarray:
    """Bring a uint8 (h, w, 3) picture, or its part `box` (left, top, right, bottom), to `size` (height, width)."""
    if box is None and picture.shape[:2] == tuple(size):
        return picture
    return np.asarray(Image.fromarray(picture).resize((size[1], size[0]), Image.Resampling.BICUBIC, box=box))


def augment(
    picture: np.ndarray, size: tuple[int, int], rng: np.random.Generator, area: float = 0.5, wear: float = 0.5,
    blur: float = 0.0,
) -> np.ndarray:
    """A random view: mirrored, cropped, a little lighter or darker, now and then framed, blurred or badly compressed.

    Hue and top and bottom stay: colour speaks of genre, and titles stand below.

    Parameters
    ----------
    picture
        uint8, shape=(h, w, 3).
    size
        Height and width of the view.
    area
        Smallest share of the poster that a crop keeps.
    wear
        Chance that the view is of a worn copy. All else of the view is the same whether it is or not.
    blur
        Smooths the poster, worn or not, as `PosterClassifier` does.
    """
    picture = unframed(picture)
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
    chance, wearing = rng.random(), np.random.default_rng(rng.integers(2**63))
    if chance < wear:
        picture = worn(picture, wearing)
    if blur:
        picture = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(blur)))
    height, width = picture.shape[:2]
    if rng.random() < 0.15:  # scans come with borders
        border = int(rng.integers(4, 13))
        colour = picture.mean((0, 1)) if rng.random() < 0.3 else np.full(3, rng.choice([0, 255, rng.integers(256)]))
        framed = np.empty((height + 2 * border, width + 2 * border, 3), np.uint8)
        framed[:] = colour.astype(np.uint8)
        framed[border : border + height, border : border + width] = picture
        view = resize(framed, size)
    else:
        side, stretch = math.sqrt(rng.uniform(area, 1.0)), math.exp(rng.uniform(-0.1, 0.1))
        w, h = min(width, width * side * stretch), min(height, height * side / stretch)
        left, top = rng.uniform(0, width - w), rng.uniform(0, height - h)
        view = resize(picture, size, (left, top, left + w, top + h))
    if rng.random() < 0.5:
        gain, contrast = rng.uniform(0.85, 1.15), rng.uniform(0.85, 1.15)
        view = view.astype(np.float32) * gain
        view = np.clip((view - view.mean()) * contrast + view.mean(), 0, 255).astype(np.uint8)
    return view


def worn(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture as copies of copies on the web are: smaller and enlarged again, and compressed as JPEG."""
    copy = Image.fromarray(picture)
    if rng.random() < 0.4:
        scale = rng.uniform(0.5, 1.0)
        small = copy.resize((round(copy.width * scale), round(copy.height * scale)), Image.Resampling.BICUBIC)
        copy = small.resize(copy.size, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    copy.save(file, "JPEG", quality=int(rng.integers(30, 96)))
    return np.asarray(Image.open(file))


def unframed(picture: np.ndarray) -> np.ndarray:
    """A uint8 (h, w, 3) picture without its frame, as the classifier reads it."""
    return np.asarray(without_frame(Image.fromarray(picture)))


def to_input(views: np.ndarray) -> np.ndarray:
    """uint8 (b, h, w, 3) -> float32 (b, 3, h, w) in [-1, 1]."""
    return np.ascontiguousarray(views.transpose(0, 3, 1, 2), dtype=np.float32) / 127.5 - 1


def balanced_accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean recall over the five genres."""
    guesses = probabilities.argmax(1)
    return float(np.mean([(guesses[labels == genre] == genre).mean() for genre in np.unique(labels)]))
