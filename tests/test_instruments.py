"""Instruments: families and programs fit one another, and a note's key sorts as its parts do."""

import numpy as np

from posterbeat.instruments import (
    COLOURS,
    DRUMS,
    ENSEMBLES,
    FAMILIES,
    PITCHES,
    families_of,
    family_of,
    note_key,
    numbered_names,
    program_name,
)


def test_every_program_belongs_to_a_family():
    programs = np.arange(DRUMS + 1)
    assert np.array_equal(np.bincount(family_of(programs)), [8] * 16 + [1])
    assert FAMILIES[family_of(DRUMS)] == "drums" and FAMILIES[family_of(33)] == "bass"


def test_every_family_has_a_colour_of_its_own():
    assert len(set(COLOURS)) == len(FAMILIES)


def test_names_that_come_again_are_numbered():
    assert numbered_names(["Violin", "Drum kit", "Violin", "Violin"]) == ["Violin", "Drum kit", "Violin 2", "Violin 3"]
    assert [program_name(program) for program in (0, 40, DRUMS)] == ["Acoustic Grand Piano", "Violin", "Drum kit"]


def test_every_ensemble_has_players_that_there_are():
    for name, players in ENSEMBLES.items():
        assert families_of(name).sum() == len(players)


def test_a_note_s_key_sorts_as_onset_family_and_pitch():
    random = np.random.default_rng(1)
    notes = np.stack([random.integers(0, 3, 500), random.integers(0, len(FAMILIES), 500), random.integers(0, PITCHES, 500)])
    by_key = np.argsort(note_key(*notes.astype(np.int64)), kind="stable")
    assert np.array_equal(notes[:, by_key], notes[:, np.lexsort(notes[::-1])])
    assert note_key(7, 3, 60) - note_key(2, 3, 60) == note_key(5, 0, 0)
