"""What the words on a poster say of the film's genre.

Words, pairs of words and character n-grams of each line look up small vectors, which are averaged by how rare they are and
how surely they were read; a linear layer and a small hidden one read the average (a bag of n-grams as in Joulin et al., "Bag
of Tricks for Efficient Text Classification", EACL 2017). N-grams outlive letters that were read wrongly. The weights know
n-grams by a number alone (CRC-32), so that no poster's text can be read from them, and what is in no training text says nothing.
"""

import math
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np

from posterbeat import hub
from posterbeat.errors import WeightsError
from posterbeat.genres import GENRES
from posterbeat.vision.reading import Combination, GenreReading, WordsReading, as_array, as_mapping
from posterbeat.vision.text_reader import TextLine, title_of

SHORTEST, LONGEST = 2, 5  # letters of an n-gram, the gaps around words included
_NO_LETTER = re.compile(r"[^a-z0-9' ]+")
_TENSORS = ("rarity", "vectors", "scale", "hidden", "bias")  # beside the keys, which safetensors holds as int32
_LEAST_HEIGHT = 0.02  # of the tallest line's: a corrected line may have no height at all
_USUAL_LENGTH = 30.0  # of the weights of a few lines
_LEAST_SAID = 0.1  # of the genre's log-odds: a line that changes less by being struck out did not speak


def plain(text: str) -> str:
    """Lower case, without accents; what is no Latin letter, digit or apostrophe becomes a gap."""
    letters = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return " ".join(_NO_LETTER.sub(" ", letters.lower()).split())


def ngrams(text: str) -> set[str]:
    """Words, pairs of words and character n-grams of a line that is `plain`."""
    words, spaced = text.split(), f" {text} "
    found = {f"={word}" for word in words} | {f"={first} {second}" for first, second in zip(words, words[1:])}
    for length in range(SHORTEST, LONGEST + 1):
        found.update(spaced[start : start + length] for start in range(len(spaced) - length + 1))
    return found


def keys_of(text: str) -> np.ndarray:
    """The numbers of the n-grams of a line, uint32, ascending, each once."""
    line = plain(text)
    return np.array(sorted({crc32(gram.encode()) for gram in ngrams(line)}) if line else [], np.uint32)


class TextGenre:
    """A small network over the n-grams of a poster's lines. Reads in a few milliseconds; safe to use from several threads.

    Parameters
    ----------
    keys
        uint32, shape=(n,), ascending: the n-grams that are known.
    rarity
        float, shape=(n,): inverse document frequency.
    vectors
        int8, shape=(n, 5 + h), times `scale`, float, shape=(5 + h,): what each says of the genres, and to the hidden layer.
    hidden, bias
        float, shape=(5, h) and (5,): the layer after tanh of the hidden sums, and what no words at all would say.
    norm
        1 brings the weights of a text's n-grams to length 1, 0 leaves them as they are; between, longer texts speak louder.
    sureness, tallness
        N-grams of a line weigh as its confidence, and as its height beside the tallest line's, to these powers.
    combination
        How to join the words with the picture.
    """

    def __init__(self, keys: np.ndarray, rarity: np.ndarray, vectors: np.ndarray, scale: np.ndarray, hidden: np.ndarray,
                 bias: np.ndarray, norm: float = 1.0, sureness: float = 0.0, tallness: float = 0.0,
                 combination: Combination | None = None):
        self.keys, self.vectors = keys, vectors
        self.rarity, self.scale, self.hidden, self.bias = (np.asarray(part, np.float32) for part in (rarity, scale, hidden, bias))
        self.norm, self.sureness, self.tallness = float(norm), float(sureness), float(tallness)
        self.combination = combination or Combination()

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike) -> "TextGenre":
        """Load a folder or Hub repo (`owner/name` or `owner/name@revision`).

        Raises
        ------
        WeightsError
            The folder or repo cannot be had, or a file is missing, damaged or foreign.
        """
        folder = Path(hub.resolve(source))
        path, file = folder / "config.json", folder / "model.safetensors"
        config = hub.read_config(path)
        if config.get("model_type") != "posterbeat-words" or tuple(config.get("label_names", ())) != GENRES:
            raise WeightsError(f"{path} does not belong to a reader of posters' words: give one with the labels "
                               f"{', '.join(GENRES)}.")
        tensors = {name: tensor.numpy() for name, tensor in hub.read_tensors(file).items()}
        try:
            joining = {name: tuple(map(float, value)) if isinstance(value, list) else float(value)
                       for name, value in config["combination"].items()}
            read = cls(tensors.pop("keys").view(np.uint32), **{name: tensors.pop(name) for name in _TENSORS},
                       norm=config["norm"], sureness=config["sureness"], tallness=config["tallness"],
                       combination=Combination(**joining))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise WeightsError(f"{folder} does not describe a reader of posters' words ({error}): fetch it again.") from error
        count, width = len(read.keys), len(GENRES) + read.hidden.shape[-1]
        shapes = (read.keys.shape, read.rarity.shape, read.vectors.shape, read.scale.shape, read.hidden.shape, read.bias.shape)
        wanted = ((count,), (count,), (count, width), (width,), (len(GENRES), width - len(GENRES)), (len(GENRES),))
        if tensors or shapes != wanted or read.vectors.dtype != np.int8 or not (np.diff(read.keys.astype(np.int64)) > 0).all():
            raise WeightsError(f"{file} does not fit a reader of posters' words: fetch it again.")
        return read

    def says(self, lines: Sequence[TextLine]) -> tuple[np.ndarray, float]:
        """What the lines say.

        Returns
        -------
        probabilities : np.ndarray, shape=(5,), in the order of `GENRES`; genres count alike before anything is read
        amount : float, how much was read: the length of the vector of known n-grams, each as rare as it is and as sure as its
            line; 0 where none is known
        """
        return self._all_say(self.weighed(lines))

    def join(self, picture: GenreReading, lines: Sequence[TextLine]) -> GenreReading:
        """One reading from what the picture said and the lines of the poster, which a person may have corrected.

        Parameters
        ----------
        picture
            Only its `picture` counts.
        """
        seen, lines, found = as_array(picture.picture), tuple(lines), self.weighed(lines)
        said, amount = self._all_say(found)
        if not amount:
            return _reading(self.combination.without_words(seen), picture.picture, None)
        joint = self.combination.joined(seen, said, amount)
        genre = int(joint.argmax())
        spoke = [_log_odds(said[genre]) - _log_odds(self._all_say(found[:index] + found[index + 1 :])[0][genre])
                 for index in range(len(lines))]
        loudest = tuple(int(index) for index in np.argsort(spoke)[::-1] if spoke[index] > _LEAST_SAID)
        words = WordsReading(lines, title_of(lines), as_mapping(self.combination.words_alone(said, amount)),
                             round(float(self.combination.weight(amount)), 4), loudest)
        return _reading(joint, picture.picture, words)

    def weighed(self, lines: Sequence[TextLine]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of each line the rows of the n-grams that are known, and their weights."""
        tallest = max((line.height for line in lines), default=0.0) or 1.0
        found = []
        for line in lines:
            keys = keys_of(line.text)
            places = np.searchsorted(self.keys, keys)
            rows = places[self.keys[np.minimum(places, len(self.keys) - 1)] == keys]
            trust = line.confidence**self.sureness * max(_LEAST_HEIGHT, line.height / tallest) ** self.tallness
            found.append((rows, self.rarity[rows] * np.float32(trust)))
        return found

    def _all_say(self, found: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, float]:
        rows, weights = once(found)
        amount = float(np.sqrt((weights.astype(np.float64) ** 2).sum()))
        scores = self.bias.copy()
        if amount:
            sums = (weights / divisor(amount, self.norm)) @ self.vectors[rows] * self.scale
            scores += sums[: len(GENRES)] + self.hidden @ np.tanh(sums[len(GENRES) :])
        powers = np.exp(scores.astype(np.float64) - scores.max())
        return powers / powers.sum(), amount


def divisor(length: float, norm: float) -> float:
    """What weights of that length are divided by; see `TextGenre`."""
    return length**norm * _USUAL_LENGTH ** (1 - norm)


def once(found: Iterable[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """(rows, weights) of several lines as those of one text: a row that several have counts once, with its largest weight."""
    rows, weights = (np.concatenate(parts) for parts in zip((np.empty(0, np.int64), np.empty(0, np.float32)), *found))
    order = np.argsort(rows, kind="stable")
    rows, weights = rows[order], weights[order]
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    return rows[starts], np.maximum.reduceat(weights, starts) if len(starts) else weights


def _log_odds(probability: float) -> float:
    probability = min(max(float(probability), 1e-12), 1 - 1e-12)
    return math.log(probability / (1 - probability))


def _reading(probabilities: np.ndarray, picture: dict[str, float], words: WordsReading | None) -> GenreReading:
    return GenreReading(GENRES[int(probabilities.argmax())], as_mapping(probabilities), picture, words)
