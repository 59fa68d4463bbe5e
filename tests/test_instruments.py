"""Instruments: families and programs fit one another, and a note's key sorts as its parts do."""

import numpy as np
import pytest

from posterbeat.genres import GENRES
from posterbeat.instruments import (
    COLOURS,
    DRUM_FAMILY,
    DRUMS,
    ENSEMBLES,
    FAMILIES,
    PITCHES,
    TONES,
    choose_programs,
    families_of,
    family_of,
    note_key,
    tone,
)

REVERSE_CYMBAL = 119


def test_every_program_belongs_to_a_family():
    programs = np.arange(DRUMS + 1)
    assert np.array_equal(np.bincount(family_of(programs)), [8] * 16 + [1])
    assert FAMILIES[family_of(DRUMS)] == "drums" and FAMILIES[family_of(33)] == "bass"


def test_every_family_has_a_colour_of_its_own():
    assert len(set(COLOURS)) == len(FAMILIES)


@pytest.mark.parametrize("genre", GENRES)
def test_a_genre_s_programs_are_of_their_families(genre):
    for seed in range(20):
        programs = choose_programs(np.random.default_rng(seed), {name: float(name == genre) for name in GENRES})
        own = family_of(programs) == np.arange(len(FAMILIES))
        assert own[programs != REVERSE_CYMBAL].all()  # which General MIDI counts among the percussive ones


def test_every_ensemble_has_players_that_there_are():
    for name, players in ENSEMBLES.items():
        assert families_of(name).sum() == len(players)


def test_the_kit_s_sounds_lie_beyond_the_pitches():
    pitch, family = np.array([0, 127, 0, 127]), np.array([0, 15, DRUM_FAMILY, DRUM_FAMILY])
    assert tone(pitch, family).tolist() == [0, 127, PITCHES, TONES - 1]
    assert tone(36, DRUM_FAMILY) == 36 + PITCHES


def test_a_note_s_key_sorts_as_onset_family_and_pitch():
    random = np.random.default_rng(1)
    notes = np.stack([random.integers(0, 3, 500), random.integers(0, len(FAMILIES), 500), random.integers(0, PITCHES, 500)])
    by_key = np.argsort(note_key(*notes.astype(np.int64)), kind="stable")
    assert np.array_equal(notes[:, by_key], notes[:, np.lexsort(notes[::-1])])
    assert note_key(7, 3, 60) - note_key(2, 3, 60) == note_key(5, 0, 0)
