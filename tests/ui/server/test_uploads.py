"""Threads that tidy up survive what happens to the disk, and bring back what the page itself needs."""

import errno
import logging
import shutil
import threading
import time
from types import SimpleNamespace

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


def files(root):
    return {path.name for path in root.iterdir()}


def write(path, size):
    """A file of so many bytes, later than all before it: st_ctime cannot be set."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    time.sleep(0.05)


def test_what_was_changed_longest_ago_goes_where_room_is_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    for name, size in (("own/picture.jpg", 900), ("first/a.wav", 400), ("second/a.wav", 500), ("broken-off", 300)):
        write(tmp_path / name, size)
    write(tmp_path / "first/mix.wav", 100)  # so that it was changed last
    spared = [str(tmp_path / "own" / "picture.jpg")]
    sizes = sum(path.lstat().st_size for path in tmp_path.rglob("*"))
    uploads.make_room(sizes, spared)
    assert files(tmp_path) == {"own", "first", "second", "broken-off"}
    uploads.make_room(sizes - 1, spared)
    assert files(tmp_path) == {"own", "first", "broken-off"}
    uploads.make_room(0, spared)
    assert files(tmp_path) == {"own"}


def test_files_do_not_fill_the_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(uploads, "_ROOM", 0.02)
    over = uploads.keep_tidy(3600, most=20_000_000)
    try:
        for _ in range(12):
            (uploads.folder() / "take.wav").write_bytes(bytes(3_000_000))
            until(lambda: sum(path.lstat().st_size for path in tmp_path.rglob("*.wav")) <= 20_000_000)
    finally:
        over.set()
    assert 4 <= len(files(tmp_path)) <= 6


def test_half_of_what_would_be_free_is_taken_where_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    write(tmp_path / "first/a.wav", 400_000)
    write(tmp_path / "second/a.wav", 500_000)
    held = sum(path.lstat().st_size for path in tmp_path.rglob("*"))
    for free, left in ((held, {"first", "second"}), (held - 1000, {"second"}), (0, set())):
        monkeypatch.setattr(uploads.shutil, "disk_usage", lambda path, free=free: SimpleNamespace(free=free))
        uploads.make_room()
        assert files(tmp_path) == left
