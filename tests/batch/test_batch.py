"""A catalogue of posters: every poster once, whatever happens on the way."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
from PIL import Image

from posterbeat.batch.jobs import Wish, find
from posterbeat.batch.local import finished, recorded, run
from posterbeat.batch.one_poster import DIED
from posterbeat.batch.report import write_gallery, write_tables
from posterbeat.controls import Controls
from posterbeat.errors import ParameterError, WeightsError
from tests.composer.small import small_composer

ROOT = Path(__file__).resolve().parents[2]
HEIC = b"\0\0\0\x18ftypheic"  # the beginning of a picture that tests/decoder/sitecustomize.py reads


@pytest.fixture(scope="session")
def wish(tmp_path_factory):
    """Short pieces by small untrained networks."""
    import timm
    import torch

    import posterbeat.vision  # noqa: F401  registers the networks
    from posterbeat.composer.model import ComposerConfig
    from train.posters.weights import save_weights

    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("weights")
    save_weights(timm.create_model("poster_cnn").eval(), folder / "classifier", (96, 64),
                 {"temperature": 1.0, "bias": [0.0] * 5})
    profiles = ComposerConfig.from_pretrained(ROOT / "weights/composer").profiles
    small_composer(profiles).save_pretrained(folder / "composer")
    return Wish(controls=Controls(32, seed=0), suffixes=(".mid",),
                classifier=str(folder / "classifier"), composer=str(folder / "composer"))


@pytest.fixture(scope="session")
def posters(tmp_path_factory):
    """Five pictures in two folders, and one that is none."""
    folder, chance = tmp_path_factory.mktemp("posters"), np.random.default_rng(0)
    for name in ("a.jpg", "b.png", "c & <d>.jpg", "old/a.jpg", "old/e.webp"):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(chance.integers(0, 256, (90, 60, 3), dtype=np.uint8)).save(folder / name)
    (folder / "bad.jpg").write_text("not a picture")
    (folder / "readme.txt").write_text("not a poster")
    return folder


@pytest.fixture(scope="session")
def done(wish, posters, tmp_path_factory):
    """The catalogue, done by two processes: (folder, jobs, records)."""
    out = tmp_path_factory.mktemp("out")
    jobs = find(posters, wish, out)
    return out, jobs, run(jobs, out, workers=2)


def test_every_poster_gets_its_soundtrack_and_a_bad_one_its_error(done):
    out, jobs, records = done
    names = ["a.jpg", "b.png", "bad.jpg", "c & <d>.jpg", "old/a.jpg", "old/e.webp"]
    assert [record["name"] for record in records] == names
    for record in records:
        if record["name"] == "bad.jpg":
            assert record["error"] and record["files"] == []
            continue
        assert record["error"] == ""
        midi = pretty_midi.PrettyMIDI(str(out / record["files"][0]))
        assert sum(len(track.notes) for track in midi.instruments) == 32
        assert (out / record["thumbnail"]).is_file()
    assert len({record["seed"] for record in records}) == len(records)


def test_a_second_run_does_nothing(done):
    out, jobs, records = done
    before = (out / "records.jsonl").read_bytes()
    assert run(jobs, out, workers=2, report=lambda record: pytest.fail("worked again")) == records
    assert (out / "records.jsonl").read_bytes() == before


def test_one_process_writes_the_same_bytes_and_goes_on_where_a_stopped_run_was(done, tmp_path):
    out, jobs, records = done
    shutil.copytree(out, tmp_path / "half")
    lines = (out / "records.jsonl").read_text().splitlines()
    kept = {json.loads(line)["name"] for line in lines[:3]}
    (tmp_path / "half/records.jsonl").write_text("\n".join(lines[:3]) + "\n" + lines[3][:20])  # cut while writing
    lost = next(name for name in sorted(kept) if name != "bad.jpg")
    (tmp_path / f"half/tracks/{lost}.mid").unlink()
    again = []
    assert run(jobs, tmp_path / "half", workers=1, report=again.append) == records
    assert {record["name"] for record in again} == {job.name for job in jobs} - kept | {lost}
    for file in out.rglob("*.mid"):
        assert file.read_bytes() == (tmp_path / "half" / file.relative_to(out)).read_bytes()


def test_a_changed_wish_or_file_is_done_again(done, wish, posters, tmp_path):
    out, jobs, _ = done
    assert len(finished(jobs, out)) == len(jobs)
    changed = find(posters, replace(wish, controls=Controls(33, seed=0)), out)
    assert finished(changed, out) == []
    copy = shutil.copytree(posters, tmp_path / "posters")
    (copy / "a.jpg").write_bytes((copy / "old/a.jpg").read_bytes())
    assert [record["name"] for record in finished(find(copy, wish, out), out)] == [
        job.name for job in jobs if job.name != "a.jpg"]


def test_tables_and_gallery_tell_every_poster(done):
    out, jobs, records = done
    files = write_tables(records, out)
    rows = list(csv.DictReader(files[0].open()))
    assert [row["name"] for row in rows] == [job.name for job in jobs]
    from pyarrow import parquet

    table = parquet.read_table(files[1]).to_pylist()
    assert [(row["name"], row["seed"]) for row in table] == [(record["name"], record["seed"]) for record in records]
    assert abs(sum(table[0][name] for name in ("action", "animation", "comedy", "drama", "horror")) - 1) < 1e-4
    page = write_gallery(records, out).read_text()
    assert page.count("<article") == 6 and "c &amp; &lt;d&gt;.jpg" in page and "<d>" not in page
    assert "1 posters could not be read" in page


def test_a_csv_may_wish_otherwise_for_a_poster(posters, wish, tmp_path):
    table = tmp_path / "list.csv"
    table.write_text(f"file,genre,notes,seed\n{posters}/a.jpg,horror,40,7\n../posters/b.png,,,\n")
    first, second = find(table, wish, tmp_path / "out")
    assert (first.wish.genre["horror"], first.wish.controls.notes, first.seed) == (1, 40, 7)
    assert second.wish == wish and second.name == "posters/b.png"


def test_a_csv_may_ask_for_what_a_musician_asks_for(posters, wish, tmp_path):
    table = tmp_path / "list.csv"
    table.write_text("file,seconds,instruments,chords,key,metre\n"
                     f'{posters}/a.jpg,45,"pianos, violins",am F | C,,3/4\n{posters}/b.png,,,,D minor,\n')
    first, second = (job.controls for job in find(table, wish, tmp_path / "out"))
    assert (first.notes, first.seconds, first.instruments) == (None, 45.0, ("piano", "violin"))
    assert (first.chords, first.metre) == ("Am F | C", "3/4")
    assert (second.notes, second.seconds, second.key) == (wish.controls.notes, None, "D minor")


@pytest.mark.parametrize("text, sentence", [
    ("name\na.jpg\n", "line 2 has no picture"),
    ("file\na.jpg\n./a.jpg\n", "line 3 names a.jpg for the second time"),
    ("file,notes\na.jpg,31\n", "line 2: Notes must be"),
    ("file,seed\na.jpg,x\n", "line 2: "),
    ("file,chords\na.jpg,Am H\n", "line 2: Chord 'H' is not known"),
    ("file,notes,seconds\na.jpg,64,60\n", "line 2: Give notes or seconds, not both"),
    ("file,key,chords\na.jpg,C,F# B C#\n", "line 2: Key 'C major' and chords 'F# B C#' contradict"),
    ("file,genre\na.jpg,polka\n", "line 2: Unknown genre"),
])
def test_a_wrong_line_of_a_csv_is_named(text, sentence, wish, tmp_path):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(ParameterError, match=sentence):
        find(tmp_path / "list.csv", wish, tmp_path / "out")


def test_results_inside_the_folder_are_not_posters(posters, wish, tmp_path):
    copy = shutil.copytree(posters, tmp_path / "posters")
    (copy / "out/thumbnails").mkdir(parents=True)
    shutil.copy(copy / "a.jpg", copy / "out/thumbnails/a.jpg")
    assert len(find(copy, wish, copy / "out")) == 6


def begin(out, posters, wish):
    """`posterbeat batch` in a process of its own, once its first record is written."""
    words = [sys.executable, "-m", "posterbeat.cli", "batch", str(posters), "-o", str(out), "-f", "mid",
             "--notes", "32", "--classifier", wish.classifier, "--composer", wish.composer, "--workers", "2"]
    running = subprocess.Popen(words, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    book = out / "records.jsonl"
    while running.poll() is None and not (book.exists() and book.read_text()):
        time.sleep(0.02)
    return running


def workers_of(running):
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def lines(out):
    return sorted(json.loads(line)["name"] for line in (out / "records.jsonl").read_text().splitlines())


def test_a_killed_worker_takes_nothing_with_it(done, posters, wish, tmp_path):
    out, jobs, _ = done
    running = begin(tmp_path / "out", posters, wish)
    os.kill(workers_of(running)[0], signal.SIGKILL)
    said, complaints = running.communicate()
    assert running.returncode == 1, complaints  # for the file that is no picture
    assert "5 soundtracks (6 posters new), 1 failed" in said
    for file in out.rglob("*.mid"):
        assert file.read_bytes() == (tmp_path / "out" / file.relative_to(out)).read_bytes()
    assert lines(tmp_path / "out") == sorted(job.name for job in jobs)  # nothing lost, nothing twice


def test_two_posters_are_worked_on_at_once_and_one_that_kills_its_process_takes_nothing_with_it(
        done, posters, wish, tmp_path, monkeypatch):
    out, jobs, records = done
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests/decoder"), prepend=os.pathsep)
    copy = shutil.copytree(posters, tmp_path / "posters")
    (tmp_path / "meeting").mkdir()
    for name, word in (("0.heic", f"meet {tmp_path}/meeting"), ("1.heic", f"meet {tmp_path}/meeting"), ("b.heic", "die")):
        (copy / name).write_bytes(HEIC + word.encode())
    found = {record["name"]: record for record in run(find(copy, wish, tmp_path / "out"), tmp_path / "out", workers=2)}
    assert found["0.heic"]["error"] == found["1.heic"]["error"] == ""  # each waited for the other, in another process
    assert (found["b.heic"]["error"], found["b.heic"]["files"]) == (DIED, [])
    assert [found[job.name] for job in jobs] == records
    assert lines(tmp_path / "out") == sorted(found)  # nothing lost, nothing twice
    table = list(csv.DictReader(write_tables(list(found.values()), tmp_path / "out")[0].open()))
    assert [row["error"] for row in table if row["name"] == "b.heic"] == [DIED]


def test_a_passing_failure_is_tried_again_and_that_of_the_poster_only_when_asked(done, tmp_path):
    out, jobs, records = done
    copy = shutil.copytree(out, tmp_path / "out")
    shutil.rmtree(copy / "tracks/old")
    (copy / "tracks/old").write_text("in the way, as a full disk would be")
    failed = {record["name"]: record["error"] for record in run(jobs, copy, workers=1) if record["error"]}
    assert failed.keys() == {"bad.jpg", "old/a.jpg", "old/e.webp"}
    assert {record["name"] for record in recorded(jobs, copy)} == {job.name for job in jobs}
    assert {record["name"] for record in finished(jobs, copy)} == {job.name for job in jobs} - {"old/a.jpg", "old/e.webp"}
    (copy / "tracks/old").unlink()
    again = []
    assert run(jobs, copy, workers=1, report=again.append) == records
    assert {record["name"] for record in again} == {"old/a.jpg", "old/e.webp"}
    again.clear()
    assert run(jobs, copy, workers=1, report=again.append, retry=True) == records
    assert [record["name"] for record in again] == ["bad.jpg"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names of files that are no text")
def test_a_name_that_is_no_text_is_composed_for_and_told(posters, wish, tmp_path):
    folder = tmp_path / "posters"
    folder.mkdir()
    name = os.fsdecode(b"Am\xe9lie.jpg")
    shutil.copy(posters / "a.jpg", folder / name)
    strict = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(
        [sys.executable, "-m", "posterbeat.cli", "batch", folder, "-o", tmp_path / "out", "-f", "mid", "-f", "mp3", "--notes",
         "32", "--classifier", wish.classifier, "--composer", wish.composer, "--workers", "1"],
        env=strict, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/tracks" / f"{name}.mid").is_file() and (tmp_path / "out/tracks" / f"{name}.mp3").is_file()
    assert "Am\\xe9lie.jpg" in (tmp_path / "out/table.csv").read_text(encoding="utf-8")
    assert "tracks/Am%E9lie.jpg.mp3" in (tmp_path / "out/index.html").read_text(encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "posterbeat.cli", "read", name, "--classifier", wish.classifier],
                          cwd=folder, env=strict | {"COLUMNS": "150"}, capture_output=True, text=True)
    assert done.returncode == 0 and "lie.jpg" in done.stdout, done.stderr


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_workers_end_with_the_process_that_started_them(way, posters, wish, tmp_path):
    running = begin(tmp_path / "out", posters, wish)
    workers = workers_of(running)
    assert len(workers) == 2
    running.send_signal(way)
    running.communicate()
    deadline = time.monotonic() + 20
    while left := [pid for pid in workers if alive(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_ctrl_c_keeps_what_is_done_and_the_next_run_does_the_rest(done, posters, wish, tmp_path):
    _, jobs, records = done
    running = begin(tmp_path / "out", posters, wish)
    running.send_signal(signal.SIGINT)
    _, complaints = running.communicate()
    assert running.returncode == 130 and complaints.endswith("posterbeat: Stopped.\n")
    kept = lines(tmp_path / "out")
    assert kept and (tmp_path / "out/index.html").exists()
    assert len((tmp_path / "out/table.csv").read_text().splitlines()) == 1 + len(kept)
    assert run(find(posters, wish, tmp_path / "out"), tmp_path / "out", workers=2) == records
    assert lines(tmp_path / "out") == sorted(job.name for job in jobs)


def test_without_networks_nothing_is_noted_as_failed(posters, wish, tmp_path):
    with pytest.raises(WeightsError, match="config.json"):
        run(find(posters, replace(wish, composer=str(tmp_path)), tmp_path / "out"), tmp_path / "out", workers=1)
    assert (tmp_path / "out/records.jsonl").read_text() == ""
