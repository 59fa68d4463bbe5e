import torch

from posterbeat.composer.loop_guards import EndlessBar, PitchShare


def test_a_pitch_that_takes_over_is_closed_and_the_others_are_left():
    scores = torch.randn(1, 128)
    guarded = PitchShare(share=0.4, least=16)(torch.tensor([[60] * 10 + [62, 64] * 5]), scores)
    assert guarded[0, 60] == float("-inf")
    kept = torch.arange(128) != 60
    assert torch.equal(guarded[0, kept], scores[0, kept])


def test_few_notes_or_a_fair_share_close_nothing():
    scores = torch.randn(1, 128)
    assert torch.equal(PitchShare()(torch.tensor([[60] * 10]), scores), scores)
    assert torch.equal(PitchShare()(torch.tensor([[60, 62, 64, 65] * 8]), scores), scores)


def test_nothing_is_closed_where_nothing_else_is_left():
    only = torch.full((1, 128), float("-inf"))
    only[0, 60] = 1.0
    assert torch.equal(PitchShare()(torch.tensor([[60] * 30]), only), only)


def _repeat(bars, change=None):
    guard = EndlessBar(48, most=6)
    for bar in range(bars):
        for place, pitch in ((0, 60), (12, 64), (24, 67)):
            guard.add(bar * 48 + place, 0, pitch + (bar == change))
    return guard


def test_the_seventh_equal_bar_begins_with_another_pitch():
    assert _repeat(6).at(6 * 48, 0) == [60]
    assert _repeat(6)(torch.tensor([[6 * 48, 0]]), torch.zeros(1, 128))[0].argmin() == 60


def test_fewer_bars_a_changed_bar_another_place_or_a_rest_leave_the_way_open():
    assert _repeat(5).at(5 * 48, 0) == []
    assert _repeat(6, change=3).at(6 * 48, 0) == []
    assert _repeat(6).at(6 * 48 + 6, 0) == []
    assert _repeat(6).at(6 * 48, 3) == []
    assert _repeat(6).at(7 * 48, 0) == []
    inside = _repeat(6)
    inside.add(6 * 48, 0, 62)
    assert inside.at(6 * 48, 0) == []
