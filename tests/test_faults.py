"""An app of its own that is treated badly: no network, no room, a renderer that fails, the order to stop.

The tests follow each other on that one app, since each start takes seconds; the last one stops it.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from posterbeat import GENRES, PosterBeat, Score, WeightsError
from posterbeat.hub import weights_folder
from posterbeat.ui.page import text
from tests.served import ROOT, ask, await_answer, call, draw_poster, free_port, start, upload

KEPT = 25  # seconds
NAME = "grandmothers-birthday-1953"
ROOM = 24_000_000  # bytes of the small disk
CLONE_NEWNET = 0x40000000
# Stands before the real FluidSynth and does what the file beside it says.
STAND_IN = """#!{python}
import os, sys, wave
mode, out = open({mode!r}).read(), sys.argv[sys.argv.index("-F") + 1]
if mode == "crash":
    os.abort()
if mode == "silence":
    with wave.open(out, "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", ""))
        file.writeframes(bytes(4 * 44100 * 60))
    sys.exit()
if mode == "missing" or not {real!r}:
    sys.exit(127)
os.execv({real!r}, sys.argv)
"""


def may(*command):
    """Whether this user may run a command here, such as to make a network or a file system."""
    return shutil.which(command[0]) and subprocess.run(command, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The app in a network without a way out, its files on a small disk, a FluidSynth that fails when told to."""
    home = tmp_path_factory.mktemp("own")
    files, between, programs = (home / name for name in ("files", "between", "programs"))
    for folder in (files, between, programs):
        folder.mkdir()
    small = os.getuid() == 0 and may("mount", "-t", "tmpfs", "-o", f"size={ROOM}", "small", str(files))
    lonely = os.getuid() == 0 and may("unshare", "-n", "true")
    mode = home / "mode"
    mode.write_text("play")
    program = programs / "fluidsynth"
    program.write_text(STAND_IN.format(python=sys.executable, mode=str(mode), real=shutil.which("fluidsynth") or ""))
    program.chmod(0o755)
    command = [*(["unshare", "-n"] if lonely else []), sys.executable, "tests/watched_app.py", str(home / "asked"),
               *(["lonely"] if lonely else [])]
    port, log = free_port(), home / "log"
    process = start(port, log, command, GRADIO_TEMP_DIR=str(files), TMPDIR=str(between), POSTERBEAT_KEPT=str(KEPT),
                    GRADIO_MCP_SERVER="False", PATH=f"{programs}{os.pathsep}{os.environ['PATH']}", PYTHONPATH=str(ROOT))

    def enter():
        """A thread's sockets belong to the network that it entered."""
        if lonely:
            with open(f"/proc/{process.pid}/ns/net") as network:
                assert ctypes.CDLL(None).setns(network.fileno(), CLONE_NEWNET) == 0

    app = f"http://127.0.0.1:{port}"
    with ThreadPoolExecutor(4, initializer=enter) as threads:

        def inside(function, *values):
            return threads.submit(function, *values).result()

        def answers():
            (home / "asked").stat()  # not there before loopback is up, and asking sooner would be counted
            return inside(ask, app + "/config")

        try:
            await_answer(process, log, answers)
            yield SimpleNamespace(app=app, files=files, between=between, mode=mode, log=log, asked=home / "asked", small=small,
                                  lonely=lonely, process=process, threads=threads, inside=inside)
        finally:
            process.kill()
            process.wait()
    if small:
        subprocess.run(["umount", str(files)], check=True)


def composed(own, notes=32, **controls):
    """A piece, or the refusal."""
    return own.inside(call, own.app, "compose", {"genre": "horror", "notes": notes, "seed": 5, **controls})


def heard(answer):
    sound, rate = soundfile.read(answer[0]["path"])
    return rate == 44100 and np.abs(sound).max() > 0.8


def unfinished(own):
    """Files that were begun and bear no final name, and final names over files that are not whole."""
    found = [path for path in own.files.rglob(".*") if path.is_file()]
    for path in own.files.rglob("take-*/*"):
        try:
            soundfile.info(path) if path.suffix == ".wav" else Score.from_midi(path) if path.suffix == ".mid" else None
        except Exception:
            found.append(path)
    return found


@pytest.fixture(scope="module")
def visited(own, tmp_path_factory):
    """The files of a visit: uploads with a telling name, one of them broken, and what was made of them."""
    poster = draw_poster(tmp_path_factory.mktemp("poster") / "poster.png").read_bytes()
    answer, refusal = composed(own)  # waits for the networks
    assert refusal is None and heard(answer)
    paths = []
    for content, name in ((poster, f"{NAME}.png"), (poster[:200], f"{NAME}-cut.png")):
        paths.append(json.loads(own.inside(upload, own.app, name, content)[1])[0])
    assert own.inside(call, own.app, "read_poster", [{"path": paths[0]}])[0][0]["genre"] in GENRES
    assert own.inside(call, own.app, "read_poster", [{"path": paths[1]}])[1].endswith(".")
    lit = own.inside(call, own.app, "heatmap", [{"path": paths[0]}, None])[0][0]["path"]
    track, _ = own.inside(call, own.app, "poster_to_music", {"poster": {"path": paths[0]}, "notes": 32})
    return [Path(path) for path in (*paths, lit, track[0]["path"], track[1]["path"])]


def test_no_request_left_the_machine(own, visited):
    """Neither at the start nor in use: the kernel counts what found no way, and Python tells what it looked for."""
    assert own.asked.read_text() == "" and len(visited) == 5
    if not own.lonely:
        pytest.skip("THE APP WAS NOT CUT OFF FROM THE NETWORK: that needs root and unshare")

    def no_route():
        names, values = (line.split() for line in Path(f"/proc/{own.process.pid}/net/snmp").read_text().splitlines()[:2])
        return int(dict(zip(names, values))["OutNoRoutes"])

    assert no_route() == 0
    assert own.inside(ask, own.app + "/")[0] == 200

    def outwards():
        import socket

        with socket.socket() as line, pytest.raises(OSError):
            line.connect(("192.0.2.1", 80))

    own.inside(outwards)
    assert no_route() == 1  # so it does count


@pytest.mark.parametrize("mode, reason", [("crash", "no sound file"), ("silence", "silence"), ("missing", "no sound file")])
def test_when_fluidsynth_fails_the_sampler_plays_and_the_log_says_why(own, mode, reason):
    before = len(own.log.read_text())
    own.mode.write_text(mode)
    try:
        answer, refusal = composed(own)
    finally:
        own.mode.write_text("play")
    assert refusal is None and heard(answer)
    assert reason in own.log.read_text()[before:]
    assert answer[2]["renderer"] == "symusic, as FluidSynth failed"


def test_a_visit_leaves_nothing_behind_and_no_trace_in_the_log(own, visited):
    assert all(path.is_relative_to(own.files) for path in visited)
    end = time.monotonic() + 3 * KEPT
    while any(path.exists() for path in visited) and time.monotonic() < end:
        time.sleep(0.5)
    assert not [path for path in visited if path.exists()]
    assert own.inside(call, own.app, "read_poster", [{"path": str(visited[0])}])[1].endswith("upload it again.")
    assert not list(own.between.rglob("posterbeat-*"))
    log = own.log.read_text()
    assert NAME not in log and "Traceback" not in log and len(log) < 3000


def test_a_disk_that_cannot_be_written_is_told_and_the_app_goes_on(own):
    if not own.small:
        pytest.skip("A READ-ONLY DISK WAS NOT TRIED: that needs root and tmpfs")
    subprocess.run(["mount", "-o", "remount,ro", str(own.files)], check=True)
    try:
        answer, refusal = composed(own)
        assert answer is None and "room" in refusal
        status, said = own.inside(upload, own.app, "other.png", b"content")
        assert status >= 400 and json.loads(said)["error"].endswith(".")
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(own.files)], check=True)
    assert heard(composed(own)[0])


def test_a_full_disk_is_told_and_the_app_goes_on(own):
    if not own.small:
        pytest.skip("A FULL DISK WAS NOT TRIED: that needs root and tmpfs")
    whole, over = (own.files / "filler").open("wb", buffering=0), threading.Event()

    def fill():  # again and again, since old files go meanwhile
        while not over.is_set():
            try:
                whole.write(bytes(1 << 14))
            except OSError:
                over.wait(0.02)

    filling = threading.Thread(target=fill)
    filling.start()
    try:
        time.sleep(0.5)
        answer, refusal = composed(own, notes=200)
        assert answer is None and "room" in refusal and str(own.files) not in refusal
        status, said = own.inside(upload, own.app, "other.png", bytes(100_000))
        assert status >= 400 and "Traceback" not in said.decode()
        assert own.inside(ask, own.app + "/")[0] == 200
    finally:
        over.set()
        filling.join()
        whole.close()
    (own.files / "filler").unlink(missing_ok=True)
    assert not unfinished(own)
    assert heard(composed(own)[0])


def test_the_order_to_stop_ends_the_work_in_words_and_leaves_nothing_half_done(own):
    work = own.threads.submit(call, own.app, "compose", {"genre": "drama", "notes": 2000})
    time.sleep(1.5)
    own.process.terminate()
    answer, refusal = work.result()
    assert answer is None and refusal == text.ENDING
    assert own.process.wait(60) == 0
    assert not list(own.files.iterdir()) and not list(own.between.iterdir())
    assert "Traceback" not in own.log.read_text()


@pytest.mark.parametrize("broken", ["classifier", "composer"])
@pytest.mark.parametrize("fault", ["swapped", "truncated", "another config", "a tensor renamed"])
def test_weights_that_are_not_the_model_s_are_refused_by_name(broken, fault, tmp_path):
    other = {"classifier": "composer", "composer": "classifier"}[broken]
    wrong = tmp_path / "wrong"
    shutil.copytree(weights_folder(broken), wrong)
    tensors = wrong / "model.safetensors"
    if fault == "swapped":
        shutil.copy(weights_folder(other) / "model.safetensors", tensors)
    elif fault == "truncated":
        os.truncate(tensors, tensors.stat().st_size - 1000)
    elif fault == "another config":
        shutil.copy(weights_folder(other) / "config.json", wrong)
    else:
        content = tensors.read_bytes()
        at = content.index(b'"', 40)  # inside the header: the next tensor's name
        tensors.write_bytes(content[:at + 1] + b"X" + content[at + 2:])
    with pytest.raises(WeightsError, match="wrong") as refused:
        PosterBeat.load(**{broken: wrong})
    assert str(refused.value).endswith(".")
