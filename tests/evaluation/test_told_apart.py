"""What an arrangement is like, and whether two sets of pieces can be told apart by it."""

import numpy as np
import pytest

from posterbeat.evaluation.arrangement import distinct_drum_bars, harmony, playing
from posterbeat.evaluation.told_apart import NOTES, excerpt, features
from posterbeat.music.score import Score
from tests.music.made import chance, tune
from train.music.tell_apart import told_apart


def chords(names: list[tuple[int, ...]], bass: list[int]) -> Score:
    """A chord and a bass note each half-bar."""
    rows = [(24 * half, 24, pitch, 80, 48) for half, pitches in enumerate(names) for pitch in pitches]
    rows += [(24 * half, 24, pitch, 80, 33) for half, pitch in enumerate(bass)]
    onset, duration, pitch, velocity, program = np.array(rows).T
    return Score(onset, duration, pitch, velocity, program)


def test_the_bass_is_on_the_root_or_not():
    triad = [(60, 64, 67), (60, 65, 69)] * 8
    assert harmony(chords(triad, [36, 41] * 8))["bass_on_root"] == 1.0
    assert harmony(chords(triad, [40, 45] * 8))["bass_on_root"] == 0.0


def test_harmony_that_stands_still_does_not_change():
    still = harmony(chords([(60, 64, 67)] * 8, [36] * 8))
    assert still["change"] == pytest.approx(0.0, abs=1e-9) and still["pitch_classes"] == 3
    moving = harmony(chords([(60, 64, 67), (62, 65, 69)] * 4, [36, 38] * 4))
    assert moving["change"] == pytest.approx(1.0) and moving["pitch_classes"] == 6


def test_drum_bars_and_players_are_counted():
    score = tune(bars=8)
    assert distinct_drum_bars(score) == 1 / 8
    assert playing(score).all(0).sum() == 3
    assert np.isnan(distinct_drum_bars(chords([(60, 64, 67)], [36])))


def test_short_pieces_have_no_excerpt_and_long_ones_end_early():
    assert excerpt(chance(1, notes=NOTES - 1)) is None
    assert len(excerpt(chance(1, notes=700))) == NOTES - 14


def test_pieces_by_chance_are_told_from_a_tune_and_not_from_one_another():
    by_chance = [(seed % 2, features(excerpt(chance(seed, notes=620)))) for seed in range(80)]
    tunes = [(seed % 2, features(excerpt(tune(bars=70 + seed, tempo=60.0 + seed)))) for seed in range(40)]
    assert told_apart(by_chance[:40], tunes).auc > 0.95
    same = told_apart(by_chance[:40], by_chance[40:])
    assert 0.2 < same.auc < 0.8 and len(same.telling) == 10
