"""Folders of a run: held while it runs, gone when it has ended, however it did."""

import contextlib
import os
import signal
import subprocess
import sys
import threading

import pytest

from posterbeat import PosterBeatError
from posterbeat.ui.server.run_folder import RunFolder, default_folder
from tests.served import ROOT

OTHER = """
import pathlib, sys, time
from posterbeat.ui.server.run_folder import RunFolder
folder = RunFolder(pathlib.Path(sys.argv[1]))
(folder.path / "upload.png").write_bytes(b"a visitor's")
print(folder.path, flush=True)
time.sleep(100)
"""


def test_what_a_killed_run_left_goes_and_what_a_running_one_has_stays(tmp_path):
    (tmp_path / "somebody's").write_text("a file that is none of ours")
    other = subprocess.Popen([sys.executable, "-c", OTHER, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        theirs = other.stdout.readline().strip()
        mine = RunFolder(tmp_path)
        assert os.path.exists(f"{theirs}/upload.png") and mine.path.stat().st_mode & 0o077 == 0
        other.send_signal(signal.SIGKILL)
        other.wait()
        third = RunFolder(tmp_path)
        assert not os.path.exists(theirs) and mine.path.exists()
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    third.remove()
    mine.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["somebody's"]


def test_a_folder_that_was_removed_comes_back_and_is_held(tmp_path):
    mine = RunFolder(tmp_path)
    mine.keep()
    mine.path.rmdir()
    mine.keep()
    assert mine.path.is_dir()
    RunFolder(tmp_path)
    assert mine.path.is_dir()  # so it is held again


def test_a_folder_into_which_others_still_write_is_removed_all_the_same(tmp_path):
    mine, over = RunFolder(tmp_path), threading.Event()

    def write():
        while not over.wait(0.002):
            mine.path.mkdir(exist_ok=True)
            with contextlib.suppress(OSError):
                (mine.path / "late").write_bytes(b"a visitor's")

    writing = threading.Thread(target=write)
    writing.start()
    threading.Timer(0.3, over.set).start()
    mine.remove()
    writing.join()
    assert not list(tmp_path.iterdir())
    mine.keep()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_had_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PosterBeatError, match="GRADIO_TEMP_DIR"):
        RunFolder(tmp_path / "file")


def test_a_folder_that_somebody_put_there_before_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    place = tmp_path / f"posterbeat-{os.getuid()}"
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PosterBeatError, match="not this user's own"):
        default_folder()
    place.unlink()
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    assert default_folder() == place and place.stat().st_mode & 0o077 == 0
    if os.getuid() == 0:
        os.chown(place, 12345, 12345)
        with pytest.raises(PosterBeatError, match="not this user's own"):
            default_folder()


def test_a_link_among_what_was_left_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("")
    parent = tmp_path / "parent"
    parent.mkdir()
    (parent / "run-of-posterbeat-x").symlink_to(outside)
    RunFolder(parent)
    assert (outside / "file").exists()
