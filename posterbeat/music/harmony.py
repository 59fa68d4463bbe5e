"""Which chord sounds when: estimated from the notes, half-bar by half-bar.

Templates of chords are laid over how long each pitch class sounds (Fujishima, "Realtime chord recognition of musical
sound", ICMC 1999), with weight on the lowest note, and smoothed by Viterbi with a bonus for staying (Sheh & Ellis, ISMIR 2003).
"""

import numpy as np

from posterbeat.chords import HEARD, NO_CHORD, templates
from posterbeat.instruments import PITCHES

_STAYS = 0.10  # worth of keeping the chord of the half-bar before
_BASS_ON_ROOT = 0.12
_LONGEST = 96  # twelfths of a beat of a note that count: a pedal note should not drown what moves above it
# Worth less than a plain triad that explains as much.
_COST = {"": 0.0, "m": 0.0, "dim": 0.05, "aug": 0.08, "sus4": 0.07, "7": 0.03, "maj7": 0.03, "m7": 0.03}


def slots_in_bar(bar: int) -> int:
    """How many chords a bar of so many twelfths of a beat has: two where it falls into halves of whole beats, else one."""
    return 2 if bar % 24 == 0 else 1


def chroma(onset: np.ndarray, duration: np.ndarray, pitch: np.ndarray, slot: int, slots: int) -> tuple[np.ndarray, np.ndarray]:
    """How long each pitch class sounds, and is the lowest, in each slot.

    Parameters
    ----------
    onset, duration, pitch : np.ndarray of int, shape (notes,), pitched notes only, in twelfths of a beat
    slot : int, length of a slot in twelfths of a beat
    slots : int, how many there are

    Returns
    -------
    two np.ndarray of float, shape (slots, 12), in twelfths of a beat; two notes of a pitch class count twice, more no more
    """
    steps = slot * slots
    onset = np.minimum(onset, steps)
    end = np.minimum(onset + np.minimum(duration, _LONGEST), steps)
    delta = np.zeros((steps + 1, PITCHES), np.int16)
    np.add.at(delta, (onset, pitch), 1)
    np.add.at(delta, (end, pitch), -1)
    sounding = np.cumsum(delta[:-1], axis=0, dtype=np.int16) > 0
    by_class = np.zeros((steps, 12), np.int16)
    for low in range(0, PITCHES, 12):
        octave = sounding[:, low:low + 12]
        by_class[:, :octave.shape[1]] += octave
    lowest = np.where(sounding.any(1), sounding.argmax(1), -1)
    bass = np.zeros((steps, 12))
    at = np.flatnonzero(lowest >= 0)
    bass[at, lowest[at] % 12] = 1.0
    shape = (slots, slot, 12)
    return np.minimum(by_class, 2).reshape(shape).sum(1).astype(float), bass.reshape(shape).sum(1)


def estimate_chords(onset: np.ndarray, duration: np.ndarray, pitch: np.ndarray, bar: int,
                    bars: int) -> tuple[np.ndarray, np.ndarray]:
    """The chord of each slot of a piece.

    Parameters
    ----------
    onset, duration, pitch : np.ndarray of int, shape (notes,), of the pitched notes, in twelfths of a beat
    bar : int, twelfths of a beat
    bars : int, how many

    Returns
    -------
    index : np.ndarray of int64, shape (bars * slots,), as `chords.Chord.numbered` counts them
    bass : np.ndarray of int64, same shape, semitones of the lowest note above the root where it is a tone of the chord, else 0
    """
    count = slots_in_bar(bar)
    slots = bars * count
    sums, bass = chroma(onset, duration, pitch, bar // count, slots)
    heard = sums.sum(1) > 0
    if not heard.any():
        return np.full(slots, NO_CHORD), np.zeros(slots, np.int64)
    table = templates()
    fit = (sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)) @ (
        table / np.linalg.norm(table, axis=1, keepdims=True)).T
    low = bass / np.maximum(bass.sum(1, keepdims=True), 1e-9)
    fit += _BASS_ON_ROOT * np.tile(low, (1, HEARD)) - np.repeat(list(_COST.values()), 12)
    fit[~heard] = 0.0
    index = _smooth(fit)
    lowest = bass.argmax(1)
    inversion = np.where(heard & (table[index, lowest] > 0), (lowest - index % 12) % 12, 0)
    return index, inversion


def _smooth(fit: np.ndarray) -> np.ndarray:
    """The best path through (slots, chords) where staying is worth `_STAYS`: np.ndarray of int64, shape (slots,)."""
    best, came = fit[0].copy(), np.zeros(fit.shape, np.int64)
    for row in range(1, len(fit)):
        leader = int(best.argmax())
        stay = best + _STAYS
        moved = stay < best[leader]
        came[row] = np.where(moved, leader, np.arange(fit.shape[1]))
        best = np.where(moved, best[leader], stay) + fit[row]
    path = np.empty(len(fit), np.int64)
    path[-1] = best.argmax()
    for row in range(len(fit) - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    return path
