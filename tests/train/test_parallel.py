"""Training by several processes makes the run that one would make, under `accelerate launch` on CPUs (gloo)."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from posterbeat.genres import GENRES
from tests.in_process import run_module
from tests.music.made import tune
from tests.vision.drawn import poster
from train.music.prepare import prepare
from train.posters.data import IMDB

pytest.importorskip("accelerate", reason="TRAINING BY SEVERAL PROCESSES WAS NOT TESTED: posterbeat[train] is not installed")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """The array file of ten made pieces, one a genre in `train` and in `val`."""
    folder = tmp_path_factory.mktemp("midi")
    rows = []
    for split in ("train", "val"):
        for number, genre in enumerate(GENRES):
            name = f"{split}-{genre}.mid"
            tune(8, tempo=90.0 + 10 * number).to_midi().write(str(folder / name))
            rows.append({"file": name, "split": split, "genre": genre})
    with (folder / "midi.csv").open("w", newline="") as table:
        writer = csv.DictWriter(table, ["file", "split", "genre"])
        writer.writeheader()
        writer.writerows(rows)
    prepare(folder, folder / "music.npz")
    return folder / "music.npz"


def launch(*words):
    """Two processes of `accelerate launch` with these words, which talk over gloo where there is no GPU."""
    done = subprocess.run(
        [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1",
         "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0", *map(str, words)],
        cwd=ROOT, text=True, capture_output=True, timeout=290,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""})
    assert done.returncode == 0, done.stderr[-3000:]


def test_shares_of_a_batch_give_the_gradient_of_the_whole(tmp_path):
    run_module("tests.training_step", tmp_path)
    alone = torch.load(tmp_path / "0.pt", weights_only=True)
    launch("tests/training_step.py", tmp_path)
    assert (alone["size"], alone["told"], alone["sum"], alone["largest"]) == (1, [7], [1.5, 0], [0, 0])
    for rank in range(2):
        one = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert (one["size"], one["told"], one["sum"], one["largest"]) == (2, [7], [3, 1], [1, 0])
        torch.testing.assert_close(one["weights"], alone["weights"], rtol=0, atol=0)
        torch.testing.assert_close(one["gradients"], alone["gradients"])


def learn(music, out, start=run_module):
    """Six steps of the planner; the lines of its log by kind."""
    words = ("--batch", 4, "--items", 40, "--steps", 6, "--lr", 0.005, "--threads", 1)
    start(*["-m"] * (start is launch), "train.music.train_planner", music, out, *words)
    lines = list(csv.reader((out / "log.csv").open()))
    return [[float(value) for value in line[1:]] for line in lines if line[0] == "val"]


def test_two_processes_learn_what_one_does_and_one_goes_on_from_there(music, tmp_path):
    one, two = learn(music, tmp_path / "one"), learn(music, tmp_path / "two", launch)
    assert len(one) == len(two) == 1  # written once, not by each process
    (steps, items, _, bits), (steps_of_two, items_of_two, _, bits_of_two) = one[0], two[0]
    assert (steps, steps_of_two) == (6, 6) and items_of_two == pytest.approx(items, rel=0.3)
    assert bits_of_two == pytest.approx(bits, rel=0.1)
    before = json.loads((tmp_path / "two/best.json").read_text())
    on = learn(music, tmp_path / "two")
    assert on[1][0] == 12 and on[1][1] > before["seen"]
    assert on[1][3] < bits_of_two


@pytest.fixture(scope="module")
def posters(tmp_path_factory):
    """A folder of small drawn posters, prepared for training: 60 in `train`, 20 in `val`."""
    folder = tmp_path_factory.mktemp("posters")
    for split, count in (("train", 60), ("val", 20)):
        np.save(folder / f"{split}.npy", np.stack([np.asarray(poster(number)) for number in range(count)]))
        with (folder / f"{split}.csv").open("w", newline="") as table:
            writer = csv.writer(table)
            writer.writerow(["label", "genres", "genres_source"])
            writer.writerows([genre, genre.title(), IMDB] for genre in (GENRES * count)[:count])
    return folder


def study(posters, out, start=run_module):
    """Three epochs of the reference study's LeNet: the curve's rows, and the weights that come out."""
    words = ("study", "poster_lenet", "--data", posters, "--run", out, "--epochs", 3, "--batch", 10, "--lr", 0.003)
    start(*["-m"] * (start is launch), "train.posters.train", *words)
    with (out / "curve.csv").open() as curve:
        rows = [{name: float(value) for name, value in row.items() if name != "seconds"} for row in csv.DictReader(curve)]
    return rows, load_file(out / "weights/model.safetensors")


def test_two_processes_learn_to_read_posters_as_one_does(posters, tmp_path):
    """Nothing is drawn and no batch is normed in this network: what differs is the order in which floats are added."""
    (one, weights), (two, weights_of_two) = study(posters, tmp_path / "one"), study(posters, tmp_path / "two", launch)
    assert [row["epoch"] for row in two] == [1, 2, 3]  # written once, not by each process
    for alone, shared in zip(one, two, strict=True):
        assert shared == pytest.approx(alone, abs=2e-3)
    assert two[-1]["loss"] < two[0]["loss"]
    torch.testing.assert_close(weights_of_two, weights, rtol=0, atol=5e-3)


def test_the_curves_are_tensorboards(tmp_path):
    pytest.importorskip("tensorboard", reason="TENSORBOARD WAS NOT TESTED: posterbeat[train] is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from train.tensorboard_curves import Curves

    curves = Curves(tmp_path)
    curves.add(10, train_bits=7.5, train_rate=0.001)
    curves.add(20, train_bits=6.5, val_bits=7.0)
    Curves(tmp_path / "not", write=False).add(10, train_bits=1.0)
    read = EventAccumulator(str(tmp_path / "tensorboard"))
    read.Reload()
    assert sorted(read.Tags()["scalars"]) == ["train/bits", "train/rate", "val/bits"]
    assert [(point.step, point.value) for point in read.Scalars("train/bits")] == [(10, 7.5), (20, 6.5)]
    assert not (tmp_path / "not").exists()
