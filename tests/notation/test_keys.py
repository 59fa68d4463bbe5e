"""Keys are read by name, and told from chords."""

import pytest

from posterbeat.errors import ParameterError
from posterbeat.notation.chord_text import parse_chords
from posterbeat.notation.keys import Key, check_key, contradiction, key_of, parse_key
from posterbeat.notation.metres import METRES, check_metre


@pytest.mark.parametrize("written, kept, tonic, mode", [
    ("D minor", "D minor", 2, "minor"), ("F# major", "F# major", 6, "major"), ("Bb", "Bb major", 10, "major"),
    ("Dm", "D minor", 2, "minor"), ("d MINOR", "D minor", 2, "minor"), ("c", "C major", 0, "major"),
    ("E♭ maj", "Eb major", 3, "major"), ("C♯m", "C# minor", 1, "minor"), ("A flat minor", "Ab minor", 8, "minor"),
    ("c-sharp minor", "C# minor", 1, "minor"), ("B minor", "B minor", 11, "minor"), ("bb minor", "Bb minor", 10, "minor"),
    ("AM", "A major", 9, "major"), (" G ", "G major", 7, "major"), ("Cb", "Cb major", 11, "major"),
])
def test_a_key_is_read_by_its_name(written, kept, tonic, mode):
    assert parse_key(written) == Key(tonic, mode)
    assert check_key(written) == kept and parse_key(kept) == Key(tonic, mode)


@pytest.mark.parametrize("wrong", ["", "H", "D dorian", "minor", "D minor major", "C##", "D" * 1000, 5, None, True, [], "\x00",
                                   "D\nminor", "sharp", "flat", "\ud800", "7"])
def test_another_key_is_refused_with_a_right_one(wrong):
    with pytest.raises(ParameterError, match="Key .* is not known: .*'D minor', 'F# major' or 'Bb'."):
        parse_key(wrong)


def test_nothing_leaves_it_open():
    assert check_key(None) is None and check_metre(None) is None


@pytest.mark.parametrize("chords, key", [
    ("Am F C G", "A minor"), ("C G Am F", "C major"), ("F G C", "C major"), ("Dm7 G7 Cmaj7", "C major"), ("Am Dm E7", "A minor"),
    ("Em C G D", "E minor"), ("Bb F Gm Eb", "Bb major"), ("Cm Fm G7", "C minor"), ("A7 D7 E7", "A major"),
    ("Dm N.C. Gm A7", "D minor"), ("Am G F E", "A minor"), ("Bm7b5 E7 Am", "A minor"), ("E B C#m A", "E major"),
    ("C", "C major"), ("Ebm", "Eb minor"),
])
def test_chords_tell_their_key(chords, key):
    assert key_of(parse_chords(chords)).name == key


def test_a_mode_that_is_given_is_kept():
    chords = parse_chords("C F G C")
    assert key_of(chords, "minor").mode == "minor" and key_of(chords, "major").name == "C major"


@pytest.mark.parametrize("key, chords", [
    ("C major", "C E7 Am D7 G"), ("A minor", "Am D E7"), ("D minor", "Dm Gm A7 Bb"), ("C", "C7 F7 G7"), ("G major", "G F C D"),
    ("A minor", "Am N.C. E"), ("C major", "C Fm C G"),
])
def test_chords_with_borrowed_tones_are_no_contradiction(key, chords):
    assert contradiction(parse_key(key), parse_chords(chords)) is None


@pytest.mark.parametrize("key, chords, nearer", [("C major", "F# B C#", "F# major"), ("D minor", "E B C#m A", "E major"),
                                                 ("Gb", "Am Dm E7 Am", "A minor")])
def test_chords_of_another_key_are_told(key, chords, nearer):
    assert f"nearer to {nearer}" in contradiction(parse_key(key), parse_chords(chords))


@pytest.mark.parametrize("written", ["3/4", " 3 / 4 "])
def test_a_metre_is_read(written):
    assert check_metre(written) == "3/4" and METRES["3/4"] == 36


@pytest.mark.parametrize("wrong", ["7/8", "5/4", "", "3", 3, 0.75, "waltz", "3/4/4", "0/0", "9" * 1000, [], "\x00"])
def test_a_metre_that_was_not_learned_is_refused_with_those_that_were(wrong):
    with pytest.raises(ParameterError, match="Metre .* is not one .*2/4, 3/4, 4/4"):
        check_metre(wrong)
