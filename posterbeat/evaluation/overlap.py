"""Overlapped area of two sets of pieces.

After Yang and Lerch, "On the evaluation of generative models in music", Neural Computing and Applications 32, 2020:
for each feature, the distances among the real pieces and the distances from generated to real pieces are smoothed
into densities; the area that the two densities share is 1 when generated pieces lie among the real ones as real
pieces do.
"""

import numpy as np

from posterbeat.evaluation.copying import skyline
from posterbeat.evaluation.texture import pitch_class_histogram
from posterbeat.instruments import DRUMS
from posterbeat.music.score import STEPS_PER_BEAT, Score

FEATURES = ("pitch_count", "pitch_range", "pitch_class_histogram", "transition_matrix", "inter_onset_interval",
            "note_length")
# Edges between twelve classes of note lengths in twelfths of a beat, from a thirty-second to longer than a breve.
_LENGTHS = np.array([2, 3, 4, 6, 9, 12, 18, 24, 36, 48, 96])


def overlap_features(score: Score) -> dict[str, np.ndarray]:
    """The six features of a piece, drums left out.

    Returns
    -------
    dict of np.ndarray: "pitch_count" (1,) different pitches; "pitch_range" (1,) semitones; "pitch_class_histogram"
    (12,); "transition_matrix" (144,) shares of the skyline's moves from pitch class to pitch class;
    "inter_onset_interval" (1,) mean seconds between onsets; "note_length" (12,) shares of twelve classes of length
    """
    pitched = score.program != DRUMS
    pitch = score.pitch[pitched]
    onset, top = skyline(score)
    moves = np.bincount(top[:-1] % 12 * 12 + top[1:] % 12, minlength=144)
    lengths = np.bincount(np.searchsorted(_LENGTHS, score.duration[pitched], side="right"), minlength=12)
    gap = np.diff(onset).mean() / STEPS_PER_BEAT * 60 / score.tempo if len(onset) > 1 else 0.0
    return {
        "pitch_count": np.array([len(np.unique(pitch))], dtype=float),
        "pitch_range": np.array([np.ptp(pitch) if len(pitch) else 0], dtype=float),
        "pitch_class_histogram": pitch_class_histogram(score),
        "transition_matrix": moves / max(1, moves.sum()),
        "inter_onset_interval": np.array([gap]),
        "note_length": lengths / max(1, lengths.sum()),
    }


def overlapped_area(one: list[dict], real: list[dict], rng: np.random.Generator | None = None) -> dict[str, float]:
    """Overlapped area of a set of pieces with a set of real ones, feature by feature.

    Parameters
    ----------
    one, real : `overlap_features` of the pieces of each set, at least two real ones
    rng : when given, both sets are resampled with replacement once (for a bootstrap)

    Returns
    -------
    dict from each name in `FEATURES`, and "mean", to an area from 0 to 1
    """
    rows, columns = np.arange(len(one)), np.arange(len(real))
    if rng is not None:
        rows, columns = rng.choice(rows, len(rows)), rng.choice(columns, len(columns))
    apart = columns[:, None] != columns[None, :]  # a piece's distance to itself says nothing
    areas = {}
    for name in FEATURES:
        a = np.stack([piece[name] for piece in one])[rows]
        b = np.stack([piece[name] for piece in real])[columns]
        areas[name] = _shared_area(_distances(b, b)[apart], _distances(a, b).ravel())
    areas["mean"] = float(np.mean([areas[name] for name in FEATURES]))
    return areas


def _distances(a, b):
    """Euclidean distances: np.ndarray, shape (len(a), len(b))."""
    squares = (a ** 2).sum(1)[:, None] + (b ** 2).sum(1)[None, :] - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0))


def _shared_area(a, b, cells=2048):
    """Area under both of two Gaussian kernel densities, bandwidth by Scott's rule."""
    low, high = min(a.min(), b.min()), max(a.max(), b.max())
    if high == low:
        return 1.0
    margin = (high - low) / 2
    edges = np.linspace(low - margin, high + margin, cells + 1)
    width = edges[1] - edges[0]
    densities = []
    for values in (a, b):
        spread = max(values.std() * len(values) ** -0.2, width)
        reach = int(np.ceil(4 * spread / width))
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * width / spread) ** 2)
        counts = np.histogram(values, edges)[0] / len(values)
        smooth = np.convolve(counts, kernel / kernel.sum())
        densities.append(smooth[reach:reach + cells])
    return float(np.minimum(*densities).sum())
