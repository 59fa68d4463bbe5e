"""What an app refuses to start with, and that callers hear nothing of the server's files."""

import logging

import gradio as gr
import pytest

from posterbeat import WeightsError
from posterbeat.errors import PosterError, RenderError, SaveError
from posterbeat.ui.error_messages import spoken
from posterbeat.ui.page import text
from posterbeat.ui.server.start_check import check_named_weights, prove_playing


def test_nothing_starts_without_a_sound(monkeypatch, tmp_path):
    prove_playing()
    monkeypatch.setenv("POSTERBEAT_SOUNDFONT", str(tmp_path / "nowhere.sf2"))
    with pytest.raises(RenderError, match="nowhere.sf2"):
        prove_playing()
    (tmp_path / "text.sf2").write_bytes(b"this is no font, and no sound comes of it")
    monkeypatch.setenv("POSTERBEAT_SOUNDFONT", str(tmp_path / "text.sf2"))
    with pytest.raises(RenderError, match="text.sf2"):
        prove_playing()


def test_nothing_starts_with_weights_that_were_named_and_are_not_there(monkeypatch, tmp_path):
    check_named_weights()
    monkeypatch.setenv("POSTERBEAT_HISTORICAL", str(tmp_path / "nowhere"))
    with pytest.raises(WeightsError, match="nowhere"):
        check_named_weights()


@pytest.mark.parametrize("error, said", [
    (RenderError("The soundfont /secret/font.sf2 cannot be read: name an existing one."), text.SILENT),
    (WeightsError("The weights folder /secret/w holds no config.json: give another."), text.SILENT),
    (SaveError("/secret/take.wav could not be written: no room."), text.NO_ROOM),
    (OSError(13, "Permission denied", "/secret/take.wav"), text.FAULT), (KeyError("/secret"), text.FAULT),
    (PosterError("The file 'a.png' is empty: give another."), "The file 'a.png' is empty: give another.")], ids=repr)
def test_what_fails_on_the_server_tells_callers_nothing_of_its_files(error, said, caplog):
    @spoken
    def fail():
        raise error

    @spoken
    def fail_later():
        yield 1
        raise error

    with caplog.at_level(logging.ERROR):
        for work in (fail, lambda: list(fail_later())):
            with pytest.raises(gr.Error) as told:
                work()
            assert told.value.message == said and not told.value.print_exception
    if said == text.SILENT:
        assert caplog.text.count("/secret") == 2  # whoever runs the server reads it there
