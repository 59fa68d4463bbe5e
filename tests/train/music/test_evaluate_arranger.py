"""What the arranger's figures count."""

import numpy as np
import pytest

from posterbeat.composer.parts import arrange
from posterbeat.composer.plan import plan_of
from tests.music.made import chance, tune
from train.music.evaluate_arranger import bars_of, encoded, follows_plan, heard_in_halves


def arranged(score, track=None):
    return arrange(score.onset, score.duration, score.pitch, score.velocity, score.program,
                   score.part if track is None else track, score.bar)


def test_bars_are_counted_that_hold_at_most_so_many_notes():
    piece = arranged(tune(bars=8))
    by_bar = np.bincount(piece.onsets() // piece.bar)
    assert bars_of(piece, int(by_bar[:3].sum())) == 3
    assert bars_of(piece, int(by_bar[:3].sum()) - 1) == 2
    assert bars_of(piece, 1) == 1  # a bar at least, however full it is


def test_what_two_parts_play_in_unison_is_encoded_once():
    score = tune(bars=4)
    twice = arrange(*(np.tile(array, 2) for array in (score.onset, score.duration, score.pitch, score.velocity, score.program)),
                    np.concatenate([score.part, score.part + 3]), score.bar)
    drums = int((score.program == 128).sum())
    assert len(twice.notes) == 2 * len(score) - drums  # the drums are one part
    assert encoded(twice, len(twice.notes)) == len(score)


def test_a_piece_follows_its_own_plan_and_no_other():
    piece, other = arranged(tune(bars=8)), arranged(chance(2, notes=len(tune(bars=8))))
    assert follows_plan(piece, plan_of(piece)) == pytest.approx(1.0)
    bars = min(piece.bars, other.bars)
    plan = plan_of(other)
    assert (plan.chord[:bars] == plan_of(piece).chord[:bars]).mean() < 0.5


def test_clear_chords_are_heard_in_both_halves_and_noise_is_not():
    random = np.random.default_rng(0)
    assert heard_in_halves(arranged(tune(bars=40)), random) > heard_in_halves(arranged(chance(5, notes=600)), random)
