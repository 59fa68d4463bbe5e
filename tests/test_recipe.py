"""What a MIDI file carries of how it was composed comes back whole; whatever is forged is refused in a sentence."""

import json

import pytest

from posterbeat.controls import Controls
from posterbeat.errors import ScoreError
from posterbeat.genres import mixture
from posterbeat.recipe import Recipe, notes_mark
from posterbeat.steps import GoOn, Rewrite

WHOLE = Recipe(mixture({"horror": 0.7, "comedy": 0.3}),
               Controls(seed=7, seconds=60, chords="Am F♯m | C", instruments=["violin", "violin", "drums"], metre="3/4"),
               (GoOn(30, 1), Rewrite("Violin 2", (9, 16), 2)), "ab12cd34", notes=123)


@pytest.mark.parametrize("recipe", [WHOLE, Recipe(mixture("drama"), Controls(seed=0, tempo=91.3)),
                                    Recipe(mixture("drama"), Controls(seed=0), own=True)])
def test_a_recipe_comes_back_from_its_text(recipe):
    text = recipe.to_text()
    assert text.isascii() and Recipe.from_text(text) == recipe and Recipe.from_text(text).notes == recipe.notes


@pytest.mark.parametrize("text", ["", "Am", "posterbeats are here", "Posterbeat {}", "section A"])
def test_text_of_others_is_none(text):
    assert Recipe.from_text(text) is None


def forged(**changed):
    said = json.loads(WHOLE.to_text().removeprefix("posterbeat"))
    return "posterbeat " + json.dumps({**said, **changed})


@pytest.mark.parametrize("text", [
    "posterbeat ", "posterbeat {}", "posterbeat []", "posterbeat null", "posterbeat {" + "[" * 5000, "posterbeat " + "9" * 30000,
    forged(version=2), forged(genre_mix={}), forged(genre_mix={"western": 1}), forged(genre_mix=[1]), forged(controls=5),
    forged(controls={}), forged(controls={"seed": 1, "volume": 11}), forged(controls={"seed": -1}),
    forged(controls={"seed": 1, "notes": 10**9}), forged(controls={"seed": 1, "chords": "C " * 1000}), forged(steps="dance:1:2"),
    forged(steps=5), forged(steps="go-on:30:1," * 99), forged(weights=5), forged(weights="../../etc/passwd"),
    forged(weights="x" * 99), forged(own="yes"), forged(notes="many"), forged(notes=None),
])
def test_a_forged_one_is_refused_in_a_sentence(text):
    with pytest.raises(ScoreError, match="What this MIDI file says of how it was composed cannot be.*posterbeat.") as caught:
        Recipe.from_text(text)
    assert len(str(caught.value)) < 500


def test_the_mark_of_notes_changes_with_any_of_them():
    assert notes_mark([1, 2], [3]) == notes_mark([1, 2], [3]) != notes_mark([1, 2], [4])
