"""Threads that tidy up survive what happens to the disk, and bring back what the page itself needs."""

import errno
import logging
import shutil
import threading
import time

from posterbeat.ui.server import uploads
from posterbeat.ui.server.repeating import again_and_again
from posterbeat.ui.server.run_folder import RunFolder


def until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_work_goes_on_whatever_happens_once_and_says_it_once(caplog):
    turns = []

    def work():
        turns.append(1)
        if len(turns) in (2, 3, 4, 7):
            raise OSError(errno.EMFILE, "Too many open files", "/secret/name")

    with caplog.at_level(logging.ERROR):
        over = threading.Event()
        thread = again_and_again(work, 0.01, "tidy up", over)
        until(lambda: len(turns) > 12)
        assert thread.is_alive()
        over.set()
        thread.join(5)
    assert not thread.is_alive()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2 and all("Could not tidy up" in line and "secret" not in line for line in said)


def test_old_files_go_though_there_were_no_descriptors_once(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(uploads, "_LOOK", 0.05)
    root, failures = uploads.root, []

    def without_descriptors():
        if len(failures) < 3:
            failures.append(1)
            raise OSError(errno.EMFILE, "Too many open files")
        return root()

    take = uploads.folder()
    monkeypatch.setattr(uploads, "root", without_descriptors)
    over = uploads.keep_tidy(0.3)
    until(lambda: not take.exists())
    over.set()
    assert len(failures) == 3


def test_the_page_s_own_pictures_come_back_when_the_system_clears_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "_RESTORE", 0.05)
    folder = RunFolder(tmp_path)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder.path))
    own = [folder.path / name / f"{name}.jpg" for name in ("action", "drama")]
    for path in own:
        path.parent.mkdir()
        path.write_bytes(path.name.encode())
    over = uploads.keep_tidy(3600, list(map(str, own)), [folder])
    own[0].unlink()
    until(own[0].exists)
    shutil.rmtree(tmp_path)
    until(lambda: all(path.exists() and path.read_bytes() == path.name.encode() for path in own))
    over.set()
