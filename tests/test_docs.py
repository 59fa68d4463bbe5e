"""Every command of the manuals: run on something small, or, where it needs hours or other machines, its options checked."""

import contextlib
import csv
import glob
import importlib.util
import io
import os
import re
import shlex
import shutil
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from posterbeat.cli import app
from posterbeat.genres import GENRES
from tests.in_process import run_module
from tests.music.made import tune
from tests.served import served
from tests.vision.drawn import poster

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ["README.md", "train/README.md", *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))]


def blocks(document, language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)


def commands(document):
    """Command lines of a document, without their comments; assignments of shell variables belong to a script."""
    lines = [line for block in blocks(document, "sh") for line in block.splitlines()]
    return [line for line in lines if line.split("#")[0].strip() and not re.match(r"\w+=", line)]


EVERY = [(document, line) for document in DOCUMENTS for line in commands(document)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder but for the example posters and the weights."""
    for name in ("examples", "weights"):
        (tmp_path / name).mkdir()
        for part in (ROOT / name).iterdir():
            (tmp_path / name / part.name).symlink_to(part)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


@pytest.mark.parametrize("document, line", EVERY, ids=[f"{document}: {line}" for document, line in EVERY])
def test_the_options_of_every_command_exist(document, line):
    """A line that no branch knows fails: whoever writes a new kind of command says here how it is checked."""
    words = shlex.split(line, comments=True)
    program, words = words[0], words[1:]
    if program == "posterbeat":
        check_posterbeat(words)
    elif program == "python" and words[0] == "-m":
        check_module(words[1], words[2:])
    elif program == "make":
        check_make(words)
    elif program == "accelerate":
        pytest.importorskip("accelerate", reason="THE LAUNCHER'S OPTIONS WERE NOT CHECKED: accelerate is not installed")
        from accelerate.commands.launch import launch_command_parser

        launched = launch_command_parser().parse_args(words[1:])
        assert words[0] == "launch" and launched.module
        check_module(launched.training_script, launched.training_script_args)
    elif program == "ray":
        pytest.importorskip("ray", reason="THE OPTIONS OF RAY WERE NOT CHECKED: ray is not installed")
        from ray.scripts.scripts import cli

        cli.commands[words[0]].make_context(words[0], words[1:])
    elif program == "tensorboard":
        pytest.importorskip("tensorboard", reason="THE OPTIONS OF TENSORBOARD WERE NOT CHECKED: it is not installed")
        from tensorboard import default, program

        board = program.TensorBoard(plugins=default.get_plugins())
        board.configure(["tensorboard", *words])
        assert board.flags.logdir == "runs"
    elif program == "docker":
        assert (ROOT / "Dockerfile").is_file()
        pytest.skip("DOCKER WAS NOT RUN: no image is built by the tests")
    elif program == "curl":
        assert shutil.which("curl")  # run below, and those of the README in test_readme
    else:
        pytest.fail(f"No test knows how to check {line!r}")


def check_posterbeat(words):
    group = typer.main.get_command(app)
    name = words[0] if words[0] in group.commands else "compose"
    group.commands[name].make_context(name, words[words[0] == name:])


def check_module(module, words):
    assert importlib.util.find_spec(module), f"there is no {module}"
    said = io.StringIO()
    with contextlib.redirect_stdout(said), pytest.raises(SystemExit) as ended:
        run_module(module, "--help")
    assert ended.value.code == 0
    known = set(re.findall(r"--[\w-]+", said.getvalue()))
    for word in words:
        assert not word.startswith("--") or word.split("=")[0] in known, f"{module} has no {word}"


def check_make(words):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(["make", "--dry-run", *words], cwd=ROOT, env=plain, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for word in words:
        assert "=" not in word or f"$({word.split('=')[0]})" in (ROOT / "Makefile").read_text() or word.startswith("MCP=")


@pytest.mark.parametrize("line", [*commands("docs/catalogue.md"), *commands("docs/evaluation.md")])
def test_the_lines_for_a_catalogue(folder, line):
    words = shlex.split(line, comments=True)
    if words[0] != "posterbeat":
        pytest.skip("not a line of the command line; its options are checked above")
    if "--ray" in words:
        pytest.skip("run on a cluster in test_cluster.py")
    run_posterbeat(words[1:])
    assert len((folder / "out/table.csv").read_text().splitlines()) == 6


def run_posterbeat(words):
    words = [found for word in words for found in (sorted(glob.glob(word)) if "*" in word else [word])]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("number", range(len(blocks("docs/api.md", "python"))))
def test_the_python_of_the_api(folder, number):
    code = blocks("docs/api.md", "python")[number]
    if "from mcp" in code:
        pytest.importorskip("mcp", reason="THE MCP SNIPPET WAS NOT RUN: posterbeat[mcp] is not installed")
    with contextlib.redirect_stdout(io.StringIO()) as said, ThreadPoolExecutor(1) as aside:
        # aside, because the browser tests leave a running loop in this thread
        aside.submit(exec, code.replace("http://127.0.0.1:7860", served()), {}).result()
    expected = {"/rewrite": "go-on:15:4,rewrite:", "PosterBeat.load": "close, bars", "gradio_client": "11 {'",
                "from mcp": "compose", "BiLSTMComposer": "", "timm": "horror"}
    assert next(words for name, words in expected.items() if name in code) in said.getvalue()


@pytest.mark.skipif(not shutil.which("curl"), reason="CURL WAS NOT RUN: it is not installed")
def test_the_curl_of_the_api():
    line, = [line for line in commands("docs/api.md") if line.startswith("curl")]
    done = subprocess.run(line.replace("http://127.0.0.1:7860", served()), shell=True, capture_output=True, text=True, timeout=60)
    assert '"/poster_to_music"' in done.stdout


def section(word):
    """The one block of docs/training.md that holds this word, as lists of words."""
    found = [block for block in blocks("docs/training.md", "sh") if word in block]
    assert len(found) == 1
    return [shlex.split(line) for line in found[0].splitlines()]


def follow(lines, changes):
    """Run these lines with some of their words changed; returns what each printed."""
    said = []
    for words in lines:
        words = [str(changes.get(word, word)) for word in words]
        with contextlib.redirect_stdout(io.StringIO()) as output:
            if words[:2] == ["python", "-m"]:
                run_module(*words[2:])
            else:
                output.write(run_posterbeat(words[1:]))
        said.append(output.getvalue())
    return said


def write_table(path, rows):
    with path.open("w", newline="") as table:
        writer = csv.DictWriter(table, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_own_music_from_midi_to_a_soundtrack(folder):
    rows = [{"file": f"{split}-{genre}.mid", "split": split, "genre": genre} for split in ("train", "val") for genre in GENRES]
    (folder / "midi").mkdir()
    for number, row in enumerate(rows):
        tune(24, tempo=80.0 + 5 * number).to_midi().write(str(folder / "midi" / row["file"]))
    write_table(folder / "midi/midi.csv", rows)
    short = {"MIDI_FOLDER": folder / "midi", "60": 0.01, "150": 0.01}
    prepared, planned, written, *_ = follow(section("train.music.prepare"), short)
    assert '"pieces": 10' in prepared and "bits" in planned and "bits" in written
    assert (folder / "weights/mine/model.safetensors").is_file() and (folder / "out.mid").is_file()
    for run in ("planner", "writer"):
        assert (folder / f"runs/{run}/log.csv").is_file() and list((folder / f"runs/{run}/tensorboard").iterdir())


def test_own_posters_from_pictures_to_a_reading(folder):
    (folder / "posters").mkdir()
    rows = []
    for split, count in (("train", 75), ("val", 10), ("test", 5)):
        with zipfile.ZipFile(folder / f"posters/{split}.zip", "w") as archive:
            for number in range(count):
                genre, name = GENRES[number % 5], f"{split}-{number}.png"
                picture = io.BytesIO()
                poster(number).save(picture, "PNG")
                archive.writestr(name, picture.getvalue())
                rows.append({"file": name, "split": split, "label": genre, "genres": genre.title(), "n_of_five": 1,
                             "genres_source": "imdb:MovieGenre"})
    write_table(folder / "posters/posters.csv", rows)
    *_, read = follow(section("train.posters.prepare"), {"POSTER_FOLDER": folder / "posters", "15": 1})
    assert "horror.jpg" in read and "%" in read
    assert (folder / "weights/cnn/config.json").is_file() and (folder / "runs/cnn/curve.csv").is_file()


def test_the_dockerfile_copies_what_is_there_and_installs_what_is_pinned():
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", "").splitlines()
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    for name in copied:
        assert (ROOT / name).exists() and name in allowed, name
    assert set(copied) >= {"app.py", "posterbeat", "weights", "requirements.txt", "constraints.txt", "packages.txt"}
    pattern, = re.findall(r"grep -E '([^']+)' constraints.txt", "\n".join(lines))
    pinned = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if re.search(pattern, line)]
    assert sorted(line.split("==")[0] for line in pinned) == ["torch", "torchvision"]
    assert "EXPOSE 7860" in lines and "USER listener" in lines and lines[-1] == 'CMD ["python", "app.py"]'
