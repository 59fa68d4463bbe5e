"""Weights from a folder: what is missing, damaged or foreign is named, and no source makes a request it should not."""

import numpy as np
import pytest
from safetensors.numpy import save

from posterbeat import hub as weights
from posterbeat.errors import WeightsError

FILES = {"config.json": b'{"a": 1}', "model.safetensors": save({"weight": np.arange(6000.0)})}


def test_a_folder_wins_over_a_repo_of_its_name(tmp_path, monkeypatch):
    (tmp_path / "ann/composer").mkdir(parents=True)
    for name, content in FILES.items():
        (tmp_path / "ann/composer" / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    assert weights.resolve("ann/composer").resolve() == tmp_path / "ann/composer"


@pytest.mark.parametrize("source", [
    "/no/such/folder", "./weights", "", "..", "a b/c", "ann/composer@", "a/b/c/d", "~nosuch/w", "x" * 5000, "owner/na..me",
    "owner/na--me", "owner/name.git", "owner/name-", "ann/composer@../../../evil", "ann/composer@v1/../../..", "a\0b/c", 5, 0,
    2.5, b"ann/composer", ["ann/composer"], object(),
], ids=lambda source: ascii(source)[:30])
def test_what_is_neither_a_folder_nor_a_repo_is_said_without_asking_the_hub(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match="owner/name|holds no config.json"):
        weights.resolve(source)


def test_a_folder_without_its_files_is_refused_by_name(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(WeightsError, match="holds no model.safetensors"):
        weights.resolve(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", FILES["model.safetensors"][:-1],
                                     FILES["model.safetensors"][:9]])
def test_damaged_tensors_are_refused_by_name(tmp_path, content):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"model\.safetensors is truncated or not a safetensors file"):
        weights.read_tensors(path)
    path.unlink()
    with pytest.raises(WeightsError, match=r"model\.safetensors is missing"):
        weights.read_tensors(path)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000])
def test_a_broken_config_is_refused_by_name(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(WeightsError, match=r"config\.json"):
        weights.read_config(tmp_path / "config.json")


def test_tensors_that_do_not_fit_are_named_and_the_module_stays_as_it_was():
    import torch

    module = torch.nn.Linear(3, 2)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    for tensors, words in (
        ({"weight": torch.zeros(2, 3)}, "missing bias"),
        ({"weight": torch.zeros(2, 3), "bias": torch.zeros(2), "extra": torch.zeros(1)}, "unexpected extra"),
        ({"weight": torch.zeros(3, 2), "bias": torch.zeros(2)}, "wrongly shaped weight"),
        ({"weight": torch.full((2, 3), torch.nan), "bias": torch.zeros(2)}, "not finite weight"),
    ):
        with pytest.raises(WeightsError, match=f"some.safetensors does not fit.*{words}"):
            weights.load_strict(module, tensors, "some.safetensors")
        assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    weights.load_strict(module, {"weight": torch.zeros(2, 3), "bias": torch.ones(2)}, "some.safetensors")
    assert module.bias.sum() == 2
