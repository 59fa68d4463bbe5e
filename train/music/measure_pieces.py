"""Figures of a set of pieces, each with its number of pieces and a 95 % bootstrap interval."""

from collections.abc import Callable, Sequence

import numpy as np

from posterbeat import evaluation
from posterbeat.music.score import Score

RESAMPLES = 1000
SEED = 0  # of every bootstrap


def measure_piece(score: Score, index: evaluation.CopyIndex) -> dict[str, float]:
    """Every figure of one piece that needs no other piece of its set; nan where a figure does not apply."""
    longest, copied, known = copying(score, index)
    places, playing = evaluation.onset_places(score), evaluation.voices(score)
    return {
        "copied_longest": longest, "copied_8": copied, "copied_from": known,
        "collapsed": float(evaluation.collapsed(score)),
        "pitch_class_entropy": evaluation.pitch_class_entropy(score),
        "scale_consistency": evaluation.scale_consistency(score),
        "groove_consistency": evaluation.groove_consistency(score),
        "on_beat": places["beat"], "on_half_beat": places["half"], "elsewhere": places["elsewhere"],
        "on_bar": places["bar"],
        "returning_bars": evaluation.returning_bars(score),
        "opening_returns": float(evaluation.opening_returns(score)),
        "families": playing["families"], "notes_at_once": playing["at_once"], "bars_with_bass": playing["bass"],
        "ends": float(evaluation.ends(score)),
        "seconds": score.seconds, "tempo": score.tempo,
    }


def copying(score: Score, index: evaluation.CopyIndex) -> tuple[float, float, float]:
    """Longest copied run in pairs, share of copied 8-grams, and the training piece that holds the longest run."""
    length, piece = index.matches(evaluation.melody_pairs(score))
    starts = length[:max(0, len(length) - 7)]
    if not len(length):
        return 0.0, float("nan"), -1.0
    share = float((starts >= 8).mean()) if len(starts) else float("nan")
    return float(length.max()), share, float(piece[length.argmax()])


def interval(values: Sequence[float], statistic: Callable = np.mean, seed: int = 0) -> dict[str, float]:
    """A statistic of the values that are numbers, how many these are, and its 95 % percentile bootstrap interval.

    `statistic` takes an array and an `axis`.
    """
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    if not len(values):
        return {"value": None, "low": None, "high": None, "n": 0}
    rng = np.random.default_rng(seed)
    again = statistic(values[rng.integers(0, len(values), (RESAMPLES, len(values)))], axis=1)
    low, high = np.percentile(again, [2.5, 97.5])
    return {"value": round(float(statistic(values, axis=0)), 4), "low": round(float(low), 4),
            "high": round(float(high), 4), "n": len(values)}


def upper(values: np.ndarray, axis: int) -> np.ndarray:
    """95th percentile."""
    return np.percentile(values, 95, axis=axis)


def summarise(rows: list[dict[str, float]], seed: int = 0) -> dict[str, dict]:
    """Every figure over a set of `measure_piece` rows: means, and for copying medians and 95th percentiles."""
    column = {name: [row[name] for row in rows] for name in rows[0]}
    figures = {}
    for name in ("copied_longest", "copied_8"):
        figures[f"{name}_median"] = interval(column[name], np.median, seed)
        figures[f"{name}_p95"] = interval(column[name], upper, seed)
    for name in column:
        if name not in ("copied_longest", "copied_8", "copied_from"):
            figures[name] = interval(column[name], np.mean, seed)
    return figures


def overlap_by_genre(one: dict[str, list[Score]], real: dict[str, list[Score]], seed: int = 0,
                     resamples: int = 100) -> dict:
    """Overlapped area of two sets of pieces, genre by genre.

    Resampling itself roughens densities and so lowers the area; the interval is therefore the value and 1.96
    bootstrap standard deviations on both sides, not the percentiles.

    Returns
    -------
    dict with "value" (mean over genres of the mean over features), its interval, "n", and by genre each feature's area
    """
    by_genre, draws, total = {}, [], 0
    rng = np.random.default_rng(seed)
    for genre in one:
        first = [evaluation.overlap_features(score) for score in one[genre]]
        second = [evaluation.overlap_features(score) for score in real[genre]]
        if len(first) < 2 or len(second) < 2:
            continue
        total += len(first)
        by_genre[genre] = {name: round(area, 4) for name, area in evaluation.overlapped_area(first, second).items()}
        draws.append([evaluation.overlapped_area(first, second, rng)["mean"] for _ in range(resamples)])
    if not by_genre:
        return {"value": None, "low": None, "high": None, "n": 0, "by_genre": {}}
    value = float(np.mean([areas["mean"] for areas in by_genre.values()]))
    spread = 1.96 * float(np.std(np.mean(draws, axis=0)))
    return {"value": round(value, 4), "low": round(value - spread, 4), "high": round(min(1.0, value + spread), 4),
            "n": total, "by_genre": by_genre}
