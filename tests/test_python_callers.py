"""What callers in Python can give and do: it works, or a PosterBeatError says what to do."""

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from posterbeat import controls
from posterbeat.composer.model import BiLSTMComposer, ComposerConfig
from posterbeat.errors import ParameterError, PosterBeatError, WeightsError
from posterbeat.genres import mixture
from posterbeat.hub import source_of
from posterbeat.instruments import families_of
from posterbeat.pipeline import PosterBeat
from tests.composer.small import small_composer

ROOT = Path(__file__).resolve().parents[1]
POSTERS = sorted((ROOT / "examples/posters").glob("*.jpg"))


class Silent:
    """A value that cannot even be shown."""

    def __repr__(self):
        raise RuntimeError("no")


ODD = [10**400, 10**5000, -(10**400), Fraction(10**400, 3), float("inf"), float("nan"), np.array([1, 2]), np.array(["major"]),
       [], {}, "x" * 100_000, b"major", Silent(), np.float64("nan"), 1 + 2j]


@pytest.mark.parametrize("check", [
    controls.check_notes, controls.check_temperature, controls.check_seed, controls.check_tempo, controls.check_density,
    controls.check_mode, mixture, families_of,
], ids=lambda check: check.__name__)
@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_odd_values_of_controls_are_told_in_a_sentence(check, value):
    with pytest.raises(ParameterError) as caught:
        check(value)
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 300


@pytest.mark.parametrize("weight", [1e308, 10**400, 10**5000, float("inf"), float("nan"), -1, np.array([1, 2])],
                         ids=lambda weight: str(type(weight)))
def test_odd_weights_of_a_mixture_are_told_in_a_sentence(weight):
    with pytest.raises(ParameterError, match="The weight of"):
        mixture({"horror": weight, "comedy": weight})


@pytest.mark.parametrize("name", [5, None, ("horror",), np.str_("polka")])
def test_odd_names_of_genres_are_told_in_a_sentence(name):
    with pytest.raises(ParameterError, match="Unknown genre"):
        mixture({name: 1.0})


@pytest.mark.parametrize("source", [0, 5, b"weights/composer", "~nosuch/w", "x" * 5000, "owner/na..me", np.array([1, 2])],
                         ids=lambda source: ascii(source)[:20])
def test_odd_sources_of_weights_are_told_in_a_sentence(source):
    assert source_of("composer", source) is source  # what is given is never passed over
    for words in ({"composer": source}, {"classifier": source}):
        with pytest.raises(PosterBeatError, match="There is no folder"):
            PosterBeat.load(**words)


@pytest.fixture(scope="module")
def small():
    profiles = ComposerConfig.from_pretrained(ROOT / "weights/composer").profiles
    return lambda: small_composer(profiles)


@pytest.mark.parametrize("change", ["half", "double", "bfloat16"])
def test_a_composer_in_another_precision_says_what_to_do(small, change):
    composer = small()
    score = composer.generate("drama", notes=32)
    getattr(composer, change)()
    with pytest.raises(ParameterError, match=r"call \.float\(\)"):
        composer.generate("drama", notes=32)
    with pytest.raises(ParameterError, match=r"call \.float\(\)"):
        composer.bits_per_note(score, "drama")
    composer.float()
    assert len(composer.generate("drama", notes=32)) == 32


def test_weights_that_are_no_numbers_are_refused(small, tmp_path):
    composer = small()
    with torch.no_grad():
        for parameter in composer.parameters():
            parameter.fill_(torch.nan)
    composer.save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match="not finite"):
        BiLSTMComposer.from_pretrained(tmp_path)


@pytest.mark.parametrize("change", [{"std": [0, 0, 0]}, {"mean": [float("nan")] * 3}, {"std": [float("inf")] * 3}])
def test_a_classifier_that_would_read_no_numbers_is_refused(change, tmp_path):
    config = json.loads((ROOT / "weights/classifier/config.json").read_text())
    config["pretrained_cfg"] |= change
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").symlink_to(ROOT / "weights/classifier/model.safetensors")
    with pytest.raises(WeightsError, match="calibration"):
        PosterBeat.load(classifier=tmp_path)


FORK = """
import json, multiprocessing, sys
from posterbeat import PosterBeat
beat = PosterBeat.load()

def read(poster): return beat.read(poster).probabilities
def read_many(poster): return [reading.genre for reading in beat.classifier.predict_batch([poster] * 50)]
def seen(poster): return float(beat.classifier.explain(poster).max())
def compose(poster): return beat.compose("horror", notes=32, seed=7).score.pitch.tolist()

if __name__ == "__main__":
    posters = sys.argv[1:]
    here = [[work(poster) for poster in posters] for work in (read, seen, compose)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        there = [pool.map(work, posters) for work in (read, seen, compose)]
        many = pool.map(read_many, posters)
    print(json.dumps([here, there, many]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_pool_of_forks_reads_and_composes_with_what_was_loaded_before():
    done = subprocess.run([sys.executable, "-c", FORK, *map(str, POSTERS[:1])], capture_output=True, text=True, timeout=280,
                          env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2"})
    assert done.returncode == 0, done.stderr
    (read, seen, composed), (read_there, seen_there, composed_there), many = json.loads(done.stdout.splitlines()[-1])
    for one, other in zip(read, read_there, strict=True):
        assert all(abs(one[genre] - other[genre]) < 1e-4 for genre in one)
    assert np.allclose(seen, seen_there, atol=1e-3) and composed == composed_there
    assert len(many[0]) == 50 and len(set(many[0])) == 1
