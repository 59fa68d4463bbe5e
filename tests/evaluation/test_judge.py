"""The judge learns planted styles, comes back from its file, and refuses damaged ones."""

import numpy as np
import pytest

from posterbeat.errors import WeightsError
from posterbeat.evaluation import STYLE_FEATURES, style_features
from posterbeat.evaluation.judge import Judge, macro_recall
from posterbeat.genres import GENRES
from posterbeat.instruments import DRUMS
from posterbeat.music.score import Score

ensemble, linear_model = pytest.importorskip("sklearn.ensemble"), pytest.importorskip("sklearn.linear_model")
skops = pytest.importorskip("skops")


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
    return Judge(model), features


def test_unheard_pieces_of_a_planted_style_are_told_apart(learned):
    judge, _ = learned
    pieces = [made(genre, 9000 + seed) for genre in GENRES for seed in range(10)]
    shares = judge.hear(pieces)
    assert shares.shape == (50, 5)
    np.testing.assert_allclose(shares.sum(1), 1)
    assert macro_recall(shares, np.repeat(np.arange(5), 10)) > 0.9
    assert judge.hear(pieces[0]).shape == (1, 5)


def test_a_judge_comes_back_from_its_file_bit_by_bit(learned, tmp_path):
    judge, features = learned
    judge.save(tmp_path / "judge.skops")
    again = Judge.load(tmp_path / "judge.skops")
    assert np.array_equal(again.probabilities(features), judge.probabilities(features))


@pytest.mark.parametrize("damage", ["no file", "not skops", "cut off", "code inside", "another model", "other features"])
def test_a_damaged_judge_is_refused(learned, tmp_path, damage):
    judge, features = learned
    path = tmp_path / "judge.skops"
    judge.save(path)
    if damage == "no file":
        path.unlink()
    elif damage == "not skops":
        path.write_bytes(b"\x80\x04K\x01.")
    elif damage == "cut off":
        path.write_bytes(path.read_bytes()[:1000])
    elif damage == "code inside":
        skops.io.dump(eval, path)
    elif damage == "another model":
        skops.io.dump(linear_model.LogisticRegression(), path)
    else:
        genres = np.repeat(np.arange(5), 40)
        skops.io.dump(ensemble.HistGradientBoostingClassifier(max_iter=1).fit(features[:, :-1], genres), path)
    with pytest.raises(WeightsError, match=r"judge\.skops"):
        Judge.load(path)


def test_macro_recall_weighs_every_genre_the_same():
    shares = np.eye(5)[[0, 0, 0, 0, 1, 0]]
    assert macro_recall(shares, np.array([0, 0, 0, 0, 1, 1])) == pytest.approx((1 + 0.5) / 2)


def test_the_features_are_about_as_many_as_documented():
    assert 40 <= len(STYLE_FEATURES) <= 100
