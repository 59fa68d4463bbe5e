"""The verbs that take a finished piece further, with the weights of this repository."""

import re

import pytest
from typer.testing import CliRunner

from posterbeat import Score, Track
from posterbeat.cli import app
from tests.music.made import tune


@pytest.fixture
def posterbeat(tmp_path, monkeypatch):
    """posterbeat("go-on", file) runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*words):
        return CliRunner().invoke(app, [str(word) for word in words], prog_name="posterbeat")

    return run


@pytest.fixture
def piece(tmp_path):
    """A MIDI file from elsewhere."""
    path = tmp_path / "piece.mid"
    tune(bars=6).to_midi().write(str(path))
    return path


def test_a_piece_goes_on_and_a_part_of_it_is_written_anew(posterbeat, piece, tmp_path):
    done = posterbeat("go-on", piece, "--seconds", "10", "-o", "longer.mid")
    assert done.exit_code == 0 and done.stderr == ""
    seed = re.search(r"Seed (\d+); \d+ s", done.stdout)[1]
    assert posterbeat("go-on", piece, "--seconds", "10", "--seed", seed, "-q").stdout == ""
    assert (tmp_path / "longer.mid").read_bytes() == (tmp_path / "piece-2.mid").read_bytes()
    done = posterbeat("rewrite", "longer.mid", "--part", "bass", "--bars", "2-3", "-o", "other.mid", "--seed", "1")
    assert done.exit_code == 0, done.stderr
    other, longer = Track.from_midi(tmp_path / "other.mid"), Track.from_midi(tmp_path / "longer.mid")
    assert [type(step).__name__ for step in other.steps] == ["GoOn", "Rewrite"] and other.own
    assert other.score != longer.score and longer.score.seconds > Score.from_midi(piece).seconds + 8


@pytest.mark.parametrize("words, status, sentence", [
    (["go-on", "piece.mid", "--seconds", "5"], 2, "Seconds must be a number from 10 to 300"),
    (["go-on", "nowhere.mid"], 1, "The MIDI file cannot be read"),
    (["go-on", "piece.mid", "-o", "out.xyz"], 2, ".mid, .wav"),
    (["rewrite", "piece.mid"], 2, "Say what to write anew"),
    (["rewrite", "piece.mid", "--bars", "16-9"], 2, "the wrong way round"),
    (["rewrite", "piece.mid", "--part", "tuba"], 2, "is not in this piece: choose from"),
    (["rewrite", "piece.mid", "--bars", "90-91"], 2, "not all there"),
])
def test_wrong_usage_is_told_in_a_sentence(posterbeat, piece, tmp_path, words, status, sentence):
    done = posterbeat(*words)
    assert done.exit_code == status and sentence in done.stderr and "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["piece.mid"]
