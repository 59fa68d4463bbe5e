"""Can composed pieces be told from real ones? Boosted trees over what an arrangement is like."""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

_FOLDS, _LEAVES, _ROUNDS = 5, 12, 150


@dataclass(frozen=True)
class ToldApart:
    """auc : area under the ROC curve; telling : the ten most telling features, each with its mean over real and over
    composed pieces, and the area that it reaches alone."""

    auc: float
    telling: dict[str, tuple[float, float, float]]


def told_apart(real: list[tuple[int, dict[str, float]]], composed: list[tuple[int, dict[str, float]]],
               seed: int = 0) -> ToldApart:
    """Area under the ROC curve of boosted trees, five-fold, that tell composed pieces from real ones.

    Parameters
    ----------
    real, composed : genre and `evaluation.told_apart.features` of each piece; both sides weigh alike in each genre, and
        genres alike
    """
    names = sorted({name for _, row in (*real, *composed) for name in row})
    x = np.array([[row.get(name, np.nan) for name in names] for _, row in (*real, *composed)], float)
    y = np.repeat([0, 1], [len(real), len(composed)])
    genre = np.array([number for number, _ in (*real, *composed)])
    weight = np.zeros(len(y))
    for number in np.unique(genre):
        for side in (0, 1):
            rows = (genre == number) & (y == side)
            weight[rows] = 1 / max(rows.sum(), 1)
    weight *= len(y) / weight.sum()
    chance = np.zeros(len(y))
    for learn, held in StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(x, genre * 2 + y):
        model = HistGradientBoostingClassifier(max_iter=_ROUNDS, max_leaf_nodes=_LEAVES, learning_rate=0.08,
                                               random_state=seed)
        chance[held] = model.fit(x[learn], y[learn], sample_weight=weight[learn]).predict_proba(x[held])[:, 1]
    alone = {}
    for column, name in enumerate(names):
        known = ~np.isnan(x[:, column])
        if len(np.unique(y[known])) == 2:
            alone[name] = roc_auc_score(y[known], x[known, column], sample_weight=weight[known])
    most = sorted(alone, key=lambda name: -abs(alone[name] - 0.5))[:10]
    sides = {name: tuple(round(float(np.nanmean(x[y == side, names.index(name)])), 4) for side in (0, 1)) for name in most}
    return ToldApart(round(float(roc_auc_score(y, chance, sample_weight=weight)), 4),
                     {name: (*sides[name], round(float(alone[name]), 4)) for name in most})
