"""Weights from a folder or the Hub: the real client in a process of its own against a Hub on loopback."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from tests.hub_server import Hub

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "hf_averysecrettokenthatnobodymaysee"
FILES = {"config.json": b'{"a": 1}', "model.safetensors": save({"weight": np.arange(6000.0)})}
OTHER = {"config.json": b'{"a": 2}', "model.safetensors": save({"weight": np.ones(6000)})}
SCRIPT = """
import hashlib, json, logging, sys, time
logging.basicConfig(level=logging.DEBUG, format="%(name)s %(message)s")
import huggingface_hub
from posterbeat import hub, hub_download
from posterbeat.errors import WeightsError
start = time.monotonic()
try:
    folder = hub.resolve(sys.argv[1])
    answer = {"files": sorted(path.name for path in folder.iterdir()), "commit": folder.name,
              "config": hub.read_config(folder / "config.json"),
              "model": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()}
except WeightsError as error:
    answer = {"error": str(error)}
print(json.dumps(answer | {"seconds": time.monotonic() - start}))
"""


@pytest.fixture
def hub():
    with Hub() as server:
        yield server


@pytest.fixture
def fetch(tmp_path, hub):
    """fetch(source) runs resolve(), or another script, in a fresh process with a cache that lives as long as the test.

    With `until`, the process is killed once that is true.
    """

    def run(*words, script=SCRIPT, until=None, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        running = subprocess.Popen(
            [sys.executable, "-c", script, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=clean | {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_TOKEN": TOKEN,
                         "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment})
        if until:
            while not until():
                assert running.poll() is None, running.stderr.read()
                time.sleep(0.05)
            running.kill()
        said, log = running.communicate(timeout=200)
        assert TOKEN not in said + log
        if until:
            return None
        assert running.returncode == 0, log
        return json.loads(said.splitlines()[-1]) | {"log": log}

    return run


def digest(files):
    return hashlib.sha256(files["model.safetensors"]).hexdigest()


def downloads(hub):
    return [path for method, path, _ in hub.requests if method == "GET" and "/resolve/" in path]


def test_downloads_only_the_named_files_and_then_serves_them_from_the_cache(hub, fetch):
    commit = hub.add("ann/composer", FILES | {"pytorch_model.bin": b"pickle", "README.md": b"card"})
    first = fetch("ann/composer")
    assert (first["commit"], first["config"], first["model"]) == (commit, {"a": 1}, digest(FILES))
    assert first["files"] == ["config.json", "model.safetensors"]
    hub.requests.clear()
    assert fetch("ann/composer")["commit"] == commit
    assert downloads(hub) == []


def test_a_new_commit_is_fetched_and_a_tag_stays_where_it_was(hub, fetch):
    old = hub.add("ann/composer", FILES, "v1")
    hub.add("ann/composer", FILES)
    assert fetch("ann/composer")["commit"] == old
    new = hub.add("ann/composer", OTHER)
    assert fetch("ann/composer")["config"] == {"a": 2}
    assert fetch("ann/composer@v1")["commit"] == old
    assert fetch(f"ann/composer@{new}")["commit"] == new


def test_a_pinned_commit_in_the_cache_costs_no_request(hub, fetch):
    commit = hub.add("ann/composer", FILES)
    fetch("ann/composer")
    hub.requests.clear()
    assert fetch(f"ann/composer@{commit}")["commit"] == commit
    assert hub.requests == []


@pytest.mark.parametrize("way", ["refused", "silent", "503", "offline"])
def test_a_dead_hub_costs_little_and_the_cached_copy_serves_with_the_reason_logged(hub, fetch, way):
    commit = hub.add("ann/composer", FILES)
    fetch("ann/composer")
    environment = {"HF_HUB_OFFLINE": "1"} if way == "offline" else {}
    if way == "refused":
        hub.stop()
    hub.delay, hub.status = (20.0 if way == "silent" else 0.0), (503 if way == "503" else 0)
    answer = fetch("ann/composer", **environment)
    assert answer["commit"] == commit
    assert answer["seconds"] < 1.5 + 1.0  # half of what two models may wait, and some for a busy machine
    said = [line for line in answer["log"].splitlines() if line.startswith("posterbeat.hub ")]
    assert len(said) == 1 and commit[:8] in said[0]
    assert {"refused": "cannot be reached", "silent": "did not answer within 1.4 s", "503": "status 503",
            "offline": "HF_HUB_OFFLINE"}[way] in said[0]


@pytest.mark.parametrize("source, sentence", [
    ("ann/nothing", "no such repo, or it is private"),
    ("ann/composer@v9", "it has no revision v9"),
    ("ann/half", "it lacks one of its files"),
    ("ann/closed", "no such repo, or it is private"),
    ("ann/gated", "its owner has to grant access"),
])
def test_what_the_hub_does_not_have_is_said_in_a_sentence(hub, fetch, source, sentence):
    hub.add("ann/composer", FILES)
    hub.add("ann/closed", FILES)
    hub.add("ann/half", {"config.json": b"{}"})
    hub.add("ann/gated", FILES)
    hub.gated.add("ann/gated")
    hub.private["ann/closed"] = "hf_another"
    error = fetch(source, HF_HUB_ETAG_TIMEOUT="20")["error"]  # patience for a busy machine
    assert sentence in error and source.split("@")[0] in error and "\n" not in error


def test_a_private_repo_opens_with_its_token(hub, fetch):
    commit = hub.add("ann/closed", FILES)
    hub.private["ann/closed"] = TOKEN
    assert fetch("ann/closed")["commit"] == commit


def test_nothing_cached_and_no_hub_is_an_error_within_three_seconds(hub, fetch):
    hub.delay = 20.0
    start = time.monotonic()
    answer = fetch("ann/composer")
    assert "did not answer" in answer["error"] and answer["seconds"] < 3
    assert time.monotonic() - start < 20


def test_a_cut_transfer_is_resumed(hub, fetch):
    files = FILES | {"model.safetensors": b"0123456789abcdef" * 2**20}  # the client reads 10 MiB at a time
    commit = hub.add("ann/composer", files)
    hub.cut, hub.cuts = 12 * 2**20, 1
    answer = fetch("ann/composer")
    assert (answer["commit"], answer["model"]) == (commit, digest(files))
    ranges = [headers.get("Range") or headers.get("range") for method, path, headers in hub.requests
              if method == "GET" and path.endswith("model.safetensors")]
    assert ranges == [None, f"bytes={10 * 2**20}-"]


def test_a_download_whose_process_was_killed_leaves_no_half_file(hub, fetch):
    files = FILES | {"model.safetensors": b"0123456789abcdef" * 2**18}
    commit = hub.add("ann/composer", files)
    hub.trickle = 2**16
    fetch("ann/composer", until=lambda: any(path.endswith("model.safetensors") for path in downloads(hub)))
    assert "HF_HUB_OFFLINE is set" in fetch("ann/composer", HF_HUB_OFFLINE="1")["error"]
    hub.trickle = 0
    answer = fetch("ann/composer")
    assert (answer["commit"], answer["model"]) == (commit, digest(files))


def test_a_slow_transfer_is_waited_for(hub, fetch):
    commit = hub.add("ann/composer", FILES)
    hub.trickle = len(FILES["model.safetensors"]) // 25  # longer than the Hub has for saying which commit is current
    answer = fetch("ann/composer")
    assert (answer["commit"], answer["model"]) == (commit, digest(FILES)) and answer["seconds"] > 1.4


def test_a_hub_that_is_out_of_order_is_said_when_nothing_is_cached(hub, fetch):
    hub.add("ann/composer", FILES)
    hub.status = 503
    assert "could not be fetched: the Hub answered with status 503." in fetch("ann/composer", HF_HUB_ETAG_TIMEOUT="20")["error"]


def test_both_models_load_with_the_calls_of_timm_and_transformers(hub, fetch):
    for kind in ("classifier", "composer"):
        hub.add(f"ann/{kind}", {path.name: path.read_bytes() for path in (ROOT / "weights" / kind).iterdir()})
    answer = fetch(script="""
import json, timm, torch, transformers
import posterbeat.composer.model, posterbeat.vision

def same(one, other):
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)

classifier = timm.create_model("hf-hub:ann/classifier", pretrained=True)
composer = transformers.AutoModel.from_pretrained("ann/composer")
print(json.dumps({
    "classifier": same(classifier, timm.create_model("local-dir:weights/classifier", pretrained=True)),
    "composer": same(composer, posterbeat.composer.model.BiLSTMComposer.from_pretrained("weights/composer")),
    "notes": len(composer.generate("horror", notes=32, seed=1))}))
""")
    assert {name: answer[name] for name in ("classifier", "composer", "notes")} == {
        "classifier": True, "composer": True, "notes": 32}
    assert {path.rsplit("/", 1)[1] for path in downloads(hub)} == {"config.json", "model.safetensors"}


@pytest.mark.parametrize("files", [FILES, {"config.json": FILES["config.json"], "model.safetensors": b"small"}])
def test_a_file_that_differs_from_its_checksum_is_refused_and_not_kept(hub, fetch, files, tmp_path):
    hub.add("ann/composer", files)
    hub.spoil = True
    assert "differs from its checksum" in fetch("ann/composer")["error"]
    hub.spoil = False
    hub.add("ann/composer", FILES)
    assert fetch("ann/composer")["model"] == digest(FILES)


@pytest.mark.parametrize("way", ["drips", "429"])
def test_an_update_that_does_not_come_leaves_the_cached_copy_in_use(hub, fetch, way):
    old = hub.add("ann/composer", FILES)
    assert fetch("ann/composer", HF_HUB_ETAG_TIMEOUT="20")["commit"] == old
    hub.add("ann/composer", OTHER)
    hub.trickle, hub.busy = (1, 0) if way == "drips" else (0, 429)
    impatient = SCRIPT.replace("start =", "hub_download.UPDATE_PATIENCE = 2.0; start =")
    answer = fetch("ann/composer", script=impatient, HF_HUB_ETAG_TIMEOUT="20")
    assert answer["commit"] == old and answer["seconds"] < 30
    said = [line for line in answer["log"].splitlines() if line.startswith("posterbeat.hub ")]
    assert len(said) == 1 and old[:8] in said[0]


@pytest.mark.parametrize("checksum", ['W/"NAME-d41d8-2"', '"NAME-0123456789abcdef0123456789abcdef-7"'])
def test_a_file_without_a_checksum_of_its_content_is_said_to_be_unverified(hub, fetch, checksum):
    hub.add("ann/composer", FILES)
    hub.checksum = checksum
    answer = fetch("ann/composer", HF_HUB_ETAG_TIMEOUT="20")
    assert answer["model"] == digest(FILES)
    assert "model.safetensors of ann/composer came without a checksum of its content, so it was not verified" in answer["log"]


def test_a_weak_checksum_of_the_content_is_verified_as_a_strong_one(hub, fetch):
    hub.add("ann/composer", FILES)
    hub.checksum = f'W/"{"0" * 64}"'
    assert "differs from its checksum" in fetch("ann/composer", HF_HUB_ETAG_TIMEOUT="20")["error"]


def test_a_hub_that_names_a_path_as_its_commit_is_none(hub, fetch, tmp_path):
    hub.add("ann/composer", FILES)
    hub.commit_name = "../../../../elsewhere"
    assert "this is not a Hub" in fetch("ann/composer", HF_HUB_ETAG_TIMEOUT="20")["error"]
    assert not (tmp_path / "elsewhere").exists()
