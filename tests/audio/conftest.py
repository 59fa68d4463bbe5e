"""Scores, soundfonts and stand-in programs for the tests of sound."""

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest
from ensembles import BUNDLED, ensemble

from posterbeat.audio.fluidsynth import library
from posterbeat.audio.render import render

NO_FLUIDSYNTH = "THE USUAL RENDERER IS NOT TESTED: install fluidsynth to test it"
RENDERERS = {"library": "with_fluidsynth", "program": "with_the_program_alone", "sampler": "without_fluidsynth"}


@pytest.fixture(scope="session")
def score():
    return ensemble()


@pytest.fixture(autouse=True)
def own_choice_of_soundfont(monkeypatch):
    monkeypatch.delenv("POSTERBEAT_SOUNDFONT", raising=False)


@pytest.fixture
def with_fluidsynth():
    if not library():
        pytest.skip(NO_FLUIDSYNTH)


@pytest.fixture
def without_the_library(monkeypatch):
    monkeypatch.setattr("posterbeat.audio.stream.library", lambda: None)


@pytest.fixture
def with_the_program_alone(without_the_library):
    if not shutil.which("fluidsynth"):
        pytest.skip(NO_FLUIDSYNTH)


@pytest.fixture
def without_fluidsynth(without_the_library, monkeypatch, tmp_path):
    empty = tmp_path / "empty-path"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))


@pytest.fixture(scope="session", params=RENDERERS)
def rendered(request, score, tmp_path_factory):
    """Samples and rate of `score`, by each renderer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("POSTERBEAT_SOUNDFONT", raising=False)
        if request.param != "library":
            patch.setattr("posterbeat.audio.stream.library", lambda: None)
        if request.param == "sampler":
            patch.setenv("PATH", str(tmp_path_factory.mktemp("empty-path")))
        elif not shutil.which("fluidsynth") or not library():
            pytest.skip(NO_FLUIDSYNTH)
        sound = render(score)
        return sound.samples, sound.sample_rate


@pytest.fixture(params=RENDERERS)
def each_renderer(request):
    request.getfixturevalue(RENDERERS[request.param])
    return request.param


@pytest.fixture
def stand_in(without_the_library, monkeypatch, tmp_path):
    """Puts a program called fluidsynth first on PATH: a Python script, in which `out` is the file it should write."""

    def put(script: str) -> Path:
        folder = tmp_path / "programs"
        folder.mkdir()
        program = folder / "fluidsynth"
        head = f"#!{sys.executable}\nimport os, sys, time\nout = sys.argv[sys.argv.index('-F') + 1]\n"
        program.write_text(head + script)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return folder

    return put


@pytest.fixture(scope="session")
def silent_soundfont(tmp_path_factory):
    """A whole General MIDI soundfont in which every recording is silence."""
    data = bytearray(BUNDLED.read_bytes())
    at = data.index(b"sdta") + 4
    assert data[at:at + 4] == b"smpl"
    size = int.from_bytes(data[at + 4:at + 8], "little")
    data[at + 8:at + 8 + size] = bytes(size)
    path = tmp_path_factory.mktemp("soundfont") / "silent.sf2"
    path.write_bytes(data)
    return path
