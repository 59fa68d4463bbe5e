"""Every snippet of the README does what the README says."""

import contextlib
import glob
import io
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from posterbeat.cli import app
from tests.served import served

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def snippet(language, word):
    """The one code block in this language that holds this word."""
    found = [block for block in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if word in block]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder but for the example posters."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_python_snippet(folder):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(snippet("python", "PosterBeat.load"), {})
    assert "horror" in said.getvalue()
    assert (folder / "out.mid").stat().st_size > 500


def test_the_lines_for_the_command_line(folder):
    for line in snippet("sh", "posterbeat read").splitlines():  # one goes on from what another wrote
        program, *words = shlex.split(line)
        assert program == "posterbeat"
        words = [found for word in words for found in (sorted(glob.glob(word)) if "*" in word else [word])]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, (line, done.stderr)
        written = [word for option, word in zip(words, words[1:]) if option in ("-o", "--out")]
        assert all(Path(word).exists() for word in written), line


def test_the_client_snippet(folder):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(snippet("python", "gradio_client").replace("http://127.0.0.1:7860", served()), {})
    genre, seed, wav, midi = said.getvalue().split()[-4:]
    assert Path(wav).exists() and Path(midi).exists() and int(seed) >= 0 and genre.isalpha()


@pytest.mark.skipif(not (shutil.which("node") and (ROOT / "tests/js/node_modules").is_dir()),
                    reason="THE JAVASCRIPT SNIPPET WAS NOT TESTED: no Node, or `npm ci --prefix tests/js` was not run")
def test_the_javascript_snippet(folder):
    code = snippet("js", "@gradio/client").replace("http://127.0.0.1:7860", served())
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(ROOT / "tests/js/node_modules")
    (folder / "snippet.js").write_text(code + "process.exit(0);\n")
    done = subprocess.run(["node", "snippet.js"], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    genre, seed, wav, midi = done.stdout.split()
    assert genre.isalpha() and seed == "7" and wav.endswith(".wav") and midi.endswith(".mid")


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_curl_snippet(folder):
    text = snippet("sh", "curl").replace("http://127.0.0.1:7860", served())
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=200)
    assert "event: complete" in done.stdout and '"probabilities"' in done.stdout, done.stdout + done.stderr


def test_every_make_target_that_the_documents_name_exists():
    targets = set(re.findall(r"^([\w-]+(?: [\w-]+)*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    targets = {name for line in targets for name in line.split()}
    for document in ("README.md", "train/README.md"):
        for name in re.findall(r"(?:`|^)make ([a-z][\w-]*)", (ROOT / document).read_text(), re.MULTILINE):
            assert name in targets, f"{document} names make {name}"
