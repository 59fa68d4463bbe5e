"""Controls are checked once, alone and together, and come back from text as they were."""

from dataclasses import asdict, replace

import pytest

from posterbeat.controls import CHECKS, DEFAULT_NOTES, SECONDS, Controls, from_text, to_text
from posterbeat.errors import ParameterError


def test_every_field_is_checked():
    assert list(CHECKS) == list(asdict(Controls(seed=1)))


def test_a_piece_has_600_notes_unless_it_has_a_length():
    assert Controls(seed=1).notes == DEFAULT_NOTES == 600
    assert (Controls(seed=1, seconds=60).notes, Controls(seed=1, seconds=60).seconds) == (None, 60.0)
    assert Controls(notes=100, seed=1).length == "100 notes" and Controls(seconds=60, seed=1).length == "60 seconds"


@pytest.mark.parametrize("wrong", [
    0, 9.99, 300.1, 1e308, float("nan"), float("inf"), -60, "60", True, [], {}, "long", 10**40, b"60"])
def test_seconds_outside_their_range_are_refused(wrong):
    with pytest.raises(ParameterError, match=f"Seconds must be a number from {SECONDS[0]} to {SECONDS[1]}, not"):
        Controls(seconds=wrong)


@pytest.mark.parametrize("asked, says", [
    ({"notes": 300, "seconds": 60}, "300 notes and 60 seconds"),
    ({"ensemble": "piano", "instruments": ["violin"]}, "'violin' and 'piano' were asked for"),
    ({"key": "D minor", "mode": "major"}, "Key 'D minor' contradicts the mode 'major'"),
    ({"key": "C", "chords": "F# B C#"}, "Key 'C major' and chords 'F# B C#' contradict each other: .*nearer to F# major"),
    ({"composer_kind": "historical", "chords": "Am"}, "heeds only notes, seed and tempo: leave out chords"),
    ({"composer_kind": "historical", "seconds": 60, "key": "C"}, "leave out key, seconds"),
])
def test_what_contradicts_itself_is_refused_in_a_sentence(asked, says):
    with pytest.raises(ParameterError, match=says) as caught:
        Controls(**asked)
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 300


@pytest.mark.parametrize("asked, says", [
    ({"chords": "Am H"}, "Chord 'H' is not known"), ({"key": "H"}, "Key 'H'"), ({"metre": "7/8"}, "Metre '7/8'"),
    ({"instruments": ["kazoo"]}, "Instrument 'kazoo'"), ({"instruments": []}, "name nobody"), ({"chords": ""}, "hold no chord"),
])
def test_each_wish_is_checked_when_it_is_made(asked, says):
    with pytest.raises(ParameterError, match=says):
        Controls(**asked)


def test_wishes_are_kept_in_one_spelling_and_made_again_from_it():
    asked = Controls(seed=3, instruments="Pianos, violins", chords="am  f♯m", key="dm", metre=" 3/4", seconds=60)
    assert asked.instruments == ("piano", "violin") and asked.chords == "Am F#m"
    assert (asked.key, asked.metre) == ("D minor", "3/4")
    said = {name: value for name, value in asdict(asked).items() if value is not None}
    assert Controls(**said) == asked
    assert Controls(**{name: from_text(name, to_text(value)) for name, value in said.items()}) == asked


def test_the_key_is_the_one_given_or_that_of_the_chords():
    assert Controls(seed=1).tonality is None
    assert Controls(seed=1, key="Bb").tonality.name == "Bb major"
    assert Controls(seed=1, chords="Am F C G").tonality.name == "A minor"
    assert Controls(seed=1, chords="Am F C G", mode="major").tonality.name == "C major"
    assert Controls(seed=1, chords="Am F C G", key="F").tonality.name == "F major"


def test_colours_leave_the_mode_alone_where_a_key_or_chords_are_given():
    seen = {"tempo": 90.0, "mode": "minor", "density": 0.5}
    assert Controls(seed=1).filled(**seen).mode == "minor"
    for asked in ({"key": "C major"}, {"chords": "C F G"}):
        filled = Controls(seed=1, **asked).filled(**seen)
        assert filled.mode is None and filled.tempo == 90 and filled.tonality.name == "C major"


def test_a_poster_that_differs_says_the_same_thing_in_another_way():
    wish = Controls(seed=1, seconds=60, key="D minor", instruments=["piano", "bass"])
    other = wish.changed(notes=100, mode="major", ensemble="rock")
    assert (other.notes, other.seconds, other.key, other.mode, other.instruments) == (100, None, None, "major", None)
    assert other.changed(seconds=30, key="C", instruments=["violin"]) == replace(
        wish, seconds=30.0, key="C major", instruments=("violin",))
    with pytest.raises(ParameterError, match="not both"):
        wish.changed(notes=100, seconds=60)
