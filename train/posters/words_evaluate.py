"""Measure what words add to the picture, on `test`, and write metrics.json beside the words' weights.

    python -m train.posters.words_evaluate ../shared/data data/words weights/words
    python -m train.posters.words_evaluate ../shared/data data/words weights/words --parts speed
    python -m train.posters.words_evaluate ../shared/data data/words weights/words --split val     prints, writes nothing

`data/words` holds what words_recognise and words_pictures wrote of the split: NAME.jsonl and NAME.pictures.jsonl, with NAME the
split for the posters as stored, and NAME_large for those at upload size. Only posters whose genres stand in IMDb's own order
count. Intervals are 95 % bootstrap intervals over posters.
"""

import argparse
import difflib
import json
import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from posterbeat.genres import GENRES
from posterbeat.poster import open_poster
from posterbeat.vision.classifier import PosterClassifier
from posterbeat.vision.text_genre import TextGenre, plain
from posterbeat.vision.text_reader import TextLine, title_of
from train.posters.evaluate import write
from train.posters.figures import balanced, calibration_error, interval, recalls
from train.posters.words_combine import Witnessed, witnessed
from train.posters.words_recognise import kept_words

_SEED = 0
_DRAWS = 1000
_SAME_TITLE = 0.8  # similarity of letters from which a title counts as found
_SETS = {"larger": "posters_large", "stored": "posters"}


def ece_ceiling(confidence: np.ndarray, labels: np.ndarray) -> float:
    """95th percentile of the calibration error of a perfectly calibrated reader with these confidences."""
    rng = np.random.default_rng(_SEED)
    draws = [calibration_error(confidence, (rng.random(len(confidence)) < confidence).astype(float), labels)
             for _ in range(_DRAWS)]
    return round(float(np.percentile(draws, 95)), 4)


def figures(probabilities: np.ndarray, labels: np.ndarray) -> dict:
    """The figures of what was said of posters, (posters, 5)."""
    guesses, confidence = probabilities.argmax(1), probabilities.max(1)
    right = (guesses == labels).astype(float)
    return {
        "balanced_accuracy": interval(balanced, guesses, labels),
        "right": interval(lambda part: float(part.mean()), right),
        "recall": {genre: round(value, 4) for genre, value in zip(GENRES, recalls(guesses, labels))},
        "ece": interval(calibration_error, confidence, right, labels),
        "ece_ceiling": ece_ceiling(confidence, labels),
        "n": len(labels),
    }


def title_found(lines: tuple[TextLine, ...], title: str) -> bool:
    """Whether the tallest lines read much like the film's title."""
    read, true = (plain(text).replace(" ", "") for text in (title_of(lines), title))
    return difflib.SequenceMatcher(None, read, true, autojunk=False).ratio() > _SAME_TITLE


def measured(table: pd.DataFrame, words: Path, reader: TextGenre) -> dict:
    """`picture`, `words` and `both` on the posters of a file of words, and with every word painted over."""
    seen, lines = witnessed(table, words, reader), kept_words(words)
    titles = dict(zip(table.imdb_id, table.title))
    found = np.array([title_found(lines[film], titles[film]) for film in seen.films], float)
    return {
        "n": len(seen.films),
        "picture": figures(seen.picture, seen.labels),
        "words": figures(words_alone(seen, reader), seen.labels),
        "both": figures(seen.joint(reader.combination), seen.labels),
        "painted_over": figures(reader.combination.without_words(seen.painted), seen.labels),
        "words_found": round(float((seen.amounts > 0).mean()), 4),
        "titles_found": interval(lambda part: float(part.mean()), found),
    }


def words_alone(seen: Witnessed, reader: TextGenre) -> np.ndarray:
    """What the words alone say; 0.2 for each genre where there are none."""
    said = reader.combination.words_alone(seen.words, seen.amounts)
    return np.where(seen.amounts[:, None] > 0, said, 1 / len(GENRES))


def speed(classifier: PosterClassifier, files: list[bytes]) -> dict:
    """Median milliseconds a poster, one at a time, on two threads."""
    torch.set_num_threads(2)
    took: dict[str, list[float]] = {"picture": [], "both": [], "words_genre": []}
    classifier.predict(files[0], words=True)
    for file in files:
        lines = classifier.text_reader.read(open_poster(file))
        picture = classifier.predict(file)
        for name, work in (("picture", lambda file=file: classifier.predict(file)),
                           ("both", lambda file=file: classifier.predict(file, words=True)),
                           ("words_genre", lambda picture=picture, lines=lines: classifier.text_genre.join(picture, lines))):
            began = time.perf_counter()
            work()
            took[name].append(1000 * (time.perf_counter() - began))
    return {**{name: round(float(np.median(times)), 1) for name, times in took.items()}, "threads": 2, "n": len(files),
            "load": round(os.getloadavg()[0], 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="holds posters/ and posters_large/ with their tables and zips")
    parser.add_argument("words", type=Path, help="folder of what was recognised and looked at")
    parser.add_argument("folder", type=Path, help="weights of the words' reader")
    parser.add_argument("--classifier", type=Path, default=Path("weights/classifier"))
    parser.add_argument("--split", default="test", choices=("test", "val"))
    parser.add_argument("--parts", nargs="+", choices=("figures", "speed"), default=("figures", "speed"))
    wish = parser.parse_args()
    found: dict = {}
    if "figures" in wish.parts:
        reader = TextGenre.from_pretrained(wish.folder)
        found = {"split": wish.split, "seed": _SEED, "interval": "95 % bootstrap",
                 "bytes": (wish.folder / "model.safetensors").stat().st_size}
        for name, table in _SETS.items():
            kept = wish.words / f"{wish.split}{'_large' if name == 'larger' else ''}.jsonl"
            if kept.exists():  # what was not recognised again stays as it is in metrics.json
                found[name] = measured(pd.read_csv(wish.data / table / f"{table}.csv", keep_default_na=False), kept, reader)
    if "speed" in wish.parts:
        with zipfile.ZipFile(wish.data / "posters_large" / f"{wish.split}.zip") as pictures:
            files = [pictures.read(name) for name in pictures.namelist()[:32]]
        found["ms_per_poster"] = speed(PosterClassifier.from_pretrained(wish.classifier, words=wish.folder), files)
    print(json.dumps(found, indent=2))
    if wish.split == "test":
        write(wish.folder / "metrics.json", found)


if __name__ == "__main__":
    main()
