"""Publishing the models and the Space, to a Hub on loopback with the real client."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from safetensors.numpy import save

from posterbeat.errors import PosterBeatError, WeightsError
from posterbeat.music.historical import HistoricalStack, StackConfig
from tests.hub_server import Hub
from train.publish import main, parcels, space_readme

ROOT = Path(__file__).resolve().parents[2]
MODEL = {"config.json": b"{}", "model.safetensors": save({"weight": np.arange(3000.0)}), "README.md": b"card",
         "metrics.json": b"{}"}
SEND = """
import sys
from pathlib import Path
from train.publish import parcels, push, variables_of
all = parcels("ann", Path(sys.argv[1]))
for parcel in all:
    push(parcel, variables=variables_of(all) if parcel.kind == "space" else None)
"""
PLAY = """
from posterbeat import PosterBeat
beat = PosterBeat(None, None)
print(len(beat.compose("comedy", notes=32, seed=1, composer="historical").score))
"""


@pytest.fixture
def project(tmp_path):
    """A project with three small models and this project's page."""
    for kind in ("classifier", "words", "composer"):
        (tmp_path / "weights" / kind).mkdir(parents=True)
        for name, content in MODEL.items():
            (tmp_path / "weights" / kind / name).write_bytes(content)
    for name in ("README.md", "requirements.txt", "packages.txt", "LICENSE"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "app.py").write_text("print()")
    (tmp_path / "posterbeat/ui/components").mkdir(parents=True)
    (tmp_path / "posterbeat/ui/components/piano_roll.js").write_text("1")
    (tmp_path / "posterbeat/__pycache__").mkdir()
    (tmp_path / "posterbeat/__pycache__/a.pyc").write_bytes(b"1")
    return tmp_path


def run(script, hub, project, token="hf_secret", **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(project / "hf"), "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run([sys.executable, "-c", script, str(project)], text=True, capture_output=True, timeout=120,
                          env=environment | ({"HF_TOKEN": token} if token else {}))


def send(hub, project, token="hf_secret"):
    return run(SEND, hub, project, token)


@pytest.mark.parametrize("kinds", [("classifier", "words", "composer"), ("classifier", "words", "composer", "historical")])
def test_all_models_and_the_space_arrive_as_they_are_here(project, kinds):
    if "historical" in kinds:
        shutil.copytree(project / "weights/composer", project / "weights/historical")
    with Hub() as hub:
        done = send(hub, project)
        assert done.returncode == 0, done.stderr
        assert "hf_secret" not in done.stdout + done.stderr
    newest = {repo: commits[hub.refs[repo]["main"]] for repo, commits in hub.repos.items()}
    assert set(newest) == {"ann/posterbeat", *(f"ann/posterbeat-{kind}" for kind in kinds)}
    for kind in kinds:
        repo = f"ann/posterbeat-{kind}"
        assert hub.kinds[repo] == "model"
        assert {name: newest[repo][name] for name in MODEL} == MODEL
    space = newest["ann/posterbeat"]
    assert hub.kinds["ann/posterbeat"] == "space"
    assert {"app.py", "README.md", "requirements.txt", "packages.txt", "posterbeat/ui/components/piano_roll.js"} <= space.keys()
    assert not any("pycache" in name or "safetensors" in name for name in space)
    assert space["weights/composer/metrics.json"] == MODEL["metrics.json"]  # which the page shows
    front = yaml.safe_load(space["README.md"].decode().split("---\n")[1])
    assert front["models"] == [f"ann/posterbeat-{kind}" for kind in kinds]
    assert front["preload_from_hub"] == [f"{repo} config.json,model.safetensors" for repo in front["models"]]
    assert hub.variables["ann/posterbeat"] == {f"POSTERBEAT_{kind.upper()}": f"ann/posterbeat-{kind}" for kind in kinds}


def test_the_study_s_stack_composes_where_the_space_is_told_that_it_was_published(project):
    folder = project / "weights/historical"
    HistoricalStack(StackConfig("first", "comedy", ("p60", "p64"), (2, 1))).save(folder)
    for name in ("README.md", "metrics.json"):
        (folder / name).write_bytes(MODEL[name])
    with Hub() as hub:
        assert send(hub, project).returncode == 0
        told = hub.variables["ann/posterbeat"]
        done = run(PLAY, hub, project, POSTERBEAT_HISTORICAL=told["POSTERBEAT_HISTORICAL"])
    assert done.stdout == "32\n", done.stderr


def test_publishing_to_repos_that_exist_adds_a_commit(project):
    with Hub() as hub:
        for name in ("posterbeat-classifier", "posterbeat-words", "posterbeat-composer", "posterbeat"):
            hub.add(f"ann/{name}", {"old.txt": b"kept", "README.md": b"old card"})
        done = send(hub, project)
        assert done.returncode == 0, done.stderr
    repo = "ann/posterbeat-composer"
    newest = hub.repos[repo][hub.refs[repo]["main"]]
    assert newest["README.md"] == MODEL["README.md"] and newest["old.txt"] == b"kept"


def test_without_a_login_nothing_is_sent(project):
    with Hub() as hub:
        assert send(hub, project, token=None).returncode != 0
    assert hub.repos == {}


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_damaged_model_is_not_published(project, name):
    (project / "weights/composer" / name).write_bytes(MODEL[name][:-1])
    with pytest.raises(WeightsError, match=name):
        parcels("ann", project)


@pytest.mark.parametrize("name", MODEL)
def test_an_incomplete_model_is_not_published(project, name):
    (project / "weights/composer" / name).unlink()
    with pytest.raises(WeightsError, match=name):
        parcels("ann", project)


@pytest.mark.parametrize("namespace", ["", "a/b", "../x", "a b"])
def test_a_wrong_namespace_is_refused(project, namespace):
    with pytest.raises(PosterBeatError, match="--namespace"):
        parcels(namespace, project)


def test_without_push_it_only_tells_what_would_be_sent(capsys, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert main(["--namespace", "ann"]) == 0
    said = capsys.readouterr().out
    for line in ("model ann/posterbeat-classifier", "model ann/posterbeat-words", "model ann/posterbeat-composer",
                 "space ann/posterbeat", "  app.py", "  model.safetensors", "Nothing was sent"):
        assert line in said


def test_the_front_matter_keeps_everything_else():
    readme = "---\ntitle: A\nmodels:\n  - x/y\n  - z/w\nlicense: mit\n---\n\n# A\n---\nb\n"
    text = space_readme(readme, ["ann/m"]).decode()
    front = yaml.safe_load(text.split("---\n")[1])
    assert front == {"title": "A", "license": "mit", "models": ["ann/m"],
                     "preload_from_hub": ["ann/m config.json,model.safetensors"]}
    assert text.endswith("---\n\n# A\n---\nb\n")
