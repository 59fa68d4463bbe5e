"""Learning on one GPU, rehearsed on the processor: a little of all of it, and its parts."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

import posterbeat.vision  # noqa: F401  registers the networks
from posterbeat.composer.planner import Planner
from posterbeat.composer.writer import ReaderWriter
from posterbeat.hub import load_strict
from posterbeat.music.historical import HistoricalStack, StackConfig
from train.device import bf16_works
from train.music import train_planner, train_writer
from train.music.batches import Corpus
from train.music.feed import feed, placed, pressed, unpressed
from train.on_gpu import _LAST, _RESERVE, SHARES, Guard, minutes_of
from train.results import MOST_BYTES, Results, unfold
from train.study.on_gpu import Learning as Study
from train.study.train import windows

pytestmark = pytest.mark.timeout(900)  # a rehearsal takes well under two minutes where nothing else is running
CPU = torch.device("cpu")
NETWORKS = {"picture", "poster_cnn", "planner", "writer", "historical/second_comedy_700", "historical/final_action_700"}
no_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="NO CUDA HERE: losses were NOT compared with a GPU's")


def smoke(made, out, *arguments):
    """A rehearsal in a process that lacks what the machine with the GPU may lack."""
    command = [sys.executable, "tests/train/without_extras.py", "train.on_gpu", made.folder, out, "--smoke", "--device", "cpu",
               "--minutes", "30", *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def rehearsed(made, tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    return out, smoke(made, out)


def test_all_is_learned_and_kept(rehearsed, tmp_path):
    out, _ = rehearsed
    files = list(out.iterdir())
    assert len(files) <= 8 and all(path.stat().st_size <= 16 << 20 for path in files)
    report = json.loads((out / "report.json").read_text())
    assert set(report["finished"]) == set(SHARES) and report["smoke"]
    assert {folder.relative_to(tmp_path).as_posix() for folder in unfold(out, tmp_path)} == NETWORKS
    for name, network in (("picture/model", timm.create_model("posternet", backbone="tf_efficientnet_lite0")),
                          ("poster_cnn/model", timm.create_model("poster_cnn")),
                          ("planner/best", Planner()), ("writer/best", ReaderWriter())):
        path = tmp_path / f"{name}.safetensors"
        load_strict(network, load_file(path), path)
        figures = json.loads((path.parent / "best.json").read_text())
        assert all(np.isfinite(value) for value in figures.values() if not isinstance(value, str))
    for run in ("second_comedy_700", "final_action_700"):
        stack = HistoricalStack.from_pretrained(tmp_path / "historical" / run)
        assert run == f"{stack.config.stack}_{stack.config.genre}_700"
        seen = json.loads((tmp_path / "historical" / run / "seen.json").read_text())
        assert seen["train_loss"]["value"] > 0 and 0 <= seen["copied_8"]["value"] <= 1 and seen["alike"]["n"] == 2


def test_curves_tell_of_every_part(rehearsed, tmp_path):
    unfold(rehearsed[0], tmp_path)
    rows = [line.split(",") for line in (tmp_path / "picture/curve.csv").read_text().splitlines()]
    assert [row[0] for row in rows] == ["part", "start", "labels", "steady"]
    assert "val_jpeg_agreement" in rows[0]
    for network in ("planner", "writer"):
        assert "val,2," in (tmp_path / network / "log.csv").read_text()
        assert json.loads((tmp_path / network / "best.json").read_text())["seen"] > 0
    log = json.loads((tmp_path / "historical/final_action_700/log.json").read_text())
    assert log["windows_seen"] == 8 and log["rounds"]


def test_a_run_goes_on_from_earlier_results(made, rehearsed, tmp_path):
    smoke(made, tmp_path / "again", "--what", "composer", "study", "--start", rehearsed[0])
    unfold(rehearsed[0], tmp_path / "first")
    unfold(tmp_path / "again", tmp_path / "second")
    for network in ("planner", "writer"):
        before, after = (json.loads((tmp_path / run / network / "best.json").read_text())["seen"] for run in ("first", "second"))
        assert after > before
    first, second = (load_file(tmp_path / run / "historical/second_comedy_700/model.safetensors") for run in ("first", "second"))
    assert all(torch.equal(first[name], second[name]) for name in first)  # all that it was to see was seen before
    assert not (tmp_path / "second" / "picture").exists()


def test_the_pack_is_checked_first(made, tmp_path):
    (tmp_path / "manifest.json").write_bytes((made.folder / "manifest.json").read_bytes())
    done = subprocess.run([sys.executable, "-m", "train.on_gpu", tmp_path, tmp_path / "out"], capture_output=True, text=True)
    assert done.returncode == 1 and "The pack is not whole" in done.stderr and "notes-00.npz is missing" in done.stderr
    assert not (tmp_path / "out").exists()


def test_earlier_results_are_not_written_over(made, tmp_path):
    (tmp_path / "report.json").write_text("{}")
    done = subprocess.run([sys.executable, "-m", "train.on_gpu", made.folder, tmp_path], capture_output=True, text=True)
    assert done.returncode == 1 and "give a new folder" in done.stderr
    assert (tmp_path / "report.json").read_text() == "{}"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here, so nobody is told that there is none")
def test_without_a_gpu_one_is_told_so(made, tmp_path):
    done = subprocess.run([sys.executable, "-m", "train.on_gpu", made.folder, tmp_path], capture_output=True, text=True)
    assert done.returncode == 1 and "PyTorch finds no GPU here" in done.stderr


def test_minutes_are_divided_and_what_is_left_over_goes_to_the_next():
    end = time.monotonic() + 600
    everything = list(SHARES)
    assert minutes_of("picture", everything, end) == pytest.approx(0.5 * (600 - _RESERVE) / 60, abs=0.01)
    assert minutes_of("study", ["study"], end) == pytest.approx((600 - _RESERVE) / 60, abs=0.01)
    assert minutes_of("composer", everything[1:], end) == pytest.approx(0.7 * (600 - _RESERVE) / 60, abs=0.01)
    assert minutes_of("study", ["study"], time.monotonic() - 5) == 0


def test_results_are_written_all_along_and_the_end_comes_in_time():
    written, left = [], []
    begun = time.monotonic()
    guard = Guard(lambda: written.append(time.monotonic()), begun + _LAST + 1.0, lambda: left.append(time.monotonic()), every=0.2)
    guard.start()
    guard.join(timeout=20)
    assert not guard.is_alive() and len(left) == 1 and len(written) >= 3
    assert 1.0 <= left[0] - begun < _LAST  # before the end, with time to spare
    assert written[-1] >= begun + 1.0  # what is there at the end is kept


def test_a_guard_that_is_stopped_ends_nothing():
    left = []
    guard = Guard(lambda: None, time.monotonic() + _LAST + 0.5, lambda: left.append(True), every=0.1)
    guard.start()
    guard.stop()
    time.sleep(0.6)
    assert not left


def learned(work, name, value, file="best.safetensors"):
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"large": torch.full((3000, 1500), value), "small": torch.full((5,), value)}, folder / file)
    (folder / "best.json").write_text(json.dumps({"bits": value}))


def test_results_are_small_files_that_follow_what_is_learned(tmp_path):
    work, out = tmp_path / "work", tmp_path / "out"
    results = Results(work, out, device="none")
    results.write()
    assert json.loads((out / "report.json").read_text())["networks"] == {}
    learned(work, "writer", 1.5)
    learned(work, "historical/one", 2.5, "model.safetensors")
    results.write()
    assert max(path.stat().st_size for path in out.glob("weights-*")) <= MOST_BYTES
    assert len(list(out.glob("weights-*"))) == 2
    unfold(out, tmp_path / "first")
    learned(work, "writer", 0.5)
    results.write()
    unfold(out, tmp_path / "second")
    for run, value in (("first", 1.5), ("second", 0.5)):
        tensors = load_file(tmp_path / run / "writer/best.safetensors")
        assert tensors["large"].dtype == torch.float16 and tensors["small"].dtype == torch.float32
        assert float(tensors["large"].float().mean()) == value
        assert json.loads((tmp_path / run / "writer/best.json").read_text()) == {"bits": value}
    assert float(load_file(tmp_path / "second/historical/one/model.safetensors")["small"][0]) == 2.5


def test_results_of_two_moments_are_not_taken_for_one(tmp_path):
    work, out = tmp_path / "work", tmp_path / "out"
    results = Results(work, out)
    learned(work, "writer", 1.0)
    results.write()
    old = (out / "weights-0.safetensors").read_bytes()
    learned(work, "writer", 2.0)
    results.write()
    (out / "weights-0.safetensors").write_bytes(old)
    with pytest.raises(SystemExit, match="weights-0.safetensors .* fetch both again"):
        unfold(out, tmp_path / "there")


@pytest.fixture
def batches(made):
    """A batch for the writer and one for the planner, drawn by chance."""
    corpus = Corpus(made.prepared, "train", seed=3)
    return [*corpus.draw(3, 64, train_writer.BARS), train_planner.draw(corpus, 3, 64)]


def test_a_pressed_batch_comes_out_as_it_was(batches):
    table, data = pressed(batches)
    whole = sum(tensor.nbytes for batch in batches for tensor in vars(batch).values())
    assert len(data) < whole / 4
    for before, after in zip(batches, unpressed(table, data, CPU)):
        for name, tensor in vars(before).items():
            assert getattr(after, name).dtype == tensor.dtype, name
            torch.testing.assert_close(getattr(after, name), tensor, atol=0, rtol=0, msg=name)


def test_numbers_that_do_not_fit_are_not_narrowed(batches):
    plan = batches[0]
    plan.cells[0, 0, 0], plan.mix[0, 0] = 70_000, 0.25
    back, = unpressed(*pressed([plan]), CPU)
    assert back.cells[0, 0, 0] == 70_000 and back.mix[0, 0] == 0.25


def test_processes_feed_different_batches(made):
    corpus = Corpus(made.prepared, "train")

    def draw(random):
        corpus.random = random
        return [train_planner.draw(corpus, 2, 32)]

    stream = feed(draw, CPU, workers=2, seed=1)
    some = [next(stream)[0] for _ in range(4)]
    stream.close()
    assert len({batch.seen.numpy().tobytes() for batch in some}) == 4


def on_both(network, loss):
    """The loss of a network on the processor and on the GPU, in single precision."""
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False), torch.no_grad():
        return [float(loss(network.to(name), torch.device(name))) for name in ("cpu", "cuda")]


@no_cuda
@pytest.mark.parametrize("network, learning, part", [
    (ReaderWriter, train_writer, slice(2)), (Planner, train_planner, slice(2, 3))])
def test_composer_loses_the_same_on_processor_and_gpu(batches, network, learning, part):
    torch.manual_seed(0)
    here, there = on_both(network().eval(), lambda network, device: learning.batch_loss(
        network, *placed(batches[part], device), bf16=False)[0])
    assert there == pytest.approx(here, rel=1e-4)


@no_cuda
def test_a_stack_loses_the_same_on_processor_and_gpu():
    words = [f"p{pitch}" for pitch in range(60, 72)]
    stack = HistoricalStack(StackConfig("second", "comedy", tuple(words), (1,) * 12)).eval()
    rows, after = windows(stack, [[words[(at * at) % 12] for at in range(140)]])
    here, there = on_both(stack, lambda network, device: torch.nn.functional.cross_entropy(
        network(rows.to(device)), after.to(device)))
    assert there == pytest.approx(here, rel=1e-4)


@no_cuda
def test_the_gpu_learns_in_bfloat16():
    assert bf16_works(torch.device("cuda"))


def test_the_studys_sizes_are_the_studys():
    assert [(stack.name, stack.genre, stack.notes) for stack in Study().stacks] == [
        ("second", "comedy", 6600), ("final", "action", 120_000)]
