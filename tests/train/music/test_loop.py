"""A sitting begins where it is told to."""

import json
import signal

import pytest
import torch
from safetensors.torch import save_file

from posterbeat.composer.model import BiLSTMComposer, ComposerConfig
from posterbeat.composer.planner import Planner
from tests.composer.test_model import ROWS
from train.music.loop import Sitting, learn, seen_before
from train.parallel import Team


def begun_from(start, tmp_path):
    """The planner as a sitting without a minute leaves it, and what it says it has seen."""
    before = seen_before(tmp_path / "run", start, "planner.")
    network = Planner()
    learn(network, tmp_path / "run", Sitting(minutes=1e-9), Team(), None, lambda: {"bits": 1.0}, start=start, within="planner.")
    seen = json.loads((tmp_path / "run/best.json").read_text())["seen"]
    assert before == seen == seen_before(tmp_path / "run", start, "planner.")  # so that other stretches are drawn than before
    return network.state_dict(), seen


def same(one, two):
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_it_goes_on_from_a_composers_folder(tmp_path):
    composer = BiLSTMComposer(ComposerConfig(profiles=ROWS, notes_seen=5, plans_seen=7))
    composer.save_pretrained(tmp_path / "composer")
    tensors, seen = begun_from(tmp_path / "composer", tmp_path)
    assert seen == 7 and same(tensors, composer.planner.state_dict())


def test_it_goes_on_from_a_file_in_smaller_numbers(tmp_path):
    kept = {name: tensor.half() for name, tensor in Planner().state_dict().items()}
    save_file(kept, tmp_path / "planner.safetensors")
    (tmp_path / "planner.json").write_text('{"seen": 11}')
    tensors, seen = begun_from(tmp_path / "planner.safetensors", tmp_path)
    assert seen == 11 and same(tensors, {name: tensor.float() for name, tensor in kept.items()})


def test_a_sitting_that_fails_leaves_signals_as_they_were(tmp_path):
    def fail():
        raise RuntimeError("no batch")

    usual = signal.getsignal(signal.SIGTERM)
    with pytest.raises(RuntimeError, match="no batch"):
        learn(Planner(), tmp_path / "run", Sitting(minutes=1), Team(), fail, lambda: {"bits": 1.0})
    assert signal.getsignal(signal.SIGTERM) == usual
