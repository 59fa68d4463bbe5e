"""Players are asked for by the names that musicians use."""

import pytest

from posterbeat.errors import ParameterError
from posterbeat.instruments import DRUM_FAMILY, ENSEMBLES, FAMILIES, PROGRAMS, family_of
from posterbeat.notation.players import MOST_PLAYERS, check_instruments, players


@pytest.mark.parametrize("written, kept", [
    ("pianos", "piano"), ("string", "strings"), ("Basses", "bass"), ("drum", "drums"), ("drum kit", "drums"), ("brass", "brass"),
    ("violins", "violin"), ("Acoustic Grand Piano", "acoustic grand piano"), ("grand piano", "acoustic grand piano"),
    ("harp", "orchestral harp"), ("jazz guitar", "electric guitar (jazz)"), ("sax", "alto sax"), ("horns", "french horn"),
    ("English horn", "english horn"), ("double bass", "contrabass"), ("choir", "choir aahs"), ("synth", "synth lead"),
    ("Lead 8 (bass + lead)", "lead 8 (bass + lead)"), ("sound effect", "sound effects"), ("celesta", "celesta"),
])
def test_a_name_is_read_in_the_singular_and_the_plural(written, kept):
    assert check_instruments([written, "piano"]) == (kept, "piano") == check_instruments([kept, "piano"])


def test_every_family_and_program_is_known_by_its_own_name():
    import pretty_midi

    families = players(FAMILIES)
    assert [(player.family, player.program) for player in families] == [(number, None) for number in range(len(FAMILIES))]
    for program, name in enumerate(pretty_midi.INSTRUMENT_MAP):
        player, _ = players(check_instruments([name, "piano"]))  # alone, "music box" is an ensemble
        assert player.program == program and player.family == family_of(program)
    assert program == PROGRAMS - 1


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_an_ensemble_is_a_name_for_its_list(ensemble):
    for written in (ensemble, [ensemble], ensemble.upper()):
        assert check_instruments(written) == ENSEMBLES[ensemble]


def test_a_name_twice_asks_for_two_and_a_text_is_a_list():
    kept = ("violin", "violin", "drums")
    assert check_instruments("violin, violins, drums") == kept == check_instruments(kept)
    assert len(check_instruments(["flute"] * MOST_PLAYERS)) == MOST_PLAYERS
    assert check_instruments(None) is None


@pytest.mark.parametrize("wrong, says", [
    ([], "name nobody"), ("", "name nobody"), (" , ", "name nobody"), (["drums"], "drums alone"), ("drum kit", "drums alone"),
    (["drums", "bass", "drums"], "2 times"), (["piano"] * 9, "are 9: 8 play at most"), (["piano"] * 30, "are 30: 8 play"),
    (["kazoo"], "'kazoo' is not known. Choose"), (["violine"], "Did you mean violin?"),
    (5, "not 5"), ([3], r"not \[3\]"), (b"piano", "not b'piano'"), ({"piano": 1}, "must be a list"), (True, "not True"),
    ("x" * 100_000, "must be a list"), (["x" * 100_000], "not known"), (["\x00\ud800"], "not known"), ([""], "not known"),
    (["../../etc/passwd"], "not known"), (["4"], "'4' is not known"), ("1", "not known"), (["-1"], "not known"),
])
def test_mistakes_are_told_with_a_right_one(wrong, says):
    with pytest.raises(ParameterError, match=says) as caught:
        check_instruments(wrong)
    told = str(caught.value)
    assert told.endswith(".") and len(told) < 400 and ("bass" in told or "drums" in told)


def test_drums_are_the_kit():
    assert players(["drums"])[0].family == DRUM_FAMILY
