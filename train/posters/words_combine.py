"""Learn on `val` how picture and words are joined, and write it into the words' config.json.

    python -m train.posters.words_combine ../shared/data data/words weights/words

`data/words` holds what words_recognise and words_pictures wrote of `val`: val (small posters) and val_large.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from posterbeat.genres import GENRES
from posterbeat.vision.reading import Combination
from posterbeat.vision.text_genre import TextGenre
from train.posters.data import IMDB, balance_weights
from train.posters.validation import balanced_figures
from train.posters.weights import calibrate
from train.posters.words_pictures import kept_pictures
from train.posters.words_recognise import kept_words


@dataclass(frozen=True)
class Witnessed:
    """What picture and words say of each of a number of posters; probabilities are (posters, 5)."""

    films: list[str]
    labels: np.ndarray
    picture: np.ndarray
    painted: np.ndarray  # the picture with its words painted over
    words: np.ndarray
    amounts: np.ndarray  # how much was read, (posters,)

    def joint(self, combination: Combination) -> np.ndarray:
        """What users see, (posters, 5)."""
        return np.array([
            combination.joined(picture, words, amount) if amount else combination.without_words(picture)
            for picture, words, amount in zip(self.picture, self.words, self.amounts)
        ])


def witnessed(table: pd.DataFrame, words: Path, reader: TextGenre) -> Witnessed:
    """What is said of the posters of a file of words whose genres stand in IMDb's own order.

    Parameters
    ----------
    table
        Has imdb_id, genres_source and label.
    words
        What words_recognise wrote; beside it stands what words_pictures wrote (.pictures.jsonl).
    """
    lines, pictures = kept_words(words), kept_pictures(words.with_suffix(".pictures.jsonl"))
    rows = table[(table.genres_source == IMDB) & table.imdb_id.isin(lines.keys() & pictures.keys())]
    said = [reader.says(lines[film]) for film in rows.imdb_id]
    return Witnessed(
        list(rows.imdb_id), np.array([GENRES.index(label) for label in rows.label]),
        np.array([pictures[film][0] for film in rows.imdb_id]), np.array([pictures[film][1] for film in rows.imdb_id]),
        np.array([probabilities for probabilities, _ in said]), np.array([amount for _, amount in said]),
    )


def both_of(parts: Iterable[Witnessed]) -> Witnessed:
    """Several sets of posters as one."""
    parts = list(parts)
    return Witnessed(sum((part.films for part in parts), []), *(
        np.concatenate([getattr(part, name) for part in parts]) for name in ("labels", "picture", "painted", "words", "amounts")))


def combine(seen: Witnessed) -> Combination:
    """The combination with the least log loss, genres counting alike."""
    weights, rows = balance_weights(seen.labels), np.flatnonzero(seen.amounts > 0)

    def made(settings) -> Combination:
        return Combination(picture=float(np.exp(settings[0])), words=float(np.exp(settings[1])), half=float(np.exp(settings[2])),
                           bias=tuple(settings[3:] - settings[3:].mean()), ceiling=1.0)

    def loss(settings) -> float:
        combination = made(settings)
        scores = (combination.picture * np.log(seen.picture[rows] + 1e-12) + np.array(combination.bias)
                  + combination.weight(seen.amounts[rows])[:, None] * np.log(seen.words[rows] + 1e-12))
        scores -= scores.max(1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(1, keepdims=True))
        # A little pull towards no bias, as for the picture's own calibration.
        return -(weights[rows] * log_p[np.arange(len(rows)), seen.labels[rows]]).mean() + 0.05 * (settings[3:] ** 2).sum()

    found = made(minimize(loss, np.array([0.0, 0.0, 3.0, *[0.0] * len(GENRES)]), method="L-BFGS-B",
                          bounds=[(-2, 1), (-3, 1), (0, 6), *[(-1, 1)] * len(GENRES)]).x)
    bare = calibrate(np.log(seen.painted + 1e-12), seen.labels)
    return Combination(round(found.picture, 4), round(found.words, 4), round(found.half, 3),
                       tuple(round(float(value), 4) for value in found.bias), Combination().ceiling,
                       round(1 / bare["temperature"], 4), tuple(bare["bias"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="holds posters/ and posters_large/ with their tables")
    parser.add_argument("words", type=Path, help="folder of what was recognised and looked at")
    parser.add_argument("folder", type=Path, help="weights of the words' reader")
    wish = parser.parse_args()
    reader = TextGenre.from_pretrained(wish.folder)
    seen = {name: witnessed(pd.read_csv(wish.data / table / f"{table}.csv", keep_default_na=False), wish.words / f"{name}.jsonl",
                            reader) for name, table in (("val", "posters"), ("val_large", "posters_large"))}
    combination = combine(both_of(seen.values()))
    for name, part in seen.items():
        for said, probabilities in (("picture", part.picture), ("words", part.words), ("both", part.joint(combination))):
            loss, accuracy = balanced_figures(np.log(probabilities + 1e-12), part.labels)
            right = (probabilities.argmax(1) == part.labels).mean()
            print(f"{name}, {len(part.labels)} posters, {said}: balanced {accuracy:.3f}, right {right:.3f}, log loss {loss:.3f}")
    config = json.loads((wish.folder / "config.json").read_text()) | {"combination": asdict(combination)}
    (wish.folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    print(combination)


if __name__ == "__main__":
    main()
