"""Measures of an arrangement: its harmony half-bar by half-bar, its bass, its drums, its lines, and who plays when."""

import numpy as np

from posterbeat.instruments import DRUM_FAMILY, FAMILIES
from posterbeat.music.harmony import chroma
from posterbeat.music.score import Score

_TRIADS = np.array([[float((pitch - root) % 12 in steps) for pitch in range(12)]
                    for steps in ((0, 4, 7), (0, 3, 7), (0, 3, 6)) for root in range(12)])
_LINE_NOTES = 20  # a family of no more notes has no line worth measuring


def half_bars(score: Score) -> tuple[np.ndarray, np.ndarray]:
    """How long each pitch class sounds, and is the lowest, in each half-bar: two np.ndarray, shape (half-bars, 12)."""
    pitched = score.family != DRUM_FAMILY
    half = max(1, score.bar // 2)
    count = int(score.onset.max()) // half + 1 if len(score) else 0
    if not count or not pitched.any():
        return np.zeros((count, 12)), np.zeros((count, 12))
    return chroma(score.onset[pitched], score.duration[pitched], score.pitch[pitched], half, count)


def triads(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best of 36 triads for the chroma of each half-bar, the bass left aside: number (its root: modulo 12), and fit, 0 to 1."""
    share = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    fit = share @ _TRIADS.T / np.sqrt(3)
    best = fit.argmax(1)
    return best, fit[np.arange(len(best)), best]


def likeness(sums: np.ndarray, apart: int) -> np.ndarray:
    """Cosine of the chroma of half-bars so many apart, both sounding: np.ndarray, shape (pairs,)."""
    one, two = sums[:-apart], sums[apart:]
    both = (one.sum(1) > 0) & (two.sum(1) > 0)
    one, two = one[both], two[both]
    return (one * two).sum(1) / np.maximum(np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1), 1e-9)


def clashes(score: Score) -> float:
    """Share of onsets of pitched notes, two or more together, with two pitch classes a semitone apart."""
    pitched = score.family != DRUM_FAMILY
    onsets, where = np.unique(score.onset[pitched], return_inverse=True)
    together = np.zeros((len(onsets), 12), bool)
    together[where.reshape(-1), score.pitch[pitched] % 12] = True
    several = together[together.sum(1) > 1]
    return float((several & np.roll(several, 1, axis=1)).any(1).mean()) if len(several) else float("nan")


def upper_line(score: Score, family: int) -> np.ndarray:
    """The highest pitch of a family at each of its onsets."""
    mine = score.family == family
    onsets, where = np.unique(score.onset[mine], return_inverse=True)
    line = np.zeros(len(onsets), np.int64)
    np.maximum.at(line, where.reshape(-1), score.pitch[mine])
    return line


def playing(score: Score) -> np.ndarray:
    """Which families start notes in each bar: np.ndarray of bool, shape (bars, families of the piece)."""
    bars = int(score.onset.max()) // score.bar + 1
    families, where = np.unique(score.family, return_inverse=True)
    table = np.zeros((bars, len(families)), bool)
    table[score.onset // score.bar, where.reshape(-1)] = True
    return table


def distinct_drum_bars(score: Score) -> float:
    """Share of the bars with drums whose drums no earlier bar had; nan where fewer than two have any."""
    mine = score.family == DRUM_FAMILY
    bar, place = np.divmod(score.onset[mine], score.bar)
    held = {}
    for number, where, pitch in zip(bar.tolist(), place.tolist(), score.pitch[mine].tolist()):
        held.setdefault(number, set()).add((where, pitch))
    return len({frozenset(notes) for notes in held.values()}) / len(held) if len(held) > 1 else float("nan")


def harmony(score: Score) -> dict[str, float]:
    """The figures of one piece, nan where one does not apply.

    pitch_classes : different pitch classes that sound in a bar; bar_entropy : entropy of its chroma in bits
    change, change_spread : 1 - cosine of successive half-bars' chroma, mean and standard deviation
    bass_on_root : share of the time in which the lowest note is the root of the half-bar's best triad
    clashes : `clashes`; drum_bars : `distinct_drum_bars`; ensemble : share of the families that play in a bar
    steps : mean absolute step of a family's upper line in semitones, families of more than 20 notes
    """
    sums, bass = half_bars(score)
    bars = sums[:len(sums) // 2 * 2].reshape(-1, 2, 12).sum(1)
    bars = bars[bars.sum(1) > 0]
    share = bars / np.maximum(bars.sum(1, keepdims=True), 1e-9)
    entropy = -(share * np.log2(np.maximum(share, 1e-12))).sum(1)
    change = 1 - likeness(sums, 1)
    sounding = sums.sum(1) > 0
    best, _ = triads(sums[sounding])
    low = bass[sounding] / np.maximum(bass[sounding].sum(1, keepdims=True), 1e-9)
    steps = [np.abs(np.diff(upper_line(score, family))).mean() for family in range(len(FAMILIES) - 1)
             if (score.family == family).sum() > _LINE_NOTES]
    table = playing(score)
    return {
        "pitch_classes": _mean((bars > 0).sum(1)), "bar_entropy": _mean(entropy),
        "change": _mean(change), "change_spread": float(change.std()) if len(change) else float("nan"),
        "bass_on_root": _mean(low[np.arange(len(low)), best % 12]), "clashes": clashes(score),
        "drum_bars": distinct_drum_bars(score), "ensemble": _mean(table[table.any(1)].mean(1)), "steps": _mean(steps),
    }


def _mean(values) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
