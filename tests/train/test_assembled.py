"""What is published is whole: the Space's folder and the container's hold all that the page reads and the documents link to."""

import fnmatch
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from tests.served import ask, await_answer, free_port, start
from train.publish import MODELS, parcels

ROOT = Path(__file__).resolve().parents[2]
TOLD = """
from posterbeat.ui.components.example_pieces import PIECES
from posterbeat.ui.components.example_posters import EXAMPLES
from posterbeat.ui.page import about
print(about.__file__, len(PIECES), len(EXAMPLES), about.measured().count("<table"))
"""


def assembled_space(folder):
    """The files as the Hub gets them; the models are repos of their own."""
    for name, file in parcels("ann")[-1].files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file if isinstance(file, bytes) else file.read_bytes())
    return folder


def assembled_container(folder):
    """What the Dockerfile copies of what .dockerignore lets pass."""
    rules = (ROOT / ".dockerignore").read_text().split()
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    dropped = [rule for rule in rules if not rule.startswith("!") and rule != "**"]
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True,
                            capture_output=True, check=True)
    sent = [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()
            and any(name == rule or name.startswith(f"{rule}/") for rule in kept)
            and not any(fnmatch.fnmatch(name, rule) for rule in dropped)]
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY "):
            *sources, target = line.split()[1:]
            for source in sources:
                for name in sent:
                    if name == source or name.startswith(f"{source}/"):
                        place = folder / name if target == "./" else folder / target / PurePosixPath(name).relative_to(source)
                        place.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copy(ROOT / name, place)
    return folder


ASSEMBLED = {"space": assembled_space, "container": assembled_container}


@pytest.fixture(scope="module", params=ASSEMBLED)
def folder(request, tmp_path_factory):
    return ASSEMBLED[request.param](tmp_path_factory.mktemp(request.param))


def test_every_link_that_can_be_reached_from_the_readme_leads_somewhere(folder):
    unread, seen, dead = [folder / "README.md"], set(), []
    while unread:
        document = unread.pop()
        seen.add(document)
        for address in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8")):
            if re.match(r"\w+:", address):
                continue
            target = (document.parent / address).resolve()
            if not target.exists():
                dead.append(f"{document.relative_to(folder)} -> {address}")
            elif target.suffix == ".md" and target not in seen:
                unread.append(target)
    assert not dead and len(seen) > 5


def test_the_page_has_its_pieces_posters_and_figures(folder):
    done = subprocess.run([sys.executable, "-c", TOLD], cwd=folder, capture_output=True, text=True, timeout=200,
                          env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(folder)})
    assert done.returncode == 0, done.stderr
    place, pieces, posters, tables = done.stdout.split()
    assert Path(place).is_relative_to(folder)
    assert (pieces, posters, tables) == ("25", "5", "2")


def test_the_space_starts_and_serves_what_its_page_shows(tmp_path):
    space = assembled_space(tmp_path / "space")
    models = {f"POSTERBEAT_{kind.upper()}": str(ROOT / "weights" / kind) for kind in MODELS}
    port = free_port()
    app = f"http://127.0.0.1:{port}"
    process = start(port, tmp_path / "log", (sys.executable, str(space / "app.py")), **models,
                    GRADIO_TEMP_DIR=str(tmp_path / "files"), PYTHONPATH=str(space), GRADIO_MCP_SERVER="False")
    try:
        await_answer(process, tmp_path / "log", lambda: ask(app + "/config"))
        shown = json.loads(ask(app + "/config")[1])["components"]
        values = {part["props"].get("elem_id"): part["props"].get("value") for part in shown}
        assert len(values["pieces"]["pieces"]) == 25
        for poster in values["shelf"]:
            assert ask(f"{app}/gradio_api/file={poster['poster']['path']}")[0] == 200
        assert ask(app + "/preview.jpg")[0] == ask(app + "/favicon.ico")[0] == 200
        assert any("How well it does" in str(part["props"].get("value")) for part in shown)
    finally:
        process.kill()
        process.wait()
