"""The judge: its trees give what scikit-learn gives, it learns planted styles, and it refuses damaged files."""

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from posterbeat.errors import WeightsError
from posterbeat.evaluation import STYLE_FEATURES, style_features
from posterbeat.evaluation.judge import Judge, macro_recall
from posterbeat.genres import GENRES
from posterbeat.instruments import DRUMS
from posterbeat.music.score import Score

ensemble = pytest.importorskip("sklearn.ensemble")


def made(genre, seed, notes=80):
    """A piece in a made-up style of its own for every genre: fast low brass, high bells, and so on."""
    rng = np.random.default_rng(seed)
    low, step, program, tempo = {"action": (40, 3, 57, 170), "animation": (72, 6, 9, 140), "comedy": (60, 9, 71, 120),
                                 "drama": (55, 18, 0, 70), "horror": (30, 36, 48, 60)}[genre]
    onset = np.cumsum(rng.integers(1, 2 * step, notes))
    program = np.where(rng.random(notes) < 0.1, DRUMS, program)
    duration, pitch = rng.integers(1, 2 * step, notes), low + rng.integers(0, 14, notes)
    return Score(onset, duration, pitch, rng.integers(40, 110, notes), program,
                 tempo=tempo + rng.normal(0, 10))


@pytest.fixture(scope="module")
def learned():
    pieces = [(number, made(genre, 100 * number + seed)) for number, genre in enumerate(GENRES) for seed in range(40)]
    features = np.stack([style_features(score) for _, score in pieces])
    genres = np.array([number for number, _ in pieces])
    model = ensemble.HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=8, early_stopping=False, random_state=0)
    model.fit(features, genres)
    return model, Judge.from_boosting(model), features


def test_the_trees_give_what_scikit_learn_gives(learned):
    model, judge, features = learned
    shaken = features + np.random.default_rng(0).normal(0, features.std(0) + 1e-3, features.shape)
    np.testing.assert_allclose(judge.probabilities(shaken), model.predict_proba(shaken), atol=1e-9)


def test_unheard_pieces_of_a_planted_style_are_told_apart(learned):
    _, judge, _ = learned
    pieces = [made(genre, 9000 + seed) for genre in GENRES for seed in range(10)]
    shares = judge.hear(pieces)
    assert shares.shape == (50, 5)
    np.testing.assert_allclose(shares.sum(1), 1)
    assert macro_recall(shares, np.repeat(np.arange(5), 10)) > 0.9
    assert judge.hear(pieces[0]).shape == (1, 5)


def test_a_judge_comes_back_from_its_file_bit_by_bit(learned, tmp_path):
    _, judge, features = learned
    judge.save(tmp_path / "judge.safetensors")
    again = Judge.load(tmp_path / "judge.safetensors")
    assert np.array_equal(again.probabilities(features), judge.probabilities(features))


@pytest.mark.parametrize("damage", ["no file", "not safetensors", "array missing", "tree outside", "foreign array"])
def test_a_damaged_judge_is_refused(learned, tmp_path, damage):
    _, judge, _ = learned
    path = tmp_path / "judge.safetensors"
    judge.save(path)
    tables = load_file(path)
    if damage == "no file":
        path.unlink()
    elif damage == "not safetensors":
        path.write_bytes(b"\x80\x04K\x01.")
    else:
        if damage == "array missing":
            del tables["value"]
        elif damage == "tree outside":
            tables["left"] = tables["left"] + 10 ** 6
        else:
            tables["more"] = np.zeros(3)
        save_file(tables, path)
    with pytest.raises(WeightsError):
        Judge.load(path)


def test_macro_recall_weighs_every_genre_the_same():
    shares = np.eye(5)[[0, 0, 0, 0, 1, 0]]
    assert macro_recall(shares, np.array([0, 0, 0, 0, 1, 1])) == pytest.approx((1 + 0.5) / 2)


def test_the_features_are_about_as_many_as_documented():
    assert 40 <= len(STYLE_FEATURES) <= 100
