"""The key of a piece, estimated from how long each pitch class sounds."""

import numpy as np

from posterbeat.instruments import DRUMS
from posterbeat.music.score import Score

# Krumhansl & Kessler (1982) probe-tone profiles, tonic first.
_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])


def pitch_class_profile(score: Score) -> np.ndarray:
    """Share of sounding time of each pitch class, C first, drums left out: np.ndarray of float, shape (12,)."""
    pitched = score.program != DRUMS
    # A long pedal note should not drown the tune: time beyond a 4/4 bar does not count.
    weights = np.minimum(score.duration[pitched], 48).astype(float)
    profile = np.bincount(score.pitch[pitched] % 12, weights=weights, minlength=12)
    return profile / max(profile.sum(), 1e-9)


def estimate_key(score: Score) -> tuple[int, str]:
    """Tonic (pitch class 0 to 11, C is 0) and mode ("major" or "minor") of a score.

    The key whose Krumhansl-Kessler profile correlates best with the piece's own; C major for a piece of drums alone.
    """
    profile = pitch_class_profile(score)
    if profile.max() <= 0:
        return 0, "major"
    # All templates have one spread each for all tonics, so that centred products order as correlations do.
    spread = profile - profile.mean()
    fits = [
        (float(np.round(np.roll(template, tonic) @ spread, 12)), tonic, mode)
        for mode, template in (("major", _MAJOR / _MAJOR.std()), ("minor", _MINOR / _MINOR.std()))
        for tonic in range(12)
    ]
    _, tonic, mode = max(fits, key=lambda row: (row[0], -row[1]))
    return tonic, mode


def shift_to_common_key(tonic: int, mode: str) -> int:
    """Semitones, -6 to 5, that bring a piece in this key to C major or A minor."""
    return ((0 if mode == "major" else 9) - tonic + 6) % 12 - 6
