"""The evaluation's own parts: intervals, count models, bars and card."""

import itertools

import numpy as np
import pytest

from posterbeat import evaluation
from posterbeat.genres import GENRES
from posterbeat.music.events import FIELDS, SIZES
from posterbeat.music.score import Score
from train.music import generate_sets, write_card
from train.music.measure_pieces import interval, measure_piece, overlap_by_genre, summarise, upper
from train.music.ngrams import NGram


def random_fields(seed, notes):
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(0, min(6, SIZES[name]), notes) for name in FIELDS], 1)


def random_score(seed, notes=80):
    rng = np.random.default_rng(seed)
    return Score(np.cumsum(rng.choice([3, 6, 12], notes)), rng.choice([3, 6, 12], notes), rng.integers(40, 80, notes),
                 rng.integers(40, 120, notes), rng.choice([0, 33, 48], notes))


@pytest.mark.parametrize(("order", "within"), [(0, False), (1, False), (2, False), (2, True)])
def test_the_chances_of_every_next_note_sum_to_one(order, within, monkeypatch):
    small = dict.fromkeys(FIELDS, 3)
    monkeypatch.setattr("train.music.ngrams.SIZES", small)
    pieces = [random_fields(seed, 50) % 3 for seed in range(4)]
    model = NGram(pieces, order, within)
    start = pieces[0][:5]
    before = model.bits(start) * 5
    total = sum(2 ** -(model.bits(np.concatenate([start, [note]])) * 6 - before)
                for note in itertools.product(range(3), repeat=len(FIELDS)))
    assert total == pytest.approx(1)


def test_more_notes_before_foresee_a_planted_row_better():
    row = np.tile([[0, 1, 60, 5, 4], [6, 1, 60, 5, 4], [6, 1, 64, 5, 4], [6, 1, 60, 5, 4], [6, 1, 67, 5, 4]], (40, 1))
    bits = [NGram([row] * 3, order).bits(row) for order in (0, 1, 2)]
    assert bits[1] == pytest.approx(NGram([row] * 3, 2).bits(row, order=1))
    assert bits[0] > bits[1] > bits[2]
    assert bits[2] < 0.7


def test_an_unseen_context_falls_back_to_the_shorter_one():
    model = NGram([np.tile([[6, 0, 60, 5, 4]], (50, 1))], 2)
    assert np.isfinite(model.bits(random_fields(0, 20)))


def test_an_interval_holds_its_value_and_leaves_out_what_is_no_number():
    figure = interval([1.0, 2.0, 3.0, float("nan"), 4.0])
    assert figure["value"] == 2.5 and figure["n"] == 4
    assert figure["low"] <= 2.5 <= figure["high"]
    assert interval([float("nan")])["value"] is None
    assert interval(np.arange(101.0), upper)["value"] == 95


def test_every_figure_of_a_set_says_its_number_of_pieces():
    scores = [random_score(seed) for seed in range(6)]
    index = evaluation.CopyIndex([evaluation.melody_pairs(random_score(100))])
    figures = summarise([measure_piece(score, index) for score in scores])
    assert {"copied_longest_median", "copied_8_p95", "collapsed", "ends", "families"} <= set(figures)
    assert all(0 < figure["n"] <= 6 for figure in figures.values())
    area = overlap_by_genre({"drama": scores, "horror": []}, {"drama": scores, "horror": scores}, resamples=5)
    assert area["n"] == 6 and set(area["by_genre"]) == {"drama"}


def metrics(scale=1.0, judge=0.5):
    def figure(value):
        return {"value": value, "low": value * 0.9, "high": value * 1.1, "n": 10}

    real = {name: figure(0.5) for name, _ in write_card._ROWS}
    real["judge_recall"]["recall"] = dict.fromkeys(GENRES, 0.5)
    made = {name: figure(0.5 * scale) for name, _ in write_card._ROWS}
    made["judge_recall"] = figure(judge) | {"recall": dict.fromkeys(GENRES, judge)}
    made["collapsed"], made["overlapped_area"] = figure(0.0), figure(0.9)
    def planned(told, level):
        limits = {name: (least + most) / 2 * level for name, least, most in write_card._LIMITS_OF_HARMONY}
        return {"pieces": 10, "told_apart": told, "telling": {"bars": (1.0, 2.0, 0.7)},
                "harmony": {name: figure(limits.get(name, 0.5)) for name, _ in write_card._HARMONY},
                **{name: figure(0.4) for name, _ in write_card._OF_PLANS}}

    return {"pieces_per_genre": 2, "notes": 600, "temperature": 1.0, "mix_monotone": figure(0.9),
            "sets": {"generated": made, write_card.LIKE: real, "real_test": real},
            "plans": {name: planned(0.9 / scale, scale) for name in ("real", "drawn", "lent")},
            "bits_per_note": {"composer": figure(3.0), "trigram": figure(12.0)},
            "notes_per_second": figure(400.0) | {"seconds_300": 0.7, "seconds_1000": 2.5},
            "memory_mb": {"imports": 500, "whole": 620, "composer": 120}}


def test_bars_hold_for_pieces_like_real_ones_and_fail_for_others():
    assert all(bar["holds"] for bar in write_card.bars(metrics()))
    failed = {bar["what"] for bar in write_card.bars(metrics(scale=0.5, judge=0.4)) if not bar["holds"]}
    assert "judge's macro recall of the genre" in failed
    assert "groove consistency" in failed and "told from real pieces, area under the ROC curve" in failed
    assert "instrument families a piece" in failed


def test_what_was_not_measured_is_neither_held_nor_failed():
    assert {bar["holds"] for bar in write_card.bars({})} == {None}


def test_the_card_takes_its_figures_from_the_metrics():
    text = write_card.card(metrics() | {"bars": write_card.bars(metrics())})
    assert text.startswith("---\nlicense:")
    assert "2 pieces a genre" in text and "0.900 over drawn plans" in text
    assert "| 3 (2.7 to 3.3) | 10 |" in text
    assert write_card.card({})  # before anything is measured


def test_sets_are_named_by_genre_or_mixture_and_seed():
    jobs = generate_sets.genre_jobs(3)
    assert len(jobs) == 15 and jobs[2] == ("action_002", {"action": 1.0}, 2)
    mixed = generate_sets.mixture_jobs(2)
    assert len(mixed) == 10 * 3 * 2
    assert all(sum(mix.values()) == 1 for _, mix, _ in mixed)


def test_a_set_is_read_back_by_its_prefix_alone(tmp_path):
    for name in ("drama_000", "drama_001", "drama+horror_0.5_000"):
        random_score(1, 40).to_midi().write(str(tmp_path / f"{name}.mid"))
    assert len(generate_sets.read_set(tmp_path, "drama")) == 2
    assert len(generate_sets.read_set(tmp_path, "drama+horror_0.5")) == 1
    assert len(generate_sets.read_set(tmp_path, "drama", 1)) == 1
