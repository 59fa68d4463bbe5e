"""The command line with the weights of this repository; once in a process of its own, else in this one."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import av
import pretty_midi
import pytest
import soundfile
from typer.testing import CliRunner

from posterbeat.batch.jobs import parse_genre
from posterbeat.cli import app
from posterbeat.controls import SUFFIXES
from posterbeat.errors import ParameterError

ROOT = Path(__file__).resolve().parents[1]
POSTERS = sorted((ROOT / "examples/posters").glob("*.jpg"))


@pytest.fixture
def posterbeat(tmp_path, monkeypatch):
    """posterbeat("read", file) runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*words):
        return CliRunner().invoke(app, [str(word) for word in words], prog_name="posterbeat")

    return run


def test_help_shows_how_it_is_used(posterbeat):
    done = posterbeat("--help")
    assert done.exit_code == 0
    for words in ("posterbeat poster.jpg", "read *.jpg --json", "Exit status", "--genre horror --seed 7"):
        assert words in done.stdout
    done = posterbeat("compose", "--help")
    assert "32 to 2000" in done.stdout and "POSTERBEAT_COMPOSER" in done.stdout


def test_a_poster_alone_becomes_sound_with_the_default_command(tmp_path):
    words = [str(POSTERS[0]), "-o", "out.mid", "-o", "out.mp3", "--genre", "horror", "--notes", "64", "--seed", "7"]
    done = subprocess.run([sys.executable, "-m", "posterbeat.cli", *words], cwd=tmp_path, text=True, timeout=240,
                          capture_output=True, stdin=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert "seed 7" in done.stdout and done.stderr == ""
    midi = pretty_midi.PrettyMIDI(str(tmp_path / "out.mid"))
    assert sum(len(track.notes) for track in midi.instruments) == 64
    sound, rate = soundfile.read(tmp_path / "out.mp3")
    assert rate == 44100 and sound.shape[1] == 2
    assert abs(sound).max() > 0.3 and len(sound) / rate >= midi.get_end_time() - 0.1


def test_a_tall_film_says_which_film_it_is_for(posterbeat, tmp_path):
    poster = tmp_path / "The_Long_Night.jpg"
    poster.write_bytes((POSTERS[0]).read_bytes())
    done = posterbeat(poster, "--out", "out.mp4", "--notes", 32, "--tall", "--no-words", "--seed", 7)
    assert done.exit_code == 0, done.stderr
    with av.open("out.mp4") as film:
        assert (film.streams.video[0].width, film.streams.video[0].height) == (1080, 1920)
        assert film.metadata["title"].startswith("The Long Night: music for ")
        assert film.metadata["comment"] == "Composed by PosterBeat, seed 7"


def test_a_name_with_a_colon_is_a_file_and_never_an_address(posterbeat, tmp_path):
    names = [f"Dune: all{suffix}" for suffix in SUFFIXES]
    done = posterbeat(POSTERS[0], *(word for name in names for word in ("-o", name)), "--notes", 32, "--no-words")
    assert done.exit_code == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "http: a.jpg").write_bytes(POSTERS[0].read_bytes())
    done = posterbeat("batch", "few", "--out", "Dune: all", "-f", "mp4", "-f", "mp3", "--notes", 32, "--no-words", "--workers", 1)
    assert done.exit_code == 0, done.stderr
    assert {path.suffix for path in (tmp_path / "Dune: all" / "tracks").iterdir()} == {".mp4", ".mp3"}


def test_the_printed_seed_composes_the_same_notes_again(posterbeat, tmp_path):
    first = posterbeat("compose", POSTERS[1], "-o", "a.mid", "--notes", "48", "--temperature", "0.9")
    assert first.exit_code == 0, first.stderr
    seed = re.search(r"seed (\d+)", first.stdout)[1]
    posterbeat("compose", POSTERS[1], "-o", "b.mid", "--notes", "48", "--temperature", "0.9", "--seed", seed, "-q")
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


@pytest.mark.parametrize("words, sentence", [
    (["--notes", "31"], "from 32 to 2000"),
    (["--notes", "many"], "--notes"),
    (["--temperature", "nan"], "from 0.1 to 2.0"),
    (["--seed", "-1"], "from 0 to 4294967295"),
    (["--genre", "polka"], "action, animation, comedy, drama, horror"),
    (["--genre", "horror=x"], "horror=0.7,comedy=0.3"),
    (["-o", "out.xyz"], ".mid, .wav, .mp3, .mp4"),
    (["-o", "nowhere/out.mp3"], "no folder nowhere"),
    (["--tempo"], "--tempo"),
])
def test_wrong_usage_is_told_in_a_sentence_with_status_2(posterbeat, tmp_path, words, sentence):
    done = posterbeat(POSTERS[0], *words)
    assert done.exit_code == 2
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_poster_that_cannot_be_read_is_told_with_status_1(posterbeat, tmp_path):
    (tmp_path / "notes.jpg").write_text("not a picture")
    for name in ("notes.jpg", "missing.jpg"):
        done = posterbeat(name)
        assert done.exit_code == 1 and done.stderr.startswith("posterbeat: ") and "Traceback" not in done.stderr


def test_missing_weights_are_told_by_name(posterbeat, tmp_path):
    done = posterbeat("read", POSTERS[0], "--classifier", tmp_path)
    assert done.exit_code == 1 and "config.json" in done.stderr and "Traceback" not in done.stderr


def test_read_prints_a_line_of_json_a_poster_and_one_bad_poster_does_not_stop_it(posterbeat, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"")
    done = posterbeat("read", POSTERS[0], "bad.jpg", POSTERS[1], "--json")
    assert done.exit_code == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(line["file"]).name for line in lines] == [POSTERS[0].name, "bad.jpg", POSTERS[1].name]
    assert "error" in lines[1]
    for line in (lines[0], lines[2]):
        assert abs(sum(line["probabilities"].values()) - 1) < 1e-4
        assert line["genre"] == max(line["probabilities"], key=line["probabilities"].get)


def test_read_prints_a_table_for_people(posterbeat):
    done = posterbeat("read", POSTERS[0])
    assert done.exit_code == 0 and POSTERS[0].name in done.stdout and "%" in done.stdout


def test_mixtures_are_written_as_shares():
    assert parse_genre(None) is None
    assert parse_genre("Horror")["horror"] == 1
    assert parse_genre("horror=3, comedy=1")["horror"] == 0.75
    with pytest.raises(ParameterError):
        parse_genre("horror=0")
