"""The page's list of instruments: an ensemble stands for its players, and a list of its words holds two violins."""

import pytest

from posterbeat.controls import Controls
from posterbeat.instruments import ENSEMBLES
from posterbeat.ui.page import who_plays


def test_every_choice_is_known_to_the_composer_and_offered_once():
    values = [value for _, value in who_plays.choices()]
    assert len(set(values)) == len(values) > 140
    for value in values:
        players = Controls(instruments=[*who_plays.asked([value]), "bass"]).instruments
        assert players[:-1] == ENSEMBLES.get(value.removeprefix("ensemble: "), ()) or players[:-1] == (value,)


def test_two_of_a_kind_survive_the_list():
    names = Controls(instruments=["violin", "violin", "cello", "violin"]).instruments
    shown = who_plays.listed(names)
    assert shown == ["violin", "second violin", "cello", "third violin"] and len(set(shown)) == 4
    assert tuple(who_plays.asked(shown)) == names


def test_an_ensemble_gives_its_players_beside_others():
    assert who_plays.spelled_out(["flute", "ensemble: rock", "bass"]) == ["flute", "guitar", "bass", "organ", "drums"]


@pytest.mark.parametrize("nobody", [None, [], "", ()])
def test_nobody_chosen_leaves_it_to_the_composer(nobody):
    assert who_plays.asked(nobody) is None


@pytest.mark.parametrize("wrong", [[3], {"a": 1}, [["violin"]], 7])
def test_what_is_no_list_of_names_is_left_for_the_check_to_refuse(wrong):
    assert who_plays.asked(wrong) == wrong
