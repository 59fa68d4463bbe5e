"""What can be done with a piece is checked as it is said, and comes back from text as it was."""

import pytest

from posterbeat.errors import ParameterError
from posterbeat.steps import MOST_STEPS, Cut, GoOn, Rewrite, from_text, to_text


@pytest.mark.parametrize("steps", [
    (), (GoOn(30, 7),), (GoOn(12.5, 7), Rewrite("bass", (9, 16), 8), Rewrite(None, (1, 4), 0), Rewrite(2, None, 5)),
    (Rewrite("Electric Guitar (jazz) 2", "3", 1),), (Cut(12), GoOn(30, 7)),
])
def test_steps_come_back_from_text(steps):
    assert from_text(to_text(steps)) == steps


def test_bars_may_be_written():
    assert Rewrite(bars="9-16", seed=1) == Rewrite(bars=(9, 16), seed=1) == Rewrite(bars=[9, 16], seed=1)
    assert Rewrite(bars="9", seed=1).bars == (9, 9) == Rewrite(bars=9, seed=1).bars
    assert Rewrite("2", seed=1).part == 2 and Rewrite(" bass ", seed=1).part == "bass"


def test_a_seed_that_is_left_open_is_drawn_once():
    step = GoOn(30)
    assert step.seed == step.seed and 0 <= step.seed < 2**32 and len({GoOn(30).seed for _ in range(4)}) > 1


@pytest.mark.parametrize("seconds", [0, 9, 301, None, "30", True, float("nan"), []])
def test_going_on_for_another_time_is_refused(seconds):
    with pytest.raises(ParameterError, match="Seconds must be a number from 10 to 300"):
        GoOn(seconds)


@pytest.mark.parametrize("asked, says", [
    ({}, "Say what to write anew"), ({"part": ""}, "Part '' is none"), ({"part": -1}, "Part -1 is none"),
    ({"part": 1.5}, "Part 1.5"),
    ({"part": "x" * 100}, "Part 'xxx"), ({"part": "a:b"}, "Part 'a:b'"), ({"part": []}, "Part"), ({"part": True}, "Part True"),
    ({"bars": (9, 8)}, r"Bars \(9, 8\) are the wrong way round"), ({"bars": "16-9"}, "Bars '16-9' are the wrong way round"),
    ({"bars": (0, 4)}, "begin before bar 1"), ({"bars": (-3, 4)}, "begin before bar 1"), ({"bars": "many"}, "'many' are none"),
    ({"bars": (1, 2, 3)}, "Bars"), ({"bars": (1.5, 3)}, "Bars"), ({"bars": {}}, "Bars"), ({"bars": "1-" + "9" * 9}, "Bars"),
    ({"part": "bass", "seed": -1}, "Seed must be"), ({"part": 10**400}, "Part 1000"), ({"bars": (1, 10**400)}, "Bars"),
    ({"bars": 10**400}, "Bars"),
])
def test_what_cannot_be_written_anew_is_refused_with_a_right_one(asked, says):
    with pytest.raises(ParameterError, match=says) as caught:
        Rewrite(**asked)
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 250


@pytest.mark.parametrize("text", ["go-on", "go-on:30", "go-on:x:1", "rewrite:bass:1", "dance:30:1", "go-on:30:1:2", ":::",
                                  "go-on:30:-1", "cut", "cut:0", "cut:x", "cut:2:3", "rewrite::9-8:1", "rewrite:::1",
                                  "<script>", "go-on:30:1," * (MOST_STEPS + 1)])
def test_other_steps_are_refused(text):
    with pytest.raises(ParameterError) as caught:
        from_text(text)
    assert str(caught.value).endswith(".")
