"""What the environment says about serving: taken, or refused in a sentence before anything is served."""

import os
import socket
import subprocess
import sys

import pytest

from posterbeat import ParameterError
from posterbeat.ui.server.settings import Settings, check_free, read_settings, settle
from tests.served import ROOT, free_port


def test_nothing_said_is_a_page_for_this_machine():
    assert read_settings({}) == Settings("127.0.0.1", 7860, frozenset({"localhost", "127.0.0.1", "::1"}), 3600.0, 10, False)


@pytest.mark.parametrize("name", ["POSTERBEAT_KEPT", "POSTERBEAT_PLACES", "POSTERBEAT_DISK", "GRADIO_SERVER_PORT"])
@pytest.mark.parametrize("said", ["-1", "nan", "inf", "-inf", "0", "abc", "1e999", "0x10", "1 2", "9" * 400])
def test_a_number_that_makes_no_sense_is_refused_by_name(name, said):
    with pytest.raises(ParameterError) as refused:
        read_settings({name: said})
    assert str(refused.value).startswith(name) and str(refused.value).endswith(".") and len(str(refused.value)) < 200


def test_numbers_are_taken():
    environment = {"POSTERBEAT_KEPT": "120.5", "POSTERBEAT_PLACES": "3", "GRADIO_SERVER_PORT": "80", "POSTERBEAT_BY_ADDRESS": "1",
                   "POSTERBEAT_DISK": "250.5"}
    found = read_settings(environment)
    assert (found.kept, found.places, found.port, found.by_address, found.disk) == (120.5, 3, 80, True, 250.5e6)


@pytest.mark.parametrize("environment, host, hosts", [
    ({"GRADIO_SERVER_NAME": "0.0.0.0"}, "0.0.0.0", None), ({"GRADIO_SERVER_NAME": "::"}, "::", None),
    ({"GRADIO_SERVER_NAME": "[::1]"}, "::1", {"::1"}), ({"GRADIO_SERVER_NAME": "Studio.local"}, "Studio.local", {"studio.local"}),
    ({"GRADIO_SERVER_NAME": "0.0.0.0", "POSTERBEAT_HOSTS": "Music.example, b.example"}, "0.0.0.0",
     {"music.example", "b.example"}),
    ({"GRADIO_ROOT_PATH": "https://music.example/beat"}, "127.0.0.1", {"music.example"}),
    ({"GRADIO_SHARE": "True"}, "127.0.0.1", None)])
def test_only_names_that_were_asked_to_be_served_are(environment, host, hosts):
    found = read_settings(environment)
    assert found.host == host
    assert found.hosts is None if hosts is None else hosts < found.hosts and found.hosts - hosts <= {
        "localhost", "127.0.0.1", "::1", "0.0.0.0"}


def test_a_port_in_use_is_told():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(ParameterError, match="already in use.*GRADIO_SERVER_PORT"):
            check_free("127.0.0.1", listener.getsockname()[1])
    check_free("127.0.0.1", free_port())


@pytest.mark.parametrize("host", ["192.0.2.7", "no such name", "a" * 300, "\u0000"])
def test_an_address_that_this_machine_lacks_is_told(host):
    with pytest.raises(ParameterError, match="GRADIO_SERVER_NAME"):
        check_free(host, free_port())


def test_what_is_settled_is_what_gradio_can_use(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "between"))
    environment = {"GRADIO_TEMP_DIR": str(tmp_path / "files"), "GRADIO_SERVER_NAME": "::1"}
    settings, folders = settle(environment)
    assert settings.host == "::1" and environment["GRADIO_SERVER_NAME"] == "127.0.0.1"
    assert [environment["GRADIO_TEMP_DIR"], environment["TMPDIR"]] == [str(folder.path) for folder in folders]
    assert environment["FORWARDED_ALLOW_IPS"] == ""
    assert [folder.path.parent.name for folder in folders] == ["files", "between"]


@pytest.mark.parametrize("environment", [
    {"POSTERBEAT_KEPT": "-1"}, {"GRADIO_SERVER_PORT": "http"}, {"GRADIO_TEMP_DIR": "/dev/null"}], ids=str)
def test_the_app_does_not_start_with_settings_that_make_no_sense(environment):
    done = subprocess.run([sys.executable, "app.py"], cwd=ROOT, env={**os.environ, **environment}, capture_output=True,
                          text=True, timeout=200)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("PosterBeat cannot start: ") and done.stderr.endswith(".\n") and done.stderr.count("\n") == 1
