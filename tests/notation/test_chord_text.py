"""Chords are read as musicians write them; whatever else is given is refused in a sentence that quotes it."""

import numpy as np
import pytest

from posterbeat.chords import CHORDS, NO_CHORD, NUMBERS, QUALITIES, Chord, feature_table, templates
from posterbeat.errors import ParameterError
from posterbeat.notation.chord_text import MOST_BARS, check_chords, parse_chords


def read(text):
    return [[chord.name for chord in bar] for bar in parse_chords(text)]


@pytest.mark.parametrize("written, tones", [
    ("C", {0, 4, 7}), ("Am", {9, 0, 4}), ("Bdim", {11, 2, 5}), ("Caug", {0, 4, 8}), ("G7", {7, 11, 2, 5}),
    ("Fmaj7", {5, 9, 0, 4}), ("Dm7", {2, 5, 9, 0}), ("Asus2", {9, 11, 4}), ("Dsus4", {2, 7, 9}), ("C6", {0, 4, 7, 9}),
    ("Fm6", {5, 8, 0, 2}), ("Bm7b5", {11, 2, 5, 9}), ("Bdim7", {11, 2, 5, 8}), ("G9", {7, 11, 2, 5, 9}),
    ("Cadd9", {0, 4, 7, 2}), ("G7sus4", {7, 0, 2, 5}), ("F#", {6, 10, 1}), ("Gb", {6, 10, 1}), ("B♭m", {10, 1, 5}),
    ("C♯7", {1, 5, 8, 11}), ("N.C.", set()),
])
def test_a_chord_has_the_tones_of_its_name(written, tones):
    (chord,), = parse_chords(f"{written} | C")[:1]
    assert set(chord.tones) == tones


@pytest.mark.parametrize("written, name", [
    ("am", "Am"), ("a", "A"), ("bb", "Bb"), ("b", "B"), ("CM", "C"), ("Cmaj", "C"), ("CMAJ7", "Cmaj7"), ("CM7", "Cmaj7"),
    ("Cm7", "Cm7"), ("CM6", "C6"), ("Cm6", "Cm6"), ("cmin", "Cm"), ("C-", "Cm"), ("C-7", "Cm7"), ("CΔ", "Cmaj7"), ("C°", "Cdim"),
    ("C°7", "Cdim7"), ("C+", "Caug"), ("Bø", "Bm7b5"), ("Csus", "Csus4"), ("CSUS2", "Csus2"), ("c/e", "C/E"), ("Am/G", "Am/G"),
    ("D/F♯", "D/F#"), ("Eb/Bb", "Eb/Bb"), ("C/C", "C"),
])
def test_other_spellings_are_the_same_chord(written, name):
    assert read(written) == [[name]]


@pytest.mark.parametrize("written", ["N.C.", "n.c.", "NC", "nc", "N.C"])
def test_no_chord_is_written_in_any_way(written):
    assert read(f"{written} C")[0] == ["N.C."]


def test_without_bar_lines_each_chord_has_a_bar():
    assert read("Am F  C\n G") == read("Am,F,C,G") == read(["Am", "F", "C", "G"]) == [["Am"], ["F"], ["C"], ["G"]]


def test_between_bar_lines_two_share_a_bar():
    assert read("Am | F G | C") == read("| Am | F G | C |") == read("|Am|F G||C||") == [["Am"], ["F", "G"], ["C"]]
    assert read("| Am F |") == [["Am", "F"]]


@pytest.mark.parametrize("written, kept", [
    ("am  f C7", "Am F C7"), ("db | gb Ab", "Db | Gb Ab"), ("|Am F|", "| Am F |"), ("c#m nc", "C#m N.C."),
    ("A♭maj7/e♭", "Abmaj7/Eb"),
    ("C", "C"), ("Am | F", "Am F"),
])
def test_one_spelling_is_kept_and_read_back(written, kept):
    assert check_chords(written) == kept
    assert check_chords(kept) == kept and parse_chords(kept) == parse_chords(written)


def test_nothing_stays_nothing():
    assert check_chords(None) is None


@pytest.mark.parametrize("wrong", [
    "H", "Am Xm", "Cmaj13", "M", "C/", "C/H", "C//E", "C/E/G", "Bbb", "C##", "CM9", "Mb5", "dorian", "Am; DROP TABLE",
    "<b>C</b>", "C\x00", "\ud800", "C\u202e", "%s", "../../etc/passwd", "C🎵", "|C|🎵|", "A m",
])
def test_an_unknown_chord_is_quoted_and_a_right_one_shown(wrong):
    with pytest.raises(ParameterError, match=r"Chord '.*' is not known: .*Am, F#m7") as caught:
        check_chords(wrong)
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 300 and "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong, says", [
    ("", "hold no chord"), ("  \n ", "hold no chord"), ("| |", "hold no chord"), ([], "hold no chord"), ("||||", "hold no chord"),
    ("Am | | C", "Bar 2 .* holds no chord"), ("Am | F G C", "Bar 2 .* holds 3 chords"), ("N.C. nc", "N.C. throughout"),
    ("C " * (MOST_BARS + 1), f"fill {MOST_BARS + 1} bars"), ("C " * 1000, "fill 1000 bars"), ("C" * 100_000, "100000 characters"),
    (5, "not 5"), (True, "not True"), ({"a": 1}, "must be a text"), (b"Am", "must be a text"), (["Am", 5], "must be a text"),
])
def test_other_mistakes_are_told(wrong, says):
    with pytest.raises(ParameterError, match=says) as caught:
        check_chords(wrong)
    assert "'Am" in str(caught.value) and str(caught.value).endswith(".") and len(str(caught.value)) < 300


def test_as_many_bars_as_are_allowed_are_read():
    assert len(parse_chords("C " * MOST_BARS)) == MOST_BARS


def test_every_number_is_a_chord_of_its_own_and_itself_again():
    chords = [Chord.numbered(index) for index in range(NUMBERS)]
    assert len(set(chords)) == NUMBERS and [chord.number[0] for chord in chords] == list(range(NUMBERS))
    assert {chord.quality for chord in chords} == {None, *QUALITIES} and NUMBERS <= 256
    for index in range(NUMBERS):
        for bass in range(12 if index != NO_CHORD else 1):
            assert Chord.numbered(index, bass).number == (index, bass)


def test_what_the_networks_see_of_a_chord_is_its_tones_root_and_bass():
    table = feature_table()
    for index in (0, NO_CHORD - 1, NO_CHORD, CHORDS, NUMBERS - 1):
        chord = Chord.numbered(index, 4)
        row = table[index, 4]
        assert set(np.flatnonzero(row[:12])) == set(chord.tones)
        expected = [] if chord.quality is None else [chord.root, 12 + chord.bass]
        assert np.flatnonzero(row[12:]).tolist() == expected
    assert templates().shape == (NO_CHORD, 12) and set(templates().sum(1)) == {3.0, 4.0}
