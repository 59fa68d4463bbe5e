"""The composer keeps to what was asked for, whatever its networks have learned."""

import json

import numpy as np
import pytest

from posterbeat.composer.asked import Asked
from posterbeat.composer.brief import Profiles
from posterbeat.composer.model import BiLSTMComposer
from posterbeat.composer.nucleus import draw
from posterbeat.composer.plan import LITERAL, SILENT
from posterbeat.errors import ParameterError, WeightsError
from posterbeat.genres import GENRES, mixture
from posterbeat.instruments import DRUM_FAMILY, families_of
from posterbeat.music.score import Score
from tests.composer.small import small_composer, typical

ROWS = [f"110 5.0 0 48 2 {typical(40, 10, 20, 20, 10)}|16 128 0 1 4 5|4 33 9 0 3 5|0 0 15 2 4 5|6 48 17 0 3 4",
        f"80 3.0 1 36 -3 {typical(5, 10, 15, 60, 10)}|5 42 11 0 2 5|0 0 14 2 4 5|9 73 19 0 3 3"]


@pytest.fixture(scope="module")
def composer() -> BiLSTMComposer:
    return small_composer(ROWS)


@pytest.mark.parametrize("notes", [32, 33, 150, 301])
@pytest.mark.parametrize("genre", ["action", "drama"])
def test_a_piece_has_exactly_the_notes_asked_for(composer, notes, genre):
    random = np.random.default_rng(notes)
    brief = composer._profiles.draw(random, mixture(genre))
    plan = composer.plan(brief, mixture(genre), Asked(notes=notes), random)
    assert plan.cells[..., 2].sum() == notes
    piece = composer.write(brief, plan, mixture(genre), random)
    assert len(piece.notes) == notes


def test_copied_cells_are_copies_and_silent_ones_are_silent(composer):
    random = np.random.default_rng(4)
    brief = composer._profiles.draw(random, mixture("action"))
    plan = composer.plan(brief, mixture("action"), Asked(notes=300), random)
    piece = composer.write(brief, plan, mixture("action"), random)
    copied = np.argwhere(plan.kind == LITERAL)
    assert len(copied)
    for bar, part in copied:
        np.testing.assert_array_equal(piece.cell(bar, part), piece.cell(bar - plan.back[bar, part], part))
    assert all(len(piece.cell(bar, part)) == 0 for bar, part in np.argwhere(plan.kind == SILENT))
    assert [len(piece.cell(bar, part)) for bar, part in np.ndindex(plan.kind.shape)] == plan.cells[..., 2].ravel().tolist()


def test_notes_of_a_cell_are_in_order_and_none_sounds_twice(composer):
    random = np.random.default_rng(9)
    brief = composer._profiles.draw(random, mixture("drama"))
    piece = composer.write(brief, composer.plan(brief, mixture("drama"), Asked(notes=200), random), mixture("drama"), random)
    cells = np.repeat(np.arange(len(piece.start) - 1), np.diff(piece.start))
    keys = (cells * 128 + piece.notes[:, 0].astype(np.int64)) * 128 + piece.notes[:, 1]
    assert (np.diff(keys) > 0).all() and piece.notes[:, 0].max() < brief.bar


def test_the_piece_closes_on_its_tonic(composer):
    for seed in range(4):
        random = np.random.default_rng(seed)
        brief = composer._profiles.draw(random, mixture("action"))
        plan = composer.plan(brief, mixture("action"), Asked(notes=120), random)
        piece = composer.write(brief, plan, mixture("action"), random)
        last = piece.onsets() >= (piece.bars - 1) * brief.bar
        assert (piece.notes[last, 0] == 0).all()
        assert set(piece.notes[last, 1] % 12) <= ({9, 0, 4} if brief.minor else {0, 4, 7})


def test_same_seed_same_score_and_another_seed_another(composer):
    one, again, other = (composer.generate("drama", notes=90, seed=seed) for seed in (5, 5, 6))
    assert one == again and one != other
    assert len(one) == 90 and isinstance(one, Score)


def test_each_part_is_a_track_of_its_own(composer):
    score = composer.generate("action", notes=200, seed=1)
    back = Score.from_midi(score.to_midi())
    assert len(back.tracks()) == len(score.tracks()) > 1
    assert len({name for *_, name in score.tracks()}) == len(score.tracks())


def test_an_ensemble_that_is_asked_for_plays_alone(composer):
    score = composer.generate("action", notes=120, seed=2, ensemble="chamber")
    assert set(score.family.tolist()) <= set(np.flatnonzero(families_of("chamber")).tolist())
    assert DRUM_FAMILY not in score.family


def test_more_than_the_bounds_is_refused(composer):
    with pytest.raises(ParameterError):
        composer.generate("drama", notes=31)
    with pytest.raises(ParameterError):
        composer.generate("drama", notes=64, temperature=9)


def test_half_precision_is_refused_in_a_sentence():
    with pytest.raises(ParameterError, match="float"):
        small_composer(ROWS).half().generate("drama", notes=64)


def test_it_is_saved_and_loaded_whole(composer, tmp_path):
    composer.save_pretrained(tmp_path)
    again = BiLSTMComposer.from_pretrained(tmp_path)
    assert again.generate("drama", notes=64, seed=3) == composer.generate("drama", notes=64, seed=3)
    (tmp_path / "config.json").write_text('{"model_type": "posterbeat-composer"}')
    with pytest.raises(WeightsError):
        BiLSTMComposer.from_pretrained(tmp_path)


def test_its_networks_have_the_sizes_of_its_config(composer, tmp_path):
    assert composer.planner.lstm.hidden_size == 32
    composer.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"planner": {"width": 32, "hidden": 64, "head": 32}}))
    with pytest.raises(WeightsError, match="model.safetensors"):
        BiLSTMComposer.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config | {"planner": {"depth": 3}}))
    with pytest.raises(WeightsError, match="does not describe a composer"):
        BiLSTMComposer.from_pretrained(tmp_path)


@pytest.mark.parametrize("rows", [[], ["1 2 3"], ["a b c|0 0 0"], ["110 5 0 48 2 40 10 20 20 10"]])
def test_profiles_that_are_none_are_refused(rows):
    with pytest.raises(WeightsError):
        Profiles(rows)


def test_a_draw_keeps_to_what_is_allowed_and_to_the_nucleus():
    random = np.random.default_rng(0)
    logits = np.log(np.array([0.6, 0.25, 0.1, 0.05]))
    drawn = np.bincount([draw(logits, random, top_p=0.8) for _ in range(400)], minlength=4)
    assert drawn[0] > drawn[1] > 0 and drawn[2:].sum() == 0
    assert {draw(logits, random, allowed=np.array([False, False, True, True])) for _ in range(100)} == {2, 3}
    hot = np.bincount([draw(logits, random, temperature=50.0) for _ in range(2000)], minlength=4)
    assert hot.min() > 350


def test_its_networks_count_genres_by_the_table(monkeypatch):
    from posterbeat.composer import planner, reader

    for module in (planner, reader):
        monkeypatch.setattr(module, "GENRES", (*GENRES, "western"))
    assert planner.Planner(8, 8, 8).mix.in_features == reader.Reader(8, 8).mix.in_features == len(GENRES) + 1
