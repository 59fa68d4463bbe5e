"""Starting and stopping an app of its own: where it listens, what it refuses to start with, and that it leaves nothing behind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from types import SimpleNamespace

import pytest

from posterbeat.ui.page import text
from tests.served import ask, await_answer, free_port, start, upload


def six():
    """Whether this machine talks IPv6 with itself."""
    try:
        with socket.socket(socket.AF_INET6) as line:
            line.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """An app on IPv6, with three places a caller, whose predecessor was killed."""
    home = tmp_path_factory.mktemp("own")
    files, between = home / "files", home / "between"
    for folder in (files, between):
        (folder / "run-of-posterbeat-killed").mkdir(parents=True)
        (folder / "run-of-posterbeat-killed" / "upload.png").write_bytes(b"a visitor's")
    port = free_port()
    process = start(port, home / "log", GRADIO_SERVER_NAME="::1" if six() else "127.0.0.1", GRADIO_TEMP_DIR=str(files),
                    TMPDIR=str(between), POSTERBEAT_PLACES="3", GRADIO_MCP_SERVER="False")
    app = f"http://{'[::1]' if six() else '127.0.0.1'}:{port}"
    try:
        await_answer(process, home / "log", lambda: ask(app + "/config"))
        yield SimpleNamespace(app=app, process=process, log=home / "log", files=files, between=between, port=port)
    finally:
        process.kill()
        process.wait()


def test_it_listens_where_it_was_told_and_what_a_killed_run_left_is_gone(own):
    assert ask(own.app + "/")[0] == 200
    assert f"{own.app}" in own.log.read_text()
    for folder in (own.files, own.between):
        left = [path.name for path in folder.iterdir()]
        assert len(left) == 1 and left[0].startswith("run-of-posterbeat-") and "killed" not in left[0]


def test_one_caller_does_not_take_all_places(own):
    """Whatever address he says he forwards for."""
    wish = {"data": ["horror", 2000, 1.0, 1, None, None, None, None, "posterbeat", *[None] * 5]}
    answers = [ask(own.app + "/gradio_api/call/compose", wish, {"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(5)]
    assert [status for status, _ in answers] == [200] * 3 + [429] * 2
    assert json.loads(answers[-1][1])["error"] == text.BUSY
    assert ask(own.app + "/gradio_api/queue/status")[0] == 200


def test_told_to_stop_it_leaves_nothing_though_an_upload_comes_slowly(own):
    status, said = upload(own.app, "poster.png", b"a visitor's")
    assert status == 200 and json.loads(said)[0].startswith(str(own.files))
    with socket.create_connection(("::1" if six() else "127.0.0.1", own.port)) as line:
        line.sendall(b"POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n"
                     b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n--edge\r\nContent-Disposition: form-data; "
                     b"name=\"files\"; filename=\"a.png\"\r\n\r\n" + b"x" * 300_000)
        end = time.monotonic() + 30
        while not list(own.files.glob("*/tmp*")):
            assert time.monotonic() < end
            time.sleep(0.1)
        own.process.terminate()
        own.process.send_signal(signal.SIGINT)  # an impatient user
        while own.process.poll() is None and time.monotonic() < end + 30:
            with contextlib.suppress(OSError):  # cut off, as may be
                line.send(b"x")
            time.sleep(0.2)
    assert own.process.wait(60) == 0
    assert not list(own.files.rglob("*")) and not list(own.between.rglob("*"))
    assert "Traceback" not in own.log.read_text()


@pytest.mark.parametrize("name", ["POSTERBEAT_SOUNDFONT", "port"])
def test_it_does_not_start_where_every_piece_would_fail_or_the_port_is_taken(name, tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1] if name == "port" else free_port()
        process = start(port, tmp_path / "log", GRADIO_TEMP_DIR=str(tmp_path / "files"), TMPDIR=str(tmp_path),
                        **({} if name == "port" else {name: str(tmp_path / "no-font.sf2")}))
        try:
            assert process.wait(timeout=280) == 1
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    said = (tmp_path / "log").read_text()
    assert "PosterBeat cannot start: " in said and "Traceback" not in said
    assert ("no-font.sf2" if name != "port" else str(port)) in said
    assert not [path for path in os.listdir(tmp_path) if path.startswith("run-")]
