"""The composer in a process of its own writes what the composer here does, and survives what happens to it."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
import torch

from posterbeat import BiLSTMComposer, ParameterError, PosterBeatError, WeightsError
from posterbeat.composer import worker
from posterbeat.composer.worker import ComposerApart, possible
from posterbeat.controls import Controls
from posterbeat.hub import weights_folder
from posterbeat.steps import GoOn, Rewrite
from tests.music.made import tune

pytestmark = pytest.mark.skipif(not possible(), reason="this system cannot fork")


@pytest.fixture(scope="module")
def composer():
    return ComposerApart(weights_folder("composer")).wait()


def forks(composer):
    """Process ids of those that write now."""
    pid = composer._process.pid
    return [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]


def until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_notes_are_those_of_the_composer_here_whatever_its_threads(composer, threads):
    here, usual = BiLSTMComposer.from_pretrained(weights_folder("composer")), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        plain = here.generate({"horror": 0.7, "comedy": 0.3}, notes=150, seed=5, density=0.6)
    finally:
        torch.set_num_threads(usual)
    assert composer.generate({"horror": 0.7, "comedy": 0.3}, notes=150, seed=5, density=0.6) == plain


def test_a_step_is_taken_there_as_here(composer):
    here, controls = BiLSTMComposer.from_pretrained(weights_folder("composer")), Controls(seed=5, notes=60, chords="Am F C")
    score = here.generate("drama", controls=controls)
    for step in (GoOn(10, 1), Rewrite(0, (1, 2), 2)):
        plain = here.take_step(score, step, "drama", controls=controls)
        assert composer.take_step(score, step, "drama", controls=controls) == plain
    with pytest.raises(ParameterError, match="is not in this piece"):
        composer.take_step(score, Rewrite("kazoo", None, 1), "drama", controls=controls)
    assert composer.mark == here.mark != ""


def test_several_at_once_get_each_their_own(composer):
    alone = [composer.generate("drama", notes=40, seed=seed) for seed in range(3)]
    together = [None] * 3

    def ask(seed):
        together[seed] = composer.generate("drama", notes=40, seed=seed)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_progress_is_told_and_can_stop_the_work(composer):
    told = []

    def stop(done, total):
        if done:
            told.append((done, total))
        if len(told) == 2:
            raise KeyError("stopped")

    with pytest.raises(KeyError, match="stopped"):
        composer.generate("drama", notes=2000, seed=1, progress=stop)
    assert len(told) == 2 and 0 < told[0][0] < told[1][0] < 2000 and {total for _, total in told} == {2000}  # bar by bar
    if Path("/proc").is_dir():
        until(lambda: not forks(composer))
    assert len(composer.generate("drama", notes=32)) == 32


@pytest.mark.parametrize("step", [None, GoOn(300, 1)])
def test_the_work_can_be_stopped_while_the_piece_is_planned(composer, step):
    told = []

    def stop(done, total):
        told.append((done, total))
        if len(told) == 3:
            raise KeyError("stopped")

    controls = Controls(seed=1, notes=1000)
    with pytest.raises(KeyError, match="stopped"):
        if step is None:
            composer.generate("drama", controls=controls, progress=stop)
        else:
            composer.take_step(tune(bars=16), step, "drama", controls=controls, progress=stop)
    assert {done for done, _ in told} == {0} and told[0][1] > 0


def test_a_wrong_control_is_the_same_error(composer):
    with pytest.raises(ParameterError, match="tuba only"):
        composer.generate("drama", notes=32, ensemble="tuba only")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_a_killed_process_costs_nobody_a_piece_unless_it_dies_again(composer):
    whole = composer.generate("drama", notes=64, seed=9)

    def kill(times):
        left = [times]

        def progress(done, total):
            if left[0]:
                left[0] -= 1
                for child in forks(composer):
                    os.kill(child, signal.SIGKILL)

        return progress

    assert composer.generate("drama", notes=64, seed=9, progress=kill(1)) == whole
    with pytest.raises(PosterBeatError, match="try again"):
        composer.generate("drama", notes=2000, seed=9, progress=kill(1000))
    composer._process.kill()
    composer._process.wait()
    assert composer.generate("drama", notes=64, seed=9) == whole


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
@pytest.mark.parametrize("whom", ["the fork that writes", "the process that forks"])
def test_a_stopped_process_does_not_hold_its_place(composer, whom, monkeypatch):
    whole = composer.generate("drama", notes=64, seed=9)
    monkeypatch.setattr(worker, "_SILENCE", 15.0)
    stopped = []

    def stop(done, total):
        if not stopped:
            stopped.extend(forks(composer))
            for child in stopped:
                os.kill(child, signal.SIGSTOP)

    if whom == "the fork that writes":
        assert composer.generate("drama", notes=64, seed=9, progress=stop) == whole
        until(lambda: not set(stopped) & set(forks(composer)))
        assert stopped
    else:
        composer._process.send_signal(signal.SIGSTOP)
        before = composer._process.pid
        assert composer.generate("drama", notes=64, seed=9) == whole
        assert composer._process.pid != before


def test_it_ends_with_the_process_that_started_it(composer):
    other = ComposerApart(weights_folder("composer"))
    other._line.close()
    until(lambda: other._process.poll() is not None, 120)


def test_weights_that_cannot_be_loaded_are_told(tmp_path):
    with pytest.raises(WeightsError):
        ComposerApart(tmp_path).wait()
