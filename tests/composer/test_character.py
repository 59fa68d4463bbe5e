"""What holds for a whole piece is heard in it."""

import numpy as np
import pytest

from posterbeat.composer import writing
from posterbeat.composer.character import Character
from posterbeat.composer.model import BiLSTMComposer
from posterbeat.controls import Controls
from posterbeat.evaluation.arrangement import upper_line
from posterbeat.instruments import DRUM_FAMILY
from posterbeat.music.score import STEPS_PER_BEAT
from posterbeat.steps import Rewrite

ASKED = {"notes": 200, "instruments": ("piano", "flute", "drums"), "metre": "4/4"}


def composed(monkeypatch, **leanings):
    def drawn(parts, random):
        return Character(**{"steps": np.zeros(parts), "repeats": np.zeros(parts)} | {
            name: np.full(parts, value) if name in ("steps", "repeats") else value for name, value in leanings.items()})

    monkeypatch.setattr(writing.Character, "drawn", drawn)
    composer = BiLSTMComposer.from_pretrained("weights/composer")
    return [composer.generate("drama", seed=seed, **ASKED) for seed in range(3)]


def moves(scores):
    return np.abs(np.concatenate([np.diff(upper_line(score, family)) for score in scores
                                  for family in np.unique(score.family) if family != DRUM_FAMILY]))


def test_lines_move_by_step_or_stay_as_the_piece_has_it(monkeypatch):
    stepping, staying = composed(monkeypatch, steps=8.0), composed(monkeypatch, repeats=8.0)
    assert np.isin(moves(stepping), (1, 2)).mean() > 0.2 + np.isin(moves(staying), (1, 2)).mean()
    assert (moves(staying) == 0).mean() > 0.2 + (moves(stepping) == 0).mean()


def test_the_beat_is_stressed_as_the_piece_has_it(monkeypatch):
    def stress(scores):
        onset, velocity = (np.concatenate([getattr(score, name) for score in scores]) for name in ("onset", "velocity"))
        on = onset % STEPS_PER_BEAT == 0
        return velocity[on].mean() - velocity[~on].mean()

    assert stress(composed(monkeypatch, accent=4.0)) > 10 + stress(composed(monkeypatch))


def test_a_piece_swings_or_keeps_to_the_grid(monkeypatch):
    def off_grid(scores):
        return (np.concatenate([score.onset for score in scores]) % 3 != 0).mean()

    assert off_grid(composed(monkeypatch, swing=6.0)) > 0.2 and off_grid(composed(monkeypatch, swing=-6.0)) < 0.02


def test_characters_differ_and_a_seed_has_its_own():
    first, again, other = (Character.drawn(3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.steps, again.steps)
    assert first.swing == again.swing != other.swing
    assert len(set(first.steps)) == 3
    many = [Character.drawn(1, np.random.default_rng(seed)) for seed in range(300)]
    assert min(one.accent for one in many) == 0 < np.mean([one.accent for one in many])


@pytest.mark.parametrize("name", ["drawn", "neutral"])
def test_what_is_added_has_the_shape_of_the_logits(name):
    of = Character.drawn(2, np.random.default_rng(0)) if name == "drawn" else Character.neutral(2)
    line = [[0, 50, 3, 4], [12, 60, 3, 4], [12, 64, 3, 4]]
    pitches = of.pitches(1, line)
    assert pitches.shape == (128,) and of.places().shape == (96,) and of.loudnesses(0).shape == (8,)
    assert pitches[60] == pitches[64] == of.repeats[1] and pitches[62] == pitches[65] == of.steps[1]
    assert pitches[50] == 0  # sounded before those
    assert (name == "neutral") == (not np.any([*of.places(), *pitches, *of.loudnesses(0)]))


def test_a_piece_that_is_partly_written_anew_is_told_by_what_stays(monkeypatch):
    composer = BiLSTMComposer.from_pretrained("weights/composer")
    score = composer.generate("drama", seed=4, **ASKED)
    monkeypatch.setattr(writing.Character, "drawn", None)  # would fail
    again = composer.take_step(score, Rewrite("flute", None, 3), "drama", controls=Controls(seed=4, **ASKED))
    assert len(again)
