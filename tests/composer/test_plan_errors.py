"""A planner learns with errors in what it is shown of the bars before, and none in what it has to say."""

import numpy as np

from posterbeat.composer import plan_excerpt
from posterbeat.composer.finished_piece import finished
from posterbeat.genres import mixture
from tests.music.made import tune


def test_errors_touch_what_was_before_and_nothing_else(monkeypatch):
    of = finished(tune(bars=24), mixture("drama"))
    true = plan_excerpt.plan_stretch(of, 0, None)
    monkeypatch.setattr(plan_excerpt, "_WITH_ERRORS", 1.0)
    wrong = plan_excerpt.plan_stretch(of, 0, None, np.random.default_rng(0))
    for name in ("target", "recalled", "cell", "parts"):
        np.testing.assert_array_equal(wrong[name], true[name])
    changed = (wrong["seen"] != true["seen"]).mean(0)
    before = np.r_[0:15, 20:27]
    assert changed[before].max() > 0.02
    assert not np.delete(changed, before).any()
    assert (wrong["chords"][:, 1:] != true["chords"][:, 1:]).any()
    np.testing.assert_array_equal(wrong["chords"][true["cell"], 0], true["chords"][true["cell"], 0])


def test_without_errors_all_is_as_it_was(monkeypatch):
    of = finished(tune(bars=8), mixture("drama"))
    monkeypatch.setattr(plan_excerpt, "_WITH_ERRORS", 0.0)
    drawn, true = plan_excerpt.plan_stretch(of, 0, None, np.random.default_rng(1)), plan_excerpt.plan_stretch(of, 0, None)
    for name in ("seen", "chords", "target"):
        np.testing.assert_array_equal(drawn[name], true[name])
