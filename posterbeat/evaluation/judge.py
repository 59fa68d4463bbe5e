"""Which genre does a piece sound like? A forest of small trees over the features of `style.style_features`.

The judge measures the composer and is no part of it: it learns from real training pieces only, and nothing that
composes asks it. Training is scikit-learn's histogram gradient boosting (`train/music/train_judge.py`); what is kept is
the trees as plain arrays, read here with NumPy alone.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from posterbeat.errors import WeightsError
from posterbeat.evaluation import STYLE_FEATURES, style_features
from posterbeat.genres import GENRES
from posterbeat.music.score import Score

_SHAPES = {"feature": 1, "threshold": 1, "left": 1, "right": 1, "value": 1, "root": 2, "baseline": 1}


class Judge:
    """Boosted trees from style features to genre probabilities.

    Parameters
    ----------
    tables : arrays of all trees' nodes end to end, shape (nodes,): "feature" (index into `STYLE_FEATURES`, -1 in a
        leaf), "threshold" (to the left when not above it), "left" and "right" (node numbers), "value" (what a leaf
        adds); "root" (rounds, genres) the first node of each tree; "baseline" (genres,) where the sums start
    """

    def __init__(self, tables: dict[str, np.ndarray]):
        if set(tables) != set(_SHAPES) or any(tables[name].ndim != rank for name, rank in _SHAPES.items()):
            raise WeightsError(f"A judge's file must hold exactly the arrays {', '.join(_SHAPES)}.")
        nodes = len(tables["feature"])
        sizes = {len(tables[name]) for name in ("feature", "threshold", "left", "right", "value")}
        if sizes != {nodes} or tables["root"].shape[1] != len(GENRES) or tables["baseline"].shape != (len(GENRES),):
            raise WeightsError("The arrays of this judge do not fit one another; train it again.")
        inside = [tables[name].min() >= 0 and tables[name].max() < nodes for name in ("left", "right", "root")]
        if not all(inside) or tables["feature"].max() >= len(STYLE_FEATURES):
            raise WeightsError("This judge's trees point outside its arrays; train it again.")
        self._tables = tables

    @classmethod
    def load(cls, path: str | Path) -> "Judge":
        """Read a judge that `save` wrote; raises WeightsError when it is missing or damaged."""
        try:
            tables = load_file(path)
        except Exception as error:  # safetensors raises its own kind
            name = Path(path).name
            raise WeightsError(f"No judge can be read from {name}: train one with train/music/train_judge.py.") from error
        return cls(tables)

    def save(self, path: str | Path) -> None:
        """Write the trees as safetensors."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        save_file(self._tables, path)

    @classmethod
    def from_boosting(cls, model) -> "Judge":
        """The trees of a fitted `sklearn.ensemble.HistGradientBoostingClassifier` over the genres' numbers 0 to 4."""
        parts, roots, start = [], [], 0
        for trees in model._predictors:  # scikit-learn has no public way to its trees
            roots.append([])
            for tree in trees:
                nodes = tree.nodes
                roots[-1].append(start)
                leaf = nodes["is_leaf"].astype(bool)
                parts.append({
                    "feature": np.where(leaf, -1, nodes["feature_idx"]).astype(np.int32),
                    "threshold": np.where(leaf, 0.0, nodes["num_threshold"]),
                    "left": np.where(leaf, 0, nodes["left"].astype(np.int64)).astype(np.int32) + start,
                    "right": np.where(leaf, 0, nodes["right"].astype(np.int64)).astype(np.int32) + start,
                    "value": np.where(leaf, nodes["value"], 0.0),
                })
                start += len(nodes)
        tables = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return cls(tables | {"root": np.array(roots, dtype=np.int32), "baseline": np.ravel(model._baseline_prediction)})

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Genre probabilities of pieces given by their style features.

        Parameters
        ----------
        features : np.ndarray of float, shape (pieces, len(STYLE_FEATURES))

        Returns
        -------
        np.ndarray of float, shape (pieces, 5), rows sum to 1, columns as in `GENRES`
        """
        features = np.asarray(features, dtype=np.float64).reshape(-1, len(STYLE_FEATURES))
        table, rows = self._tables, np.arange(len(features))[:, None]
        scores = np.tile(table["baseline"].astype(np.float64), (len(features), 1))
        for roots in table["root"]:  # one tree a genre
            node = np.tile(roots, (len(features), 1))
            while (inner := table["feature"][node] >= 0).any():
                low = features[rows, table["feature"][node]] <= table["threshold"][node]
                node = np.where(inner, np.where(low, table["left"][node], table["right"][node]), node)
            scores += table["value"][node]
        scores = np.exp(scores - scores.max(1, keepdims=True))
        return scores / scores.sum(1, keepdims=True)

    def hear(self, scores: Score | Sequence[Score]) -> np.ndarray:
        """Genre probabilities of scores: np.ndarray of float, shape (pieces, 5), columns as in `GENRES`."""
        scores = [scores] if isinstance(scores, Score) else list(scores)
        return self.probabilities(np.stack([style_features(score) for score in scores]))


def macro_recall(probabilities: np.ndarray, genre: np.ndarray) -> float:
    """Mean over the genres that occur of the share of their pieces whose likeliest genre is right.

    Parameters
    ----------
    probabilities : np.ndarray, shape (pieces, 5)
    genre : np.ndarray of int, shape (pieces,), index into `GENRES`
    """
    right = probabilities.argmax(1) == genre
    return float(np.mean([right[genre == number].mean() for number in np.unique(genre)]))
