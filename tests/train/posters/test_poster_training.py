"""The training loop learns, goes on after an interruption, and its parts do what they say."""

import copy
import json
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from PIL import Image

import posterbeat.vision  # noqa: F401  registers the networks
from posterbeat.genres import GENRES
from tests.vision.drawn import poster
from train.posters.data import IMDB, Posters, augment, balance_weights, soft_labels, study_subset, to_input, trust, worn
from train.posters.evaluate import write
from train.posters.figures import any_genre, balanced, calibration_error, interval
from train.posters.loop import Settings, disagreement, mixed, train
from train.posters.shallow_views import Deep, FreshViews, Shallow
from train.posters.sources import Pictures, logits_of
from train.posters.train import keep_depthwise
from train.posters.validation import val_figures
from train.posters.write_card import draw_curves, trained
from train.posters.yardsticks import training_runs

SETTINGS = Settings(epochs=3, batch=10, lr=3e-3, ema=0.5, draw=0.0)


@pytest.fixture(scope="module")
def posters():
    """Fifty drawn posters whose genre is how light they are."""
    labels = np.arange(50) % len(GENRES)
    pixels = np.stack([
        (np.asarray(poster(seed), float) * 0.2 + 45 * label).clip(0, 255).astype(np.uint8)
        for seed, label in enumerate(labels)
    ])
    listed = [GENRES[label].title() + ("|Horror" if seed % 2 else "") for seed, label in enumerate(labels)]
    table = pd.DataFrame({
        "label": [GENRES[label] for label in labels], "genres": listed, "genres_source": [IMDB, "movielens"] * 25,
    })
    return Posters(table, pixels)


def learn(posters, run, settings=SETTINGS, stop_at=None):
    torch.manual_seed(1)
    network = timm.create_model("poster_lenet")
    source, calls = Pictures(posters, (48, 32), False), []
    figures = val_figures(source, posters)

    def validate(model):
        calls.append(1)
        if len(calls) == stop_at:
            raise KeyboardInterrupt
        return figures(model)

    best = train(network, source, np.arange(50), soft_labels(posters), posters.labels, validate, run, settings)
    return network, best, logits_of(network, source)


def test_a_network_learns(posters, tmp_path):
    _, best, _ = learn(posters, tmp_path, replace(SETTINGS, epochs=20))
    assert best > 0.7
    curve = pd.read_csv(tmp_path / "curve.csv")
    assert len(curve) == 20
    assert curve.loss.iloc[-1] < curve.loss.iloc[0]


def test_an_interrupted_run_ends_as_one_that_was_not(posters, tmp_path):
    *_, whole = learn(posters, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        learn(posters, tmp_path / "broken", stop_at=2)
    *_, resumed = learn(posters, tmp_path / "broken")
    np.testing.assert_allclose(resumed, whole, atol=1e-5)


def test_soft_labels_tell_first_from_other_genres(posters):
    soft = soft_labels(posters, first=0.7, smooth=0.0)
    assert soft.sum(1) == pytest.approx(np.ones(50))
    assert soft[0].tolist() == pytest.approx([1, 0, 0, 0, 0])
    assert soft[6].tolist() == pytest.approx([0, 1, 0, 0, 0])
    assert soft[1].tolist() == pytest.approx([0, 0.5, 0, 0, 0.5])  # no order in this source: both alike


def test_balance_makes_genres_count_alike():
    labels = np.array([0] * 90 + [1] * 9 + [2])
    weights = balance_weights(labels)
    assert [weights[labels == genre].sum() for genre in range(3)] == pytest.approx([100 / 3] * 3)
    assert balance_weights(labels, 0.0) == pytest.approx(np.ones(100))


def test_the_studys_posters_are_balanced_and_imdbs():
    labels = np.repeat(np.arange(5), [4000, 1324, 9000, 9000, 2000])
    table = pd.DataFrame({"label": [GENRES[label] for label in labels], "genres_source": IMDB})
    rows = study_subset(Posters(table, np.empty(len(labels))))
    counts = np.bincount(labels[rows])
    assert len(rows) == pytest.approx(7254, abs=5)
    assert counts.max() - counts.min() < 200


def test_a_view_keeps_size_and_hue():
    rng = np.random.default_rng(0)
    red = np.zeros((240, 160, 3), np.uint8)
    red[..., 0] = 200
    views = [augment(red, (96, 64), rng) for _ in range(20)]
    assert {view.shape for view in views} == {(96, 64, 3)}
    assert len({int(view[48, 32, 0]) for view in views}) > 5  # lighter and darker
    assert all(view[48, 32, 0] > 3 * max(view[48, 32, 1:].max(), 1) for view in views)  # but always red


def test_worn_pictures_look_alike():
    picture = np.asarray(poster(5))
    rng = np.random.default_rng(0)
    copies = [worn(picture, rng).astype(int) for _ in range(10)]
    gaps = [np.abs(copy - picture).mean() for copy in copies]
    assert all(copy.shape == picture.shape for copy in copies)
    assert 0 < min(gaps) and max(gaps) < 12


def test_both_halves_make_the_whole_network():
    network = timm.create_model("posternet").eval()
    picture = torch.rand(1, 3, 96, 64)
    with torch.inference_mode():
        for split_at in (3, 4, 5):
            halves = Deep(network, split_at)(*Shallow(network, split_at)(picture))
            torch.testing.assert_close(halves, network(picture), atol=1e-4, rtol=1e-4)


def test_fresh_views_are_new_each_time_and_as_the_network_sees_them(posters):
    network = timm.create_model("posternet").eval()
    shallow = Shallow(network, 4)
    source, rows = FreshViews(shallow, posters, (96, 64)), np.arange(11)
    maps, settled = source.inputs(rows, np.random.default_rng(0))
    again, _ = source.inputs(rows, np.random.default_rng(0))
    other, _ = source.inputs(rows, np.random.default_rng(1))
    np.testing.assert_array_equal(maps, again)
    assert all(not np.allclose(one, two, atol=0.05) for one, two in zip(maps, other))
    seeds = np.random.default_rng(0).integers(2**63, size=len(rows))
    views = [augment(posters.pixels[row], (96, 64), np.random.default_rng(seed)) for row, seed in zip(rows, seeds)]
    with torch.inference_mode():
        plain_maps, plain_settled = shallow(torch.from_numpy(to_input(np.stack(views))))
    assert maps.shape == plain_maps.shape
    # bfloat16, where the processor has it, keeps three digits
    for found, wanted in ((maps, plain_maps.numpy()), (settled, plain_settled.numpy())):
        assert np.abs(found - wanted).mean() < 0.02 * np.abs(wanted).mean()


def test_a_pair_is_one_view_of_a_clean_and_of_a_worn_copy(posters):
    def views(wear):
        return np.stack([augment(posters.pixels[5], (96, 64), np.random.default_rng(seed), wear=wear) for seed in range(8)])

    clean, half, copies = (views(wear).astype(int) for wear in (0.0, 0.5, 1.0))
    gaps = np.abs(clean - copies).mean((1, 2, 3))
    assert 0 < gaps.min() and gaps.max() < 12  # worn, but cut and lightened alike
    assert all(np.array_equal(one, a) or np.array_equal(one, b) for one, a, b in zip(half, clean, copies))
    assert np.abs(clean[0] - clean[1]).mean() > 2 * gaps.max()  # as other views are not
    shallow = Shallow(timm.create_model("posternet").eval(), 4)
    settled = FreshViews(shallow, posters, (96, 64), pairs=True).inputs(np.arange(11), np.random.default_rng(0))[1]
    one, two = settled.reshape(2, 11, -1)
    colours = slice(0, 3)  # the mean colours of the views
    assert np.abs(one - two)[:, colours].max() < 0.1 < np.abs(one - one[::-1])[:, colours].max()


def test_a_worn_copy_is_pulled_to_the_clean_one_and_not_the_other_way():
    logits = torch.tensor([[2.0, 0, 0], [0, 1, 0], [0, 2, 0], [0, 1, 0]], requires_grad=True)
    found = disagreement(logits.log_softmax(1), torch.tensor([1.0, 5, 1, 5]))
    clean, worn_copy = logits[0].softmax(0), logits[2].softmax(0)
    assert found.item() == pytest.approx((clean * (clean / worn_copy).log()).sum().item() / 2)  # the second pair agrees
    found.backward()
    assert not logits.grad[:2].any() and logits.grad[2].any()


class Pairs:
    """Posters, and the same ones a little darker, as a source of batches."""

    def __init__(self, pictures):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def inputs(self, rows, rng):
        (clean,) = self.pictures.inputs(rows, rng)
        return [np.concatenate([clean, clean - 0.05])]


def test_what_is_steadied_reads_worn_copies_as_its_start_reads_clean_ones(posters, tmp_path):
    network, _, before = learn(posters, tmp_path / "start", replace(SETTINGS, epochs=20))
    pairs = Pairs(Pictures(posters, (48, 32), False))
    darker = Pictures(replace(posters, pixels=(posters.pixels.astype(int) - 6).clip(0).astype(np.uint8)), (48, 32), False)

    def gap(network):
        now, then = (torch.from_numpy(logits).log_softmax(1) for logits in (logits_of(network, darker), before))
        return (then.exp() * (then - now)).sum(1).mean().item()

    teacher, apart = copy.deepcopy(network).eval(), gap(network)
    settings = replace(SETTINGS, epochs=10, lr=1e-3, consistency=1.0, steady=True)
    wrong = np.roll(soft_labels(posters), 1, 0)  # which nobody looks at
    train(network, pairs, np.arange(50), wrong, posters.labels, val_figures(darker, posters), tmp_path / "run", settings,
          teacher=teacher)
    assert gap(network) < 0.6 * apart


def test_a_view_may_be_smoothed_as_the_classifier_does(posters):
    grain = np.random.default_rng(0).integers(0, 256, posters.pixels[0].shape, np.uint8)
    plain, smooth = (augment(grain, (240, 160), np.random.default_rng(0), blur=blur).astype(int) for blur in (0, 2))
    assert np.abs(np.diff(smooth, axis=0)).mean() < 0.7 * np.abs(np.diff(plain, axis=0)).mean()
    assert abs(smooth.mean() - plain.mean()) < 2


def test_partners_are_mixed_within_a_view():
    x = torch.tensor([1.0, 2, 3, 10, 20, 30])
    assert mixed(x, 0.75, 1).tolist() == (0.75 * x + 0.25 * x.flip(0)).tolist()
    assert mixed(x, 0.75, 2).tolist() == [1.5, 2, 2.5, 15, 20, 25]


def test_depthwise_kernels_stay_and_the_rest_learns():
    deep = Deep(timm.create_model("posternet").eval(), 5)
    maps, settled = Shallow(deep.network, 5)(torch.rand(4, 3, 96, 64))
    before = deep(maps, settled)
    for module in deep.learning():
        keep_depthwise(module)
    torch.testing.assert_close(deep(maps, settled), before)
    with torch.autocast("cpu", torch.bfloat16):
        deep(maps.detach(), settled.detach()).float().square().sum().backward()
    convolutions = [part for module in deep.learning() for part in module.modules() if isinstance(part, torch.nn.Conv2d)]
    assert {part.groups > 1 for part in convolutions} == {True, False}
    assert all((part.weight.grad is None) == (part.groups > 1) for part in convolutions)


def test_training_ends_with_the_time_given(posters, tmp_path):
    network = timm.create_model("poster_lenet")
    source = Pictures(posters, (48, 32), False)
    settings = replace(SETTINGS, epochs=2, posters=20, minutes=0.02, lr=1e-3)
    start = time.time()
    train(network, source, np.arange(50), soft_labels(posters), posters.labels, val_figures(source, posters), tmp_path, settings)
    assert time.time() - start < 15
    epochs = pd.read_csv(tmp_path / "curve.csv").epoch
    again = time.time()
    train(network, source, np.arange(50), soft_labels(posters), posters.labels, val_figures(source, posters), tmp_path, settings)
    assert time.time() - again < 15
    assert len(pd.read_csv(tmp_path / "curve.csv")) == len(epochs)  # the time is spent: nothing is added


def test_figures_on_a_case_worked_by_hand():
    labels = np.array([0, 0, 0, 1, 2, 3, 4])
    guesses = np.array([0, 1, 0, 1, 2, 3, 0])
    listed = np.eye(5, dtype=bool)[labels]
    listed[1, 1] = True
    assert balanced(guesses, labels) == pytest.approx((2 / 3 + 1 + 1 + 1 + 0) / 5)
    assert any_genre(guesses, labels, listed) == pytest.approx(4 / 5)
    found = interval(balanced, np.tile(guesses, 20), np.tile(labels, 20))
    assert found["low"] < found["value"] < found["high"]


def test_calibration_error_is_the_gap_between_confidence_and_truth():
    labels = np.arange(5).repeat(100)
    right = (np.arange(500) % 10 < 7).astype(float)
    assert calibration_error(np.full(500, 0.7), right, labels) == pytest.approx(0, abs=1e-6)
    assert calibration_error(np.full(500, 0.9), right, labels) == pytest.approx(0.2, abs=1e-6)


def test_alphabetical_labels_count_less(posters):
    counted = trust(posters)
    assert (counted[posters.imdb] == 1).all()
    assert (counted[~posters.imdb] < 1).all()


def test_figures_measured_before_stay(tmp_path):
    path = tmp_path / "metrics.json"
    write(path, {"n": 5, "yardsticks": {"chance": 0.2}, "runs": {"one": 1}})
    write(path, {"load": 0.5, "yardsticks": {"poster_cnn": 0.4}})
    assert json.loads(path.read_text()) == {
        "n": 5, "load": 0.5, "yardsticks": {"chance": 0.2, "poster_cnn": 0.4}, "runs": {"one": 1},
    }


def test_finished_runs_stand_in_the_card(posters, tmp_path):
    learn(posters, tmp_path / "lenet")
    run = {"stage": "study", "network": "poster_lenet", "size": [48, 32], "mixup": 0.0, "flip": False,
           "val": {"balanced_accuracy": 0.31, "log_loss": 1.5}}
    (tmp_path / "lenet" / "run.json").write_text(json.dumps(run))
    mixed = {**run, "stage": "export", "network": None, "backbone": "tf_efficientnet_lite2", "read_size": [360, 240],
             "start": ["weights/classifier", "runs/vision/deep/network.pt"]}
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "run.json").write_text(json.dumps(mixed))
    runs = training_runs(tmp_path)
    assert "average of classifier and deep" in trained(runs) and "360 x 240" in trained(runs)
    assert len(runs["lenet"]["curve"]) == SETTINGS.epochs
    section = trained(runs)
    steady = {**runs["mixed"], "stage": "deep", "steady": True, "start": ["weights/classifier"]}
    assert "what classifier reads" in trained({"steady": steady})
    assert "poster_lenet" in section and "31.0 %" in section
    draw_curves(runs, tmp_path / "curves.png")
    assert len(np.unique(np.asarray(Image.open(tmp_path / "curves.png")).reshape(-1, 3), axis=0)) > 3
