"""The key of a piece, by correlation with Krumhansl and Kessler's profiles."""

import numpy as np

from posterbeat.music.score import DRUMS, Score

# How well each pitch class fits a key, from listeners' ratings (Krumhansl and Kessler, "Tracing the dynamic
# changes in perceived tonal organization in a spatial representation of musical keys", Psych. Review 89, 1982).
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
NAMES = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")


def estimate_key(score: Score) -> tuple[int, str, float]:
    """The key that fits the sounding time of the pitch classes best; drums are left out.

    Returns
    -------
    tonic : int, pitch class 0 (C) to 11 (B)
    mode : "major" or "minor"
    fit : float, Pearson correlation with that key's profile; 0.0 when nothing speaks for any key,
        and then the answer is C major
    """
    pitched = score.program != DRUMS
    time = np.bincount(score.pitch[pitched] % 12, weights=score.duration[pitched], minlength=12)
    if not time.any() or np.ptp(time) == 0:
        return 0, "major", 0.0
    fits = []
    for profile in (MAJOR, MINOR):
        turned = np.stack([np.roll(profile, tonic) for tonic in range(12)])
        fits.append([np.corrcoef(time, key)[0, 1] for key in turned])
    mode, tonic = np.unravel_index(int(np.argmax(fits)), (2, 12))
    return int(tonic), ("major", "minor")[mode], float(fits[mode][tonic])


def key_name(tonic: int, mode: str) -> str:
    """The key in words, such as "E flat major"."""
    return f"{NAMES[tonic]} {mode}"
