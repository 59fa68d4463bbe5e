"""Train the judge on real training pieces: python -m train.music.train_judge ../shared/data/midi runs/judge

Each piece is heard whole and by its first 600 notes, as long as the generated pieces that will be judged. Genres weigh
the same, certain labels (A, B) more than doubtful ones. Settings are chosen by macro recall on `val`. Features are kept
in an npz beside the judge, so that training again takes a minute.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from posterbeat.evaluation import STYLE_FEATURES, style_features
from posterbeat.evaluation.judge import Judge, macro_recall
from posterbeat.genres import GENRES
from train.music.data import Piece, head, read_split
from train.tables import sentences

EXCERPT = 600
QUALITY = {"A": 2.0, "B": 2.0, "C": 1.0}
GRID = [  # small on purpose: the labels are noisy, and a deeper forest learns the noise
    {"max_leaf_nodes": leaves, "learning_rate": rate, "l2_regularization": 5.0, "max_features": 0.5,
     "min_samples_leaf": 40}
    for leaves in (8, 16) for rate in (0.05,)
]
ROUNDS = 300


def heard(piece: Piece) -> list[np.ndarray]:
    """Features of the whole piece and, if it is longer, of its first 600 notes."""
    score = piece.score
    rows = [style_features(score)]
    if len(score) > EXCERPT:
        rows.append(style_features(head(score, EXCERPT)))
    return rows


def gather(folder: Path, split: str, cache: Path) -> dict[str, np.ndarray]:
    """Features of a split, from the cache when it was written for the same features.

    Returns
    -------
    dict of np.ndarray: "features" (rows, features), "genre" (rows,) index into GENRES, "weight" (rows,), "view" (rows,)
    0 whole, 1 first notes, "piece" (rows,) number of the piece, "on_grid" (rows,)
    """
    path = cache / f"features_{split}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as stored:
            if tuple(stored["names"]) == STYLE_FEATURES:
                return {name: stored[name] for name in stored.files if name != "names"}
    rows = {name: [] for name in ("features", "genre", "weight", "view", "piece", "on_grid")}
    for number, piece in enumerate(read_split(folder, split)):
        views = heard(piece)
        for view, features in enumerate(views):
            weight = QUALITY[piece.quality] / len(views)
            entry = (features, GENRES.index(piece.genre), weight, view, number, piece.on_grid)
            for name, value in zip(rows, entry):
                rows[name].append(value)
    table = {name: np.array(column) for name, column in rows.items()}
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(path, names=np.array(STYLE_FEATURES), **table)
    return table


def train(folder: Path, out: Path, seed: int = 0) -> dict:
    """Write `judge.skops` and `judge.json` (what was tried, with its recall on val); returns that report."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    learn, choose = gather(folder, "train", out), gather(folder, "val", out)
    weight = learn["weight"].copy()
    for number in range(len(GENRES)):
        rows = learn["genre"] == number
        weight[rows] /= weight[rows].sum()
    weight *= len(weight) / weight.sum()
    first = choose["view"] == 0
    tried, best = [], None
    for settings in GRID:
        model = HistGradientBoostingClassifier(max_iter=ROUNDS, early_stopping=False, random_state=seed, **settings)
        model.fit(learn["features"], learn["genre"], sample_weight=weight)
        for rounds, shares in enumerate(model.staged_predict_proba(choose["features"][first]), start=1):
            if rounds % 50:
                continue
            recall = macro_recall(shares, choose["genre"][first])
            loss = -float(np.log(shares[np.arange(first.sum()), choose["genre"][first]]).mean())
            tried.append(settings | {"rounds": rounds, "val_recall": round(recall, 4), "val_loss": round(loss, 4)})
            print(tried[-1], flush=True)
            if best is None or recall > best[0]:
                best = (recall, settings, rounds)
    _, settings, rounds = best
    model = HistGradientBoostingClassifier(max_iter=rounds, early_stopping=False, random_state=seed, **settings)
    model.fit(learn["features"], learn["genre"], sample_weight=weight)
    Judge(model).save(out / "judge.skops")
    report = {"settings": settings, "rounds": rounds, "val_recall": round(best[0], 4), "tried": tried, "seed": seed,
              "pieces": int(learn["piece"].max()) + 1, "features": len(STYLE_FEATURES)}
    (out / "judge.json").write_text(json.dumps(report, indent=2) + "\n")
    return report


@sentences()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="midi.csv and the pieces")
    parser.add_argument("out", type=Path, nargs="?", default=Path("runs/judge"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    report = train(options.folder, options.out, options.seed)
    print(json.dumps({name: value for name, value in report.items() if name != "tried"}))


if __name__ == "__main__":
    main()
