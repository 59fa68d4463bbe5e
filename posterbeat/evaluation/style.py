"""What a piece sounds like, in some eighty numbers that do not depend on its key: what the judge hears."""

import numpy as np

from posterbeat.evaluation.copying import skyline
from posterbeat.evaluation.form import returning_bars
from posterbeat.evaluation.texture import groove_consistency, pitch_class_entropy, polyphony, scale_consistency
from posterbeat.instruments import DRUMS, FAMILIES
from posterbeat.music.key import estimate_key
from posterbeat.music.score import STEPS_PER_BEAT, Score

_DRUM_GROUPS = {  # General MIDI percussion keys
    "kick": (35, 36), "snare": (37, 38, 39, 40), "hi-hat": (42, 44, 46), "tom": (41, 43, 45, 47, 48, 50),
    "cymbal": (49, 51, 52, 53, 55, 57, 59), "other": (),
}
_INTERVALS = ("repeat", "semitone", "tone", "minor third", "major third", "fourth", "tritone", "fifth", "sixth",
              "seventh to octave", "wider")
_INTERVAL_EDGES = np.array([1, 2, 3, 4, 5, 6, 7, 8, 10, 13])  # semitones from which the next name holds
_DURATION_EDGES = np.array([3, 6, 9, 12, 24, 48])  # twelfths of a beat

STYLE_FEATURES = (
    # pace
    "tempo", "notes a second", "notes a beat", "onsets a second", "onsets a beat",
    # where notes start in the beat, and in the bar
    "on beat", "on half", "on quarter", "on third", "elsewhere in beat", "on bar", "groove consistency",
    "spread of onset steps",
    # note lengths
    "mean log length", "spread of log length", "mean seconds",
    *(f"lengths class {number}" for number in range(len(_DURATION_EDGES) + 1)),
    # harmony, from the estimated tonic upwards
    "minor", *(f"degree {number}" for number in range(12)), "pitch-class entropy", "scale consistency",
    "minor seconds at once", "tritones at once", "thirds at once",
    # tune
    *(f"melody {name}" for name in _INTERVALS), "melody upwards", "melody mean", "melody spread", "melody range",
    # register and loudness
    "mean pitch", "spread of pitch", "lowest tenth", "highest tenth", "below C2", "below C3", "above C6",
    "mean velocity", "spread of velocity", "quiet", "loud",
    # how many sound together
    "polyphony", "notes an onset", "share of chords",
    # who plays
    "families", *(f"share of {name}" for name in FAMILIES), *(f"drum {name}" for name in _DRUM_GROUPS),
    # form
    "returning bars",
)


def style_features(score: Score) -> np.ndarray:
    """The piece in the numbers that `STYLE_FEATURES` names.

    Returns
    -------
    np.ndarray of float64, shape (len(STYLE_FEATURES),), finite; a feature that a piece lacks (the melody of a piece
    for drums alone) is 0
    """
    pitched = score.program != DRUMS
    tuned, drums = score.pitch[pitched], score.pitch[~pitched]
    length, onsets = score.duration[pitched], _starts(score.onset)
    count, seconds = len(score), max(score.seconds, 1e-3)
    beats = max(1.0, (score.onset[-1] + STEPS_PER_BEAT) / STEPS_PER_BEAT) if count else 1.0
    tonic, mode = estimate_key(score)
    place = score.onset % STEPS_PER_BEAT
    step = np.minimum(np.diff(onsets), 96)
    _, tune = skyline(score)
    moves = np.diff(tune)
    in_tune = score.onset[pitched]
    chord = np.bincount(np.cumsum(np.append(True, in_tune[1:] != in_tune[:-1]))[:len(in_tune)] - 1)
    log_length = np.log2(np.maximum(length, 1) / STEPS_PER_BEAT)
    velocity = score.velocity
    values = [
        score.tempo, count / seconds, count / beats, len(onsets) / seconds, len(onsets) / beats,
        _mean(place == 0), _mean(place == 6), _mean((place == 3) | (place == 9)), _mean((place == 4) | (place == 8)),
        _mean(~np.isin(place, (0, 3, 4, 6, 8, 9))), _mean(score.onset % score.bar == 0), groove_consistency(score),
        _spread(np.log2(np.maximum(step, 1))),
        _mean(log_length), _spread(log_length), _mean(length) / STEPS_PER_BEAT * 60 / score.tempo,
        *_shares(np.searchsorted(_DURATION_EDGES, length, side="right"), len(_DURATION_EDGES) + 1),
        float(mode == "minor"), *_shares((tuned - tonic) % 12, 12), pitch_class_entropy(score),
        scale_consistency(score), *_clashes(in_tune, tuned),
        *_shares(np.searchsorted(_INTERVAL_EDGES, np.abs(moves), side="right"), len(_INTERVALS)), _mean(moves > 0),
        _mean(tune), _spread(tune), float(np.ptp(np.percentile(tune, [5, 95]))) if len(tune) else 0.0,
        _mean(tuned), _spread(tuned), *(np.percentile(tuned, [10, 90]) if len(tuned) else (0.0, 0.0)),
        _mean(tuned < 36), _mean(tuned < 48), _mean(tuned >= 84),
        _mean(velocity), _spread(velocity), _mean(velocity < 56), _mean(velocity >= 104),
        polyphony(score), _mean(chord), _mean(chord >= 3),
        float(np.count_nonzero(np.bincount(score.family))), *_shares(score.family, len(FAMILIES)),
        *_drum_shares(drums, count),
        returning_bars(score),
    ]
    return np.nan_to_num(np.array(values, dtype=np.float64))


def _starts(onset) -> np.ndarray:
    """The different onsets of a sorted array."""
    return onset[np.append(True, onset[1:] != onset[:-1])[:len(onset)]]


def _mean(values) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _spread(values) -> float:
    return float(np.std(values)) if len(values) else 0.0


def _shares(classes, number) -> np.ndarray:
    counts = np.bincount(classes, minlength=number)
    return counts / max(1, counts.sum())


def _clashes(onset, pitch) -> list[float]:
    """Share of onsets of several notes in which two are a minor second, a tritone, or a third apart (octaves aside)."""
    number = np.cumsum(np.append(True, onset[1:] != onset[:-1]))[:len(onset)] - 1
    together = np.zeros((int(number[-1]) + 1 if len(number) else 0, 12), dtype=bool)
    together[number, pitch % 12] = True
    together = together[together.sum(1) > 1]
    if not len(together):
        return [0.0, 0.0, 0.0]
    apart = {steps: (together & np.roll(together, steps, axis=1)).any(1) for steps in (1, 3, 4, 6)}
    return [float(apart[1].mean()), float(apart[6].mean()), float((apart[3] | apart[4]).mean())]


def _drum_shares(drums, count) -> list[float]:
    """Share of all notes that each group of percussion plays."""
    named = [np.isin(drums, keys).sum() for keys in _DRUM_GROUPS.values() if keys]
    return [number / max(1, count) for number in (*named, len(drums) - sum(named))]
