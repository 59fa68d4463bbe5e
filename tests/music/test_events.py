import numpy as np
import pytest

from posterbeat.instruments import DRUMS
from posterbeat.music.events import DURATIONS, FIELDS, SIZES, decode, encode
from posterbeat.music.key import estimate_key, shift_to_common_key
from posterbeat.music.score import Score
from tests.music.made import chance, tune

PROGRAMS = np.array([0, 9, 19, 24, 33, 40, 48, 56, 68, 73, 80, 88, 96, 104, 112, 120, DRUMS])


def test_events_give_the_score_back_when_it_is_on_the_grid():
    score = tune()
    again = decode(encode(score).fields, PROGRAMS, tempo=score.tempo, bar=score.bar)
    for name in ("onset", "duration", "pitch"):
        np.testing.assert_array_equal(getattr(again, name), getattr(score, name), err_msg=name)
    np.testing.assert_array_equal(again.family, score.family)
    assert np.abs(again.velocity - score.velocity).max() <= 8


def test_every_field_stays_inside_its_size():
    for seed in range(5):
        fields = encode(chance(seed), shift=5).fields
        for column, name in enumerate(FIELDS):
            assert fields[:, column].min() >= 0
            assert fields[:, column].max() < SIZES[name]


def test_durations_take_the_nearest_in_logarithm():
    lengths = [1, 5, 7, 10, 13, 400]
    score = Score(np.arange(6) * 12, lengths, [60] * 6, [80] * 6, [0] * 6)
    assert DURATIONS[encode(score).fields[:, 3]].tolist() == [1, 6, 8, 9, 12, 384]


def test_transposition_moves_pitched_notes_and_leaves_drums():
    score = tune()
    plain, moved = encode(score).fields, encode(score, shift=-3).fields
    drums = plain[:, 1] == 16
    assert (moved[drums, 2] == plain[drums, 2]).all()
    assert (moved[~drums, 2] == plain[~drums, 2] - 3).all()


def test_one_pitch_twice_at_one_onset_is_one_event():
    score = Score([0, 0, 12], [6, 24, 6], [60, 60, 62], [80] * 3, [0] * 3)
    fields = encode(score).fields
    assert len(fields) == 2
    assert DURATIONS[fields[0, 3]] == 24


@pytest.mark.parametrize("shift", range(12))
def test_the_key_of_a_tune_is_found_in_every_transposition(shift):
    score = tune()
    pitched = score.program != DRUMS
    moved = Score(score.onset, score.duration, score.pitch + shift * pitched, score.velocity, score.program)
    tonic, mode = estimate_key(moved)
    assert (tonic, mode) == (shift, "major")
    assert (shift + shift_to_common_key(tonic, mode)) % 12 == 0
