"""What is read on a poster: what its picture says of the genre, what its words say, and both together."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from posterbeat.genres import GENRES
from posterbeat.vision.text_reader import TextLine


@dataclass(frozen=True)
class WordsReading:
    """What the words on a poster say.

    Attributes
    ----------
    lines
        As they were read, in reading order.
    title
        The tallest of them: the film's title, as far as can be told.
    probabilities
        What the words alone say, each of `GENRES`, summing to 1.
    weight
        How much the words count beside the picture: 0 (not at all) to about 1. Few or doubtful words count little.
    loudest
        Indices of the lines that spoke for the genre of the joint reading, the loudest first; empty where none did.
    """

    lines: tuple[TextLine, ...]
    title: str
    probabilities: dict[str, float]
    weight: float
    loudest: tuple[int, ...]

    @property
    def spoken(self) -> str:
        """The three loudest lines, such as "COUNT TO NINE / She is still looking."; the title where none was loud."""
        return " / ".join(self.lines[index].text for index in self.loudest[:3]) or self.title


@dataclass(frozen=True)
class GenreReading:
    """What is read on a poster.

    Attributes
    ----------
    genre
        The most probable of `GENRES`.
    probabilities
        Calibrated probability of each of `GENRES`, summing to 1: of picture and words where both were read.
    picture
        What the picture alone says; None stands for `probabilities`.
    words
        What the words say; None where none were looked for or none found that can be read.
    """

    genre: str
    probabilities: dict[str, float]
    picture: dict[str, float] | None = None
    words: WordsReading | None = None

    def __post_init__(self) -> None:
        if self.picture is None:
            object.__setattr__(self, "picture", self.probabilities)


@dataclass(frozen=True)
class Combination:
    """How the two witnesses are combined; learned on held-out posters (train/posters/words_combine.py).

    log p = `picture` log p_picture + w log p_words + `bias`, up to a constant, where w = `words` n / (n + `half`) and n
    is how much was read (see `TextGenre.says`). A product of experts with learned powers (Hinton, "Training products of
    experts by minimizing contrastive divergence", Neural Computation 14(8), 2002).

    Attributes
    ----------
    ceiling
        No words raise a genre's probability above this: a picture can be covered with any words.
    none_picture, none_bias
        In place of `picture` and `bias` where no words were found.
    """

    picture: float = 1.0
    words: float = 1.0
    half: float = 1.0
    bias: tuple[float, ...] = (0.0,) * len(GENRES)
    ceiling: float = 0.9
    none_picture: float = 1.0
    none_bias: tuple[float, ...] = (0.0,) * len(GENRES)

    def weight(self, amount: float) -> float:
        """w for so much that was read."""
        return self.words * amount / (amount + self.half)

    def words_alone(self, words: np.ndarray, amount: np.ndarray | float) -> np.ndarray:
        """Probabilities (..., 5) of the words alone, no surer than they count beside the picture."""
        return _softmax(np.asarray(self.weight(amount))[..., None] * _log(words))

    def without_words(self, picture: np.ndarray) -> np.ndarray:
        """Probabilities (..., 5) of pictures on which no words were found, from those of the picture alone."""
        return _softmax(self.none_picture * _log(picture) + np.asarray(self.none_bias))

    def joined(self, picture: np.ndarray, words: np.ndarray, amount: np.ndarray | float) -> np.ndarray:
        """Joint probabilities, shape=(5,), of one poster; `words` and `amount` as `TextGenre.says` gives them."""
        both = _softmax(self.picture * _log(picture) + self.weight(amount) * _log(words) + np.asarray(self.bias))
        alone = self.without_words(picture)
        loud = int(both.argmax())
        if both[loud] <= self.ceiling:
            return both
        # Back towards the picture alone, as far as the ceiling asks. Where the picture itself is above it, the words may not
        # add to that.
        if alone[loud] >= self.ceiling:
            return both if both[loud] <= alone[loud] else alone
        share = (self.ceiling - alone[loud]) / (both[loud] - alone[loud])
        return share * both + (1 - share) * alone


def plain_reading(reading: GenreReading) -> dict[str, Any]:
    """A reading in plain values, as JSON carries it; probabilities to six digits."""
    words = reading.words
    return {
        "genre": reading.genre,
        "probabilities": _rounded(reading.probabilities),
        "picture": _rounded(reading.picture),
        "words": words and {
            "title": words.title,
            "lines": [{"text": line.text, "confidence": line.confidence, "box": list(line.box)} for line in words.lines],
            "loudest": list(words.loudest),
            "weight": words.weight,
            "probabilities": _rounded(words.probabilities),
        },
    }


def _rounded(probabilities: Mapping[str, float]) -> dict[str, float]:
    return {genre: round(float(share), 6) for genre, share in probabilities.items()}


def as_mapping(probabilities: Sequence[float]) -> dict[str, float]:
    """Probabilities in the order of `GENRES`, by name."""
    return {genre: float(value) for genre, value in zip(GENRES, probabilities)}


def as_array(probabilities: Mapping[str, float]) -> np.ndarray:
    """Probabilities by name as an array, shape=(5,), in the order of `GENRES`."""
    return np.array([probabilities[genre] for genre in GENRES])


def _log(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities, math.exp(-30)))


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)
