"""What steps cost is told before they are taken."""

import pytest

from posterbeat.errors import ParameterError
from posterbeat.music.effort import MOST_EFFORT, checked, effort
from posterbeat.steps import MOST_STEPS, Cut, GoOn, Rewrite
from tests.music.made import tune

PIECE = tune(bars=8)
NOTES, SECONDS, BARS = len(PIECE), PIECE.seconds, 8


def near(number):
    return pytest.approx(number, rel=0.05)


def test_a_step_writes_what_is_new_and_hears_the_rest():
    assert effort(PIECE, []) == 0
    assert effort(PIECE, [Rewrite(bars=(1, BARS), seed=1)]) == near(1.25 * NOTES)
    assert effort(PIECE, [Rewrite(bars=(1, 2), seed=1)]) == near(0.5 * NOTES)
    assert effort(PIECE, [GoOn(2 * SECONDS, 1)]) == near(2.25 * NOTES)
    assert effort(PIECE, [Cut(2)]) == 0


def test_a_part_costs_what_it_plays():
    parts = [effort(PIECE, [Rewrite(part, seed=1)]) - NOTES / 4 for _, _, part in PIECE.tracks()]
    assert sum(parts) == near(NOTES) and min(parts) > 0
    assert effort(PIECE, [Rewrite("no such part", seed=1)]) == near(1.25 * NOTES)


def test_steps_add_up_over_a_piece_that_becomes_longer_and_shorter():
    whole = Rewrite(bars=(1, 10**5), seed=1)
    assert effort(PIECE, [GoOn(SECONDS, 1), whole]) == near((1.25 + 2.5) * NOTES)
    assert effort(PIECE, [Cut(4), whole, whole]) == near(1.25 * NOTES)
    assert effort(PIECE, [Cut(10**5), whole]) == near(1.25 * NOTES)


def test_what_visitors_do_is_far_below_the_bound_and_what_nobody_does_is_told():
    minute = NOTES / SECONDS * 60  # notes of a piece of a minute
    checked(PIECE, [GoOn(60, 1), *[Rewrite(bars=(1, 4), seed=1)] * (MOST_STEPS - 1)])
    assert effort(PIECE, [GoOn(60, 1)]) > minute
    rewrites = [GoOn(300, 1), *[Rewrite(bars=(1, 10**5), seed=1)] * (MOST_STEPS - 1)]
    with pytest.raises(ParameterError, match=f"notes anew: {MOST_EFFORT:,} at most .* Open its MIDI file"):
        checked(PIECE, rewrites)
    with pytest.raises(ParameterError):
        checked(PIECE, [GoOn(10, 1)], before=MOST_EFFORT)
