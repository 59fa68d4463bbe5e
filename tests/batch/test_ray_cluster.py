"""A catalogue on a Ray cluster: two workers, one of which is killed half way; stopped and begun again; the networks that ship,
and the real sound."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from posterbeat.batch.jobs import Wish, find
from posterbeat.batch.local import run
from posterbeat.batch.one_poster import DIED
from posterbeat.controls import Controls
from posterbeat.errors import ParameterError
from tests.batch.test_batch import HEIC

ray = pytest.importorskip("ray", reason="THE RAY CLUSTER WAS NOT TESTED: posterbeat[ray] is not installed")
pytest.importorskip("ray.data", reason="THE RAY CLUSTER WAS NOT TESTED: posterbeat[ray] is not installed")

ROOT = Path(__file__).resolve().parents[2]
NODE = {"object_store_memory": 100_000_000, "node_ip_address": "127.0.0.1"}
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"


@pytest.fixture(scope="module")
def posters(tmp_path_factory):
    """Eight posters, and a file that is none."""
    folder = tmp_path_factory.mktemp("posters")
    for number, poster in enumerate([*sorted((ROOT / "examples/posters").glob("*.jpg"))] * 2):
        shutil.copy2(poster, folder / f"{number:02}.jpg")
    for number in ("08", "09"):
        (folder / f"{number}.jpg").unlink()
    (folder / "bad.jpg").write_text("not a picture")
    return folder


@pytest.fixture(scope="module")
def here(posters, tmp_path_factory):
    """The catalogue done by two processes of this machine: (folder, jobs, records)."""
    out = tmp_path_factory.mktemp("here")
    jobs = find(posters, Wish(controls=Controls(32, seed=0), suffixes=(".mid", ".mp3")), out)
    return out, jobs, run(jobs, out, workers=2)


@pytest.fixture
def cluster():
    """A head that does no work and two workers of one CPU each, on loopback."""
    from ray.cluster_utils import Cluster

    notices = {"health_check_initial_delay_ms": 1000, "health_check_period_ms": 1000}  # soon that a machine is gone
    made = Cluster(initialize_head=True, head_node_args=NODE | {
        "num_cpus": 0, "include_dashboard": False, "_system_config": notices})
    made.add_node(num_cpus=1, **NODE)
    made.add_node(num_cpus=1, **NODE)
    yield made
    made.shutdown()


def contents(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()
            and path.parent != out}


def test_a_killed_worker_loses_nothing_and_the_results_are_those_of_one_machine(cluster, posters, here, tmp_path):
    out = tmp_path / "out"
    words = [sys.executable, "-m", "posterbeat.cli", "batch", str(posters), "-o", str(out), "-f", "mid", "-f", "mp3",
             "--notes", "32", "--ray", "127.0.0.1:" + cluster.address.split(":")[1]]
    with open(tmp_path / "said", "w") as said, open(tmp_path / "complaints", "w") as complaints:
        # Ray takes 127.0.0.1 for the machine's address on its network, where this cluster does not listen, unless it is told
        # that it is on a system without clusters.
        running = subprocess.Popen(words, stdout=said, stderr=complaints, env=os.environ | {
            "PYTHONPATH": str(ROOT), "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"})
    book = out / "records.jsonl"
    while running.poll() is None and not (book.exists() and book.read_text().count("\n") >= 3):
        time.sleep(0.02)
    cluster.remove_node(sorted(cluster.worker_nodes, key=lambda node: node.raylet_socket_name)[0], allow_graceful=False)
    status = running.wait(280)
    assert status == 1, (tmp_path / "complaints").read_text()  # for the file that is no picture
    assert "8 soundtracks (9 posters new), 1 failed" in (tmp_path / "said").read_text()
    assert "\nposterbeat: bad.jpg: " in "\n" + (tmp_path / "complaints").read_text()  # Ray tells that it lost a machine
    records = {record["name"]: record for record in map(json.loads, book.read_text().splitlines())}
    assert len(book.read_text().splitlines()) == len(records)  # nothing twice
    local, jobs, expected = here
    assert [records[job.name] for job in jobs] == expected  # nothing lost
    assert contents(out) == contents(local)
    with (out / "table.csv").open() as table:
        assert [row["name"] for row in csv.DictReader(table)] == [job.name for job in jobs]


def test_ctrl_c_loses_nothing_and_a_poster_that_kills_its_process_is_told_of(posters, here, tmp_path):
    copy, out = shutil.copytree(posters, tmp_path / "posters"), tmp_path / "out"
    (copy / "deadly.heic").write_bytes(HEIC + b"die")
    words = [sys.executable, "-m", "posterbeat.cli", "batch", str(copy), "-o", str(out), "-f", "mid", "-f", "mp3",
             "--notes", "32", "--ray", "local", "--workers", "2"]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests/decoder'}"}
    book = out / "records.jsonl"

    def names():
        return [json.loads(line)["name"] for line in book.read_text().splitlines()] if book.exists() else []

    running = subprocess.Popen(words, env=environment, start_new_session=True, text=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while running.poll() is None and len(names()) < 3:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does it: everything that was started in it is told
    _, complaints = running.communicate(timeout=120)
    assert running.returncode == 130 and complaints.endswith("posterbeat: Stopped.\n"), complaints
    kept = names()
    assert 3 <= len(kept) < 9
    with (out / "table.csv").open() as table:
        assert sorted(row["name"] for row in csv.DictReader(table)) == sorted(kept)

    done = subprocess.run(words, env=environment, text=True, capture_output=True, timeout=280)
    assert done.returncode == 1 and "8 soundtracks" in done.stdout and "2 failed" in done.stdout, done.stderr
    assert names()[:len(kept)] == kept and len(names()) == len(set(names())) == 10  # nothing done again, nothing twice
    records = {record["name"]: record for record in map(json.loads, book.read_text().splitlines())}
    local, jobs, expected = here
    assert [records[job.name] for job in jobs] == expected  # nothing lost
    assert contents(out) == contents(local)
    with (out / "table.csv").open() as table:
        assert {row["name"]: row["error"] for row in csv.DictReader(table) if row["error"]} == {
            "bad.jpg": records["bad.jpg"]["error"], "deadly.heic": DIED}


def test_an_address_where_no_cluster_is_is_said(here, tmp_path):
    _, jobs, _ = here
    with pytest.raises(ParameterError, match="No Ray cluster"):
        run(jobs, tmp_path, ray="no cluster")
