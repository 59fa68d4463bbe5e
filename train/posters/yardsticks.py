"""What the classifier is compared with: chance, colours alone, the reference study's networks, the frozen backbone."""

import csv
import json
from pathlib import Path

import numpy as np

from posterbeat.genres import GENRES
from posterbeat.vision.classifier import PosterClassifier
from train.posters.data import STUDY_POSTERS, Posters
from train.posters.figures import balanced, interval, probabilities

_STUDY_PRINTED = {"poster_lenet": 0.36, "poster_resnet20": 0.35, "poster_cnn": 0.44}  # "Listen to What Poster Says"
_BINS = 8  # a channel: 512 colours


def colour_histograms(pixels: np.ndarray) -> np.ndarray:
    """Square roots of the shares of 8 x 8 x 8 colours, float (posters, 512)."""
    histograms = np.empty((len(pixels), _BINS**3))
    for row, picture in enumerate(pixels):
        red, green, blue = (picture // (256 // _BINS)).astype(int).transpose(2, 0, 1).reshape(3, -1)
        histograms[row] = np.bincount((red * _BINS + green) * _BINS + blue, minlength=_BINS**3)
    return np.sqrt(histograms / histograms.sum(1, keepdims=True))


def colours_alone(data: Path, posters: Posters) -> np.ndarray:
    """Probabilities (posters, 5) by logistic regression on colour histograms of every training poster."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    learn = Posters.load(data, "train")
    scale = StandardScaler()
    known = scale.fit_transform(colour_histograms(learn.pixels))
    model = LogisticRegression(C=0.01, class_weight="balanced", max_iter=300).fit(known, learn.labels)
    return model.predict_proba(scale.transform(colour_histograms(posters.pixels)))


def yardsticks(data: Path, runs: Path, posters: Posters) -> dict:
    """Rows of the results table: every yardstick that can be measured from what lies in `runs`."""
    rows, labels = np.flatnonzero(posters.imdb), posters.labels

    def row(given: np.ndarray, **more) -> dict:
        return {"balanced_accuracy": interval(balanced, given[rows].argmax(1), labels[rows]), "n": len(rows), **more}

    found = {
        "chance": {"balanced_accuracy": {"value": 1 / len(GENRES)}},
        "colour_histogram": row(colours_alone(data, posters), trained_on=len(Posters.load(data, "train").table)),
    }
    for name, printed in _STUDY_PRINTED.items():
        if (runs / name / "weights" / "model.safetensors").exists():
            classifier = PosterClassifier.from_pretrained(runs / name / "weights")
            found[name] = row(probabilities(classifier, posters.pixels, exact=True), trained_on=f"{STUDY_POSTERS}, balanced",
                              study_printed=printed)
    if (runs / "head" / "weights" / "model.safetensors").exists():
        classifier = PosterClassifier.from_pretrained(runs / "head" / "weights")
        found["frozen_backbone"] = row(probabilities(classifier, posters.pixels, exact=True))
    return found


def training_runs(runs: Path) -> dict:
    """Settings, figures on val and curve of every finished run in `runs`, by its folder's name."""
    found = {}
    for path in sorted(runs.glob("*/run.json")):
        record = json.loads(path.read_text())
        record["curve"] = []
        if path.with_name("curve.csv").exists():
            with open(path.with_name("curve.csv"), newline="") as curve:
                record["curve"] = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(curve)]
        found[path.parent.name] = record
    return found
