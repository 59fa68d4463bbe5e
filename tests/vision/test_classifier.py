"""PosterClassifier: readings, calibration, heat maps, and weights that must be refused."""

import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter, ImageOps
from safetensors.torch import load_file, save_file

from posterbeat.errors import ParameterError, PosterError, WeightsError
from posterbeat.genres import GENRES
from posterbeat.vision import classifier as classifier_module
from posterbeat.vision.classifier import STORED_SIZE, PosterClassifier
from posterbeat.vision.openvino_runner import compiled
from tests.vision.drawn import grainy, poster

SHIPPED = Path(__file__).parents[2] / "weights" / "classifier"


@pytest.fixture(scope="module")
def classifier(tiny_weights):
    return PosterClassifier.from_pretrained(tiny_weights)


@pytest.fixture(scope="module")
def shipped():
    return PosterClassifier.from_pretrained(SHIPPED)


@pytest.fixture
def folder(tiny_weights, tmp_path):
    """A copy of the weights that a test may damage."""
    return Path(shutil.copytree(tiny_weights, tmp_path / "copy"))


def rewrite(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_reading_names_the_most_probable_genre(classifier):
    reading = classifier.predict(poster(1))
    assert tuple(reading.probabilities) == GENRES
    assert sum(reading.probabilities.values()) == pytest.approx(1)
    assert reading.probabilities[reading.genre] == max(reading.probabilities.values())


def test_path_bytes_picture_and_array_read_alike(classifier, tmp_path):
    picture = poster(2)
    picture.save(tmp_path / "poster.png")
    forms = [picture, np.asarray(picture), tmp_path / "poster.png", str(tmp_path / "poster.png"),
             (tmp_path / "poster.png").read_bytes()]
    readings = [classifier.predict(form) for form in forms]
    assert all(reading == readings[0] for reading in readings)


@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.parametrize("engine", [True, False], ids=["OpenVINO", "PyTorch"])
@pytest.mark.parametrize("exact, tolerance", [(True, 1e-4), (False, 0.05)], ids=["exact", "half"])
def test_a_batch_reads_as_its_posters_do_one_by_one(folder, monkeypatch, count, engine, exact, tolerance):
    rewrite(folder, test_time_flip=exact)
    monkeypatch.setattr(classifier_module, "_WORTH_COMPILING", 10)
    made = []

    def compile_or_not(*arguments, **options):
        made.append(engine)
        return compiled(*arguments, **options) if engine else None

    monkeypatch.setattr(classifier_module, "compiled", compile_or_not)
    classifier = PosterClassifier.from_pretrained(folder)
    posters = [poster(seed, (160 + 10 * seed, 240)) for seed in range(count)]
    for _ in range(2):
        for one, reading in zip(posters, classifier.predict_batch(posters, exact), strict=True):
            assert list(classifier.predict(one).probabilities.values()) == pytest.approx(
                list(reading.probabilities.values()), abs=tolerance
            )
    assert len(made) == (count == 10)  # made once, and only where it pays
    assert classifier.predict_batch([]) == []


def test_openvino_gives_what_the_shipped_network_gives(shipped):
    pixels = torch.stack([shipped._pixels(poster(seed)) for seed in range(3)])
    engine = compiled(shipped.network, (1, *shipped.input_size), exact=True)
    found = np.concatenate([engine(one[None].numpy())[0] for one in pixels])
    np.testing.assert_allclose(found, shipped.logits(pixels).numpy(), atol=1e-3)


def test_threads_do_not_meet(classifier):
    posters = [poster(seed) for seed in range(6)]
    alone = [(classifier.predict(one), classifier.explain(one, "horror")) for one in posters]
    with ThreadPoolExecutor(6) as threads:
        together = list(threads.map(lambda one: (classifier.predict(one), classifier.explain(one, "horror")), posters))
    for (reading, heat), (reading_together, heat_together) in zip(alone, together):
        assert reading.genre == reading_together.genre
        np.testing.assert_allclose(heat, heat_together, atol=1e-4)


def test_what_is_no_picture_is_refused(classifier):
    with pytest.raises(PosterError):
        classifier.predict(b"no picture")
    with pytest.raises(PosterError):
        classifier.predict_batch([poster(), None])


def test_calibration_is_softmax_of_scaled_and_shifted_logits(classifier, folder):
    bias = [0.5, 0.0, -0.5, 0.25, -0.25]
    rewrite(folder, calibration={"temperature": 3.0, "bias": bias})
    calibrated = PosterClassifier.from_pretrained(folder)
    plain = np.log(list(classifier.predict(poster(4)).probabilities.values()))
    wanted = np.exp(plain / 3 + bias)
    got = list(calibrated.predict(poster(4)).probabilities.values())
    assert got == pytest.approx(list(wanted / wanted.sum()), abs=1e-5)


def test_calibration_is_found_again():
    from train.posters.weights import calibrate

    rng = np.random.default_rng(0)
    true = rng.normal(0, 1.5, (20000, 5))
    chances = np.exp(true) / np.exp(true).sum(1, keepdims=True)
    labels = (chances.cumsum(1) > rng.random((len(chances), 1))).argmax(1)
    found = calibrate(true * 4, labels)
    assert found["temperature"] == pytest.approx(4, rel=0.1)
    assert found["bias"] == pytest.approx([0] * 5, abs=0.1)


def test_mirrored_reading_does_not_care_for_left_and_right(folder):
    rewrite(folder, test_time_flip=True)
    classifier = PosterClassifier.from_pretrained(folder)
    mirrored = poster(5).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert list(classifier.predict(poster(5)).probabilities.values()) == pytest.approx(
        list(classifier.predict(mirrored).probabilities.values()), abs=1e-4
    )


def test_what_is_read_is_smoothed_first(folder):
    rewrite(folder, blur=1.5)
    smoothing = PosterClassifier.from_pretrained(folder)
    rewrite(folder, blur=0)
    plain = PosterClassifier.from_pretrained(folder)
    sharp = poster(5, STORED_SIZE)
    smoothed = sharp.filter(ImageFilter.GaussianBlur(1.5))
    assert smoothing.predict(sharp) == plain.predict(smoothed) != plain.predict(sharp)


@pytest.mark.parametrize("genre", [None, *GENRES])
def test_a_heat_map_covers_the_poster(shipped, genre):
    heat = shipped.explain(poster(6), genre)
    assert heat.shape == shipped.input_size[1:]
    assert heat.dtype == np.float32
    assert heat.min() == pytest.approx(0, abs=1e-6)
    assert heat.max() == pytest.approx(1, abs=1e-6)


def test_a_frame_changes_neither_reading_nor_heat(shipped):
    picture = poster(7)
    framed = ImageOps.expand(picture, (8, 12, 8, 12), "white")
    assert shipped.predict(framed) == shipped.predict(picture)
    heat, inner = shipped.explain(framed), shipped.explain(picture)
    assert heat.shape == inner.shape
    assert heat[0].max() == heat[:, 0].max() == 0  # the frame says nothing
    (row, column), (inner_row, inner_column) = (np.unravel_index(one.argmax(), one.shape) for one in (heat, inner))
    assert abs(row - (inner_row * 240 / 264 + heat.shape[0] * 12 / 264)) < 4
    assert abs(column - (inner_column * 160 / 176 + heat.shape[1] * 8 / 176)) < 4


def test_genres_are_seen_in_different_places(shipped):
    assert not np.allclose(shipped.explain(poster(6), "horror"), shipped.explain(poster(6), "comedy"), atol=0.05)


def test_heat_of_an_unknown_genre_is_refused(classifier):
    with pytest.raises(ParameterError, match="action, animation, comedy, drama, horror"):
        classifier.explain(poster(), "western")


def test_covering_the_hot_part_costs_more_than_covering_the_cold_part(shipped):
    drops = []
    for seed in range(8):
        picture = np.asarray(grainy(seed))
        reading = shipped.predict(picture)
        heat = np.asarray(Image.fromarray(shipped.explain(picture)).resize(picture.shape[1::-1]))
        after = []
        for part in (heat >= np.quantile(heat, 0.8), heat <= np.quantile(heat, 0.2)):
            covered = picture.copy()
            covered[part] = picture.mean((0, 1)).astype(np.uint8)
            after.append(shipped.predict(covered).probabilities[reading.genre])
        drops.append(after[1] - after[0])
    assert np.mean(drops) > 0


def test_shipped_weights_read_the_same_poster_in_every_make(shipped):
    same = 0
    for seed in range(12):
        picture = poster(seed)
        file = io.BytesIO()
        picture.resize((1000, 1500), Image.Resampling.BICUBIC).save(file, "JPEG", quality=85)
        same += shipped.predict(picture).genre == shipped.predict(file.getvalue()).genre
    assert same >= 11


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(WeightsError, match=name):
        PosterClassifier.from_pretrained(folder)


@pytest.mark.parametrize("length", [0, 7, 5000])
def test_truncated_weights_are_refused(folder, length):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(WeightsError, match="model.safetensors"):
        PosterClassifier.from_pretrained(folder)


def test_a_missing_tensor_is_refused(folder):
    path = folder / "model.safetensors"
    tensors = load_file(path)
    del tensors["head.weight"]
    save_file(tensors, path)
    with pytest.raises(WeightsError, match=r"model.safetensors.*head\.weight"):
        PosterClassifier.from_pretrained(folder)


def test_an_extra_tensor_is_refused(folder):
    path = folder / "model.safetensors"
    save_file({**load_file(path), "surplus": torch.zeros(1)}, path)
    with pytest.raises(WeightsError, match="model.safetensors.*surplus"):
        PosterClassifier.from_pretrained(folder)


@pytest.mark.parametrize("changes", [
    {"architecture": "resnet18"},
    {"architecture": "poster_lenet"},
    {"architecture": None},
    {"pretrained_cfg": None},
    {"pretrained_cfg": {}},
    {"label_names": ["cat", "dog"]},
    {"calibration": {"temperature": 0, "bias": [0] * 5}},
    {"calibration": {"temperature": 1, "bias": [0]}},
    {"blur": -1},
    {"blur": "much"},
    {"model_args": {"surprise": 1}},
    {"model_args": "no mapping"},
], ids=str)
def test_a_foreign_config_is_refused(folder, changes):
    rewrite(folder, **changes)
    with pytest.raises(WeightsError, match="config.json|model.safetensors"):
        PosterClassifier.from_pretrained(folder)


def test_a_broken_config_is_refused(folder):
    (folder / "config.json").write_text("{")
    with pytest.raises(WeightsError, match="config.json"):
        PosterClassifier.from_pretrained(folder)
