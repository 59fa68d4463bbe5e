"""A catalogue holds how each take came to be, steps included, and its row brings the same notes back."""

import csv

import pytest
from PIL import Image

from posterbeat import PosterBeat, Score
from posterbeat.batch.jobs import Wish, find
from posterbeat.batch.one_poster import compose_for
from posterbeat.batch.report import write_tables
from posterbeat.controls import Controls
from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES, mixture
from posterbeat.steps import GoOn, Rewrite
from posterbeat.vision.reading import GenreReading
from tests.composer.small import small_composer

ROWS = ["110 5.0 0 48 2 40 10 20 20 10|4 33 9 0 3 5|0 0 15 2 4 5|6 48 17 0 3 4"]
ASKED = "file,genre,notes,seed,instruments,steps,weights\n"


class Reader:
    """What reads posters; it says the same of every one."""

    def predict(self, image, words=True):
        return GenreReading("drama", mixture(dict.fromkeys(GENRES, 1)))


@pytest.fixture(scope="module")
def beat():
    composer = small_composer(ROWS)
    composer.mark = "ab12cd34ef"
    return PosterBeat(Reader(), composer)


@pytest.fixture
def job_of(tmp_path):
    """A function from the end of a line of a CSV to its job."""
    Image.new("RGB", (60, 90), "crimson").save(tmp_path / "a.jpg")

    def job(line):
        (tmp_path / "list.csv").write_text(f"{ASKED}a.jpg,drama,120,7,\"piano, bass\",{line}\n")
        return find(tmp_path / "list.csv", Wish(controls=Controls(seed=0), suffixes=(".mid",)), tmp_path / "out")[0]
    return job


def test_a_row_of_the_table_brings_the_same_notes_back(beat, job_of, tmp_path):
    job = job_of('"go-on:10:5,rewrite:bass:2-3:6",ab12cd34ef')
    assert job.wish.steps == (GoOn(10, 5), Rewrite("bass", (2, 3), 6))
    record = compose_for(job, beat, tmp_path)
    assert not record["error"]
    write_tables([record], tmp_path)
    with (tmp_path / "table.csv").open(newline="") as table:
        row = next(csv.DictReader(table))
    assert row["steps"].startswith("go-on:10:5,rewrite:") and row["weights"] == "ab12cd34ef"
    first = Score.from_midi(tmp_path / "tracks" / f"{job.name}.mid")
    plain = compose_for(job_of(","), beat, tmp_path / "plain")
    assert Score.from_midi(tmp_path / "plain" / plain["files"][0]) != first
    again = compose_for(job_of(f'"{row["steps"]}",{row["weights"]}'), beat, tmp_path / "again")
    assert Score.from_midi(tmp_path / "again" / again["files"][0]) == first


def test_a_row_of_other_weights_says_so_and_has_no_file(beat, job_of, tmp_path):
    record = compose_for(job_of(",0123456789"), beat, tmp_path)
    assert "Another composer's weights wrote this piece" in record["error"] and not record["files"] and record["lasting"]


def test_steps_that_cannot_be_are_named_by_their_line(job_of):
    with pytest.raises(ParameterError, match="line 2: Step 'dance:1:2' is not known"):
        job_of("dance:1:2,")


def test_steps_that_are_too_much_work_are_a_lasting_failure(beat, job_of, tmp_path):
    job = job_of('"' + ",".join(["go-on:300:1", "go-on:250:1", *["rewrite::1-9999:1"] * 48]) + '",')
    beat = PosterBeat(Reader(), beat.composer)
    beat.take_step = lambda *given, **named: pytest.fail("a step was taken")
    record = compose_for(job, beat, tmp_path)
    assert "notes anew: 50,000 at most" in record["error"] and not record["files"] and record["lasting"]
