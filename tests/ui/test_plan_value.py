"""What the strip above the roll is given."""

from dataclasses import replace

from posterbeat.instruments import COLOURS
from posterbeat.ui.components.piano_roll import plan_value
from tests.music.made import tune
from tests.music.test_marks import PLAN


def test_a_plan_becomes_signs_by_part_and_words_for_those_who_cannot_see_it():
    score = replace(tune(4), plan=PLAN)
    value = plan_value(score)
    assert value["bar"] == 60 / score.tempo * 4
    assert value["chords"] == [["C"], ["Am", "F#m7/A"], ["Am", "F#m7/A"], ["N.C."]]
    assert [part["cells"] for part in value["parts"]] == ["·N=·", "NN=v"]
    assert all(part["colour"] in COLOURS for part in value["parts"])
    assert value["words"] == ("The plan: A from bar 1 to 3, close from bar 4 to 4. Chords: C, Am, F#m7/A, N.C.; "
                              "parts: Drum kit, Violin.")


def test_a_score_without_a_plan_has_none():
    assert plan_value(tune(4)) is None
