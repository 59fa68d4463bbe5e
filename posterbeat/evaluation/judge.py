"""Which genre does a piece sound like? Boosted trees over the features of `style.style_features`.

The judge measures the composer and is no part of it: it learns from real training pieces only (`train/music/train_judge.py`),
and nothing that composes asks it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from posterbeat.errors import WeightsError
from posterbeat.evaluation import STYLE_FEATURES, style_features
from posterbeat.genres import GENRES
from posterbeat.music.score import Score
from posterbeat.whole_file import whole_file

if TYPE_CHECKING:  # of the `train` extra
    from sklearn.ensemble import HistGradientBoostingClassifier

_KNOWN = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)  # skops trusts no type that it was not told of


class Judge:
    """Style features -> genre probabilities.

    Parameters
    ----------
    model : sklearn.ensemble.HistGradientBoostingClassifier, fitted to the genres' numbers 0 to 4
    """

    def __init__(self, model: "HistGradientBoostingClassifier"):
        self._model = model

    @classmethod
    def load(cls, path: str | Path) -> "Judge":
        """Read a judge that `save` wrote, without running any code that the file may hold.

        Raises
        ------
        WeightsError
            It is missing, damaged, or holds something else.
        """
        import skops.io
        from sklearn.ensemble import HistGradientBoostingClassifier

        wanted = "train one with python -m train.music.train_judge"
        try:
            model = skops.io.load(path, trusted=_KNOWN)
        except Exception as error:  # a zip's, a pickle's, scikit-learn's: skops raises what it meets
            raise WeightsError(f"No judge can be read from {Path(path).name}: {wanted}.") from error
        fits = isinstance(model, HistGradientBoostingClassifier) and model.n_features_in_ == len(STYLE_FEATURES)
        if not fits or model.classes_.tolist() != list(range(len(GENRES))):
            raise WeightsError(f"{Path(path).name} holds another model than a judge of these features and genres: {wanted}.")
        return cls(model)

    def save(self, path: str | Path) -> None:
        """Write the judge as a file of skops."""
        import skops.io

        with whole_file(path) as part:
            skops.io.dump(self._model, part)

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Genre probabilities of pieces given by their style features.

        Parameters
        ----------
        features : np.ndarray of float, shape (pieces, len(STYLE_FEATURES))

        Returns
        -------
        np.ndarray of float, shape (pieces, 5), rows sum to 1, columns as in `GENRES`
        """
        return self._model.predict_proba(np.asarray(features, dtype=np.float64).reshape(-1, len(STYLE_FEATURES)))

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
