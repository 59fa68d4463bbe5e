"""The figures of a poster network, with intervals: balanced accuracy, recall, calibration and others."""

import numpy as np

from posterbeat.genres import GENRES
from posterbeat.vision.classifier import PosterClassifier
from train.posters.data import Posters, balance_weights

SEED = 0
_DRAWS = 1000  # bootstrap samples
_BINS = 15


def interval(figure, *arrays: np.ndarray, seed: int = SEED) -> dict:
    """{"value", "low", "high"} of `figure(*arrays)`; the arrays are resampled together by rows."""
    rng, count = np.random.default_rng(seed), len(arrays[0])
    with np.errstate(all="ignore"):
        draws = []
        for _ in range(_DRAWS):
            rows = rng.integers(count, size=count)
            draws.append(figure(*(array[rows] for array in arrays)))
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return {"value": round(float(figure(*arrays)), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def recalls(guesses: np.ndarray, labels: np.ndarray) -> list[float]:
    return [float((guesses[labels == genre] == genre).mean()) for genre in range(len(GENRES))]


def balanced(guesses: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean(recalls(guesses, labels)))


def any_genre(guesses: np.ndarray, labels: np.ndarray, listed: np.ndarray) -> float:
    """Share of posters whose guess is one of the film's genres, weighted so that labels count alike."""
    right = listed[np.arange(len(guesses)), guesses]
    return float(np.average(right, weights=balance_weights(labels)))


def macro_f1(guesses: np.ndarray, labels: np.ndarray) -> float:
    scores = []
    for genre in range(len(GENRES)):
        hit = ((guesses == genre) & (labels == genre)).sum()
        scores.append(2 * hit / max(1, (guesses == genre).sum() + (labels == genre).sum()))
    return float(np.mean(scores))


def calibration_error(confidence: np.ndarray, right: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error, 15 equal bins of confidence, labels weighted to count alike."""
    weights = balance_weights(labels)
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(np.sum(weights[bins == one] * (confidence[bins == one] - right[bins == one])))
        for one in range(_BINS) if (bins == one).any()
    ]
    return float(sum(gaps) / weights.sum())


def probabilities(classifier: PosterClassifier, pictures, exact: bool = False) -> np.ndarray:
    """Calibrated probabilities, float (posters, 5); `exact` as for `predict_batch`."""
    parts = []
    for first in range(0, len(pictures), 256):
        readings = classifier.predict_batch(list(pictures[first : first + 256]), exact)
        parts += [[reading.probabilities[genre] for genre in GENRES] for reading in readings]
    return np.array(parts)


def figures(given: np.ndarray, posters: Posters) -> dict:
    """The figures that need no more than probabilities (posters, 5) of all posters of a split."""
    rows = np.flatnonzero(posters.imdb)
    labels, listed = posters.labels[rows], posters.listed()[rows]
    guesses, confidence = given[rows].argmax(1), given[rows].max(1)
    alone = (posters.table.n_of_five.to_numpy()[rows]) == 1
    confusion = np.zeros((len(GENRES), len(GENRES)), int)
    np.add.at(confusion, (labels, guesses), 1)
    return {
        "n": len(rows),
        "balanced_accuracy": interval(balanced, guesses, labels),
        "unambiguous": {**interval(balanced, guesses[alone], labels[alone]), "n": int(alone.sum())},
        "any_genre": interval(any_genre, guesses, labels, listed),
        "macro_f1": interval(macro_f1, guesses, labels),
        "recall": {genre: round(value, 4) for genre, value in zip(GENRES, recalls(guesses, labels))},
        "confusion": {"rows": "label", "columns": "guess", "genres": list(GENRES), "counts": confusion.tolist()},
        "ece": interval(calibration_error, confidence, (guesses == labels).astype(float), labels),
    }
