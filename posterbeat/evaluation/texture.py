"""Measures of notes and their places: pitch classes, scales, groove, metre, voices, collapse.

Pitch-class entropy, scale and groove consistency are defined as in MusPy (Dong et al., ISMIR 2020) and used
as in the Multitrack Music Transformer (Dong et al., ICASSP 2023): closer to real music is better.
"""

import numpy as np

from posterbeat.evaluation.form import longest_repeat
from posterbeat.instruments import DRUMS
from posterbeat.music.score import STEPS_PER_BEAT, Score

_MAJOR_SCALE = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1])
# A natural minor scale holds the notes of a major one, so that twelve scales cover MusPy's twenty-four.
_SCALES = np.stack([np.roll(_MAJOR_SCALE, tonic) for tonic in range(12)])
BASS_BELOW = 48  # a note below C3 gives a bar its bass


def pitch_class_histogram(score: Score) -> np.ndarray:
    """Share of each pitch class among the notes, drums left out: np.ndarray, shape (12,); zeros without a note."""
    counts = np.bincount(score.pitch[score.program != DRUMS] % 12, minlength=12)
    return counts / max(1, counts.sum())


def pitch_class_entropy(score: Score) -> float:
    """Entropy of the pitch-class histogram in bits, 0 to log2(12) = 3.58; nan without a pitched note."""
    share = pitch_class_histogram(score)
    share = share[share > 0]
    return float(-(share * np.log2(share)).sum()) if len(share) else float("nan")


def scale_consistency(score: Score) -> float:
    """Largest share of the pitched notes that one major or natural minor scale holds; nan without a pitched note."""
    share = pitch_class_histogram(score)
    return float((_SCALES @ share).max()) if share.any() else float("nan")


def groove_consistency(score: Score) -> float:
    """How alike the onset patterns of neighbouring bars are: 1 less the mean Hamming distance over the bar's steps.

    All instruments count, drums too. nan for a piece of one bar.
    """
    if not len(score):
        return float("nan")
    bars = int((score.onset + score.duration).max()) // score.bar + 1
    if bars < 2:
        return float("nan")
    pattern = np.zeros(bars * score.bar, dtype=bool)
    pattern[score.onset] = True
    pattern = pattern.reshape(bars, score.bar)
    return float(1 - (pattern[:-1] != pattern[1:]).mean())


def onset_places(score: Score) -> dict[str, float]:
    """Share of the notes that start on the beat, on its half, elsewhere; and on the first step of a bar.

    Returns
    -------
    dict with keys "beat", "half", "elsewhere" (they sum to 1) and "bar" (a part of "beat")
    """
    place = score.onset % STEPS_PER_BEAT
    beat, half = float((place == 0).mean()), float((place == STEPS_PER_BEAT // 2).mean())
    bar = float((score.onset % score.bar == 0).mean())
    return {"beat": beat, "half": half, "elsewhere": 1 - beat - half, "bar": bar}


def polyphony(score: Score) -> float:
    """Mean number of pitched notes that sound at once, over the steps where any does (MusPy); nan without one."""
    pitched = score.program != DRUMS
    if not pitched.any():
        return float("nan")
    start, stop = score.onset[pitched], score.onset[pitched] + score.duration[pitched]
    change = np.bincount(start, minlength=stop.max() + 1) - np.bincount(stop, minlength=stop.max() + 1)
    sounding = np.cumsum(change)
    return float(sounding[sounding > 0].mean())


def voices(score: Score) -> dict[str, float]:
    """What plays together.

    Returns
    -------
    dict with "families" (General MIDI families, the drum kit being one), "at_once" (`polyphony`) and
    "bass" (share of bars, up to the last note's end, in which a pitched note below C3 sounds)
    """
    bars = -(-int((score.onset + score.duration).max()) // score.bar)
    low = (score.program != DRUMS) & (score.pitch < BASS_BELOW)
    first = score.onset[low] // score.bar
    last = (score.onset[low] + score.duration[low] - 1) // score.bar
    change = np.bincount(first, minlength=bars + 1) - np.bincount(last + 1, minlength=bars + 1)
    return {"families": float(len(np.unique(score.family))), "at_once": polyphony(score),
            "bass": float((np.cumsum(change)[:bars] > 0).mean())}


def collapsed(score: Score) -> bool:
    """Whether a piece got stuck: one pitch takes more than half of its notes, or one bar comes more than eight
    times on end.

    Pitches are counted without the drums, in a piece for drums alone with them.
    """
    pitched = score.program != DRUMS
    pitch = score.pitch[pitched] if pitched.any() else score.pitch
    if not len(pitch):
        return True
    return bool(np.bincount(pitch).max() > len(pitch) / 2 or longest_repeat(score) > 8)
