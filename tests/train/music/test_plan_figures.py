"""What the figures of planning count."""

from dataclasses import replace

import numpy as np

from posterbeat.composer.likelihood import _shared, bars_of, events_of, unheard
from posterbeat.composer.parts import arrange
from posterbeat.composer.plan import LITERAL, NEW, VARIED
from posterbeat.evaluation import CopyIndex
from posterbeat.evaluation.plan import chord_moves, follows_plan, heard_chords, heard_in_halves, planned_chords
from posterbeat.music.outline import Outline, Section
from posterbeat.music.score import Score
from tests.music.made import chance, tune
from train.music.plan_figures import division_of_work, kinds_of


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
    events, event = events_of(twice, len(twice.notes))
    assert len(events) == len(score) and np.bincount(event).max() == 2
    assert (np.diff(events[:, 0]) >= 0).all()


def test_what_was_heard_in_a_row_before_is_not_new():
    theme = [(0, 0, 60), (12, 0, 62), (24, 0, 64), (36, 0, 65), (48, 0, 67)]
    again = [(onset + 96, family, pitch) for onset, family, pitch in theme]
    other = [(onset + 192, 4, pitch) for onset, _, pitch in theme]
    new = unheard(np.array([*theme, *again, *other]))
    # its fifth note comes after the same four, and so does what follows the theme; then another plays it
    assert new.tolist() == [True] * 9 + [False] * 2 + [True] * 4


def chorded(*names, bar=48):
    """A piece of held triads, one a bar, that was planned with the chords of these names."""
    triads = {"C": (60, 64, 67), "Am": (57, 60, 64), "F": (53, 57, 60), "G": (55, 59, 62)}
    rows = [(number * bar, bar, pitch, 80, 0) for number, name in enumerate(names) for pitch in triads[name]]
    score = Score(*np.array(rows).T, bar=bar)
    silent = tuple((("new",),) * len(names))
    plan = Outline(("Piano",), tuple((name,) for name in names), silent, ((0,),) * len(names), (Section("A", 1, len(names)),))
    return replace(score, plan=plan)


def test_a_piece_follows_its_own_plan_and_no_other():
    score, other = chorded("C", "Am", "F", "G"), chorded("F", "G", "C", "Am")
    assert follows_plan(score) == 1.0
    assert follows_plan(replace(score, plan=None, marks=other.marks)) == 0.0
    assert np.isnan(follows_plan(replace(score, plan=None, marks=())))
    assert follows_plan(Score.from_midi(score.to_midi())) == 1.0  # as the kept sets are measured
    np.testing.assert_array_equal(planned_chords(score), heard_chords(score))
    assert len(planned_chords(chorded("C", "Am", bar=36))) == 2  # a chord a bar in triple time


def test_a_plan_is_compared_whatever_its_key_and_its_pace():
    learned = CopyIndex([chord_moves(heard_chords(chorded("C", "Am", "F", "G", "C")))])
    slower = heard_chords(chorded("C", "C", "Am", "F", "G", "C"))
    higher = slower // 12 * 12 + (slower + 5) % 12
    assert learned.matches(chord_moves(higher))[0].max() == 4
    assert learned.matches(chord_moves(heard_chords(chorded("G", "F", "Am"))))[0].max(initial=0) == 0
    assert len(chord_moves(np.array([96, 96, -1]))) == 0  # silence and no plan at all


def test_clear_chords_are_heard_in_both_halves_and_noise_is_not():
    random = np.random.default_rng(0)
    assert heard_in_halves(tune(bars=40), random) > heard_in_halves(chance(5, notes=600), random)


def test_who_repeats_and_who_begins_is_compared_by_counts_of_kinds():
    kinds = np.array([[1, 0], [4, 1], [4, 4], [4, 4], [1, 0], [0, 0]])
    moves = division_of_work(kinds)
    assert len(moves) == 5  # what stays is told once
    assert moves[0] == moves[3] and len(set(moves)) == 4 and moves.min() > 0
    np.testing.assert_array_equal(moves, division_of_work(kinds[:, ::-1]))  # whoever it is
    length, _ = CopyIndex([moves]).matches(division_of_work(np.array([[4, 1], [4, 4], [1, 0], [4, 4]])))
    assert length.max() == 3
    assert len(division_of_work(np.zeros((0, 2), int))) == 0


def test_cells_are_told_by_what_is_heard():
    score = chorded("C", "G", "Am", "C", "Am")
    np.testing.assert_array_equal(kinds_of(score)[:, 0], [NEW, NEW, VARIED, LITERAL, LITERAL])  # Am has two tones of C


def test_what_a_bar_costs_is_shared_by_what_begins_in_it_and_nothing_is_lost():
    costs = np.array([5.0, 1.0, 6.0, 2.0])
    paid = _shared(costs, np.array([0, 2, 2, 2]))
    np.testing.assert_allclose(paid, [5.0, 3.0, 3.0, 3.0])
    assert paid.sum() == costs.sum()
