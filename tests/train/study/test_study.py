"""Training and measuring the reference study's stacks: on made pieces, and on planted failures."""

import csv
import json

import numpy as np
import pytest

from posterbeat.evaluation import STYLE_FEATURES
from posterbeat.evaluation.judge import Judge
from posterbeat.genres import GENRES
from posterbeat.music.historical import HistoricalStack, words_of
from posterbeat.music.score import Score
from tests.music.made import tune
from train.study import evaluate, train, word_figures, write_card

WAVE = [60, 62, 64, 65, 67, 65, 64, 62]


def piano(seed, notes=130):
    """A tune for piano over a few pitches, its phase and doublings by chance."""
    rng = np.random.default_rng(seed)
    pitch = [WAVE[(seed + at) % len(WAVE)] for at in range(notes)]
    onset = np.arange(notes) * 12
    doubled = np.flatnonzero(rng.random(notes) < 0.2)
    return Score(np.concatenate([onset, onset[doubled]]), np.full(notes + len(doubled), 12),
                 np.concatenate([pitch, np.array(pitch)[doubled] + 12]), np.full(notes + len(doubled), 80),
                 np.zeros(notes + len(doubled)))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder of MIDI as training wants it: two comedies to learn, the surer one last in the table, and one for val."""
    folder = tmp_path_factory.mktemp("midi")
    rows = [("b.mid", "train", "comedy", "C", piano(1)), ("a.mid", "train", "comedy", "A", piano(2)),
            ("d.mid", "train", "drama", "A", tune(20)), ("v.mid", "val", "comedy", "A", piano(3))]
    with (folder / "midi.csv").open("w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(("file", "split", "genre", "label_quality"))
        for name, split, genre, quality, score in rows:
            score.to_midi().write(str(folder / name))
            writer.writerow((name, split, genre, quality))
    return folder


@pytest.fixture
def study(data, tmp_path, monkeypatch):
    """The folder of a trained first stack, and the functions of its training, which keep their words beside it."""
    monkeypatch.setattr(train, "EVERY", 40)
    monkeypatch.setattr(train, "RUNS", tmp_path)

    def learn(out, to_see, **options):
        return train.train(
            "first", train.texts(data, "train", "comedy", 400), train.texts(data, "val", "comedy", 400),
            "comedy", out, to_see=to_see, short=10, short_windows=10**6, batch=8, **options)

    return learn


def test_the_surest_pieces_come_first_and_the_last_is_cut_to_the_number_of_notes(data, tmp_path):
    surest, doubtful = words_of(piano(2)), words_of(piano(1))
    assert train.texts(data, "train", "comedy", 10**6, cache=tmp_path) == [surest, doubtful]
    one = len(piano(2))
    first, second = train.texts(data, "train", "comedy", one + 125, cache=tmp_path)
    assert first == surest and second == doubtful[:len(second)]
    assert 0.9 * (one + 125) <= train.sounding(first) + train.sounding(second) <= one + 125
    assert train.texts(data, "val", "comedy", 10**6, {"p60"}, cache=tmp_path) == []  # no window of 100 is left


def test_words_are_read_once(data, tmp_path, monkeypatch):
    wanted = train.texts(data, "train", "drama", 10**6, cache=tmp_path)
    monkeypatch.setattr("train.music.data.read_split", None)
    assert train.texts(data, "train", "drama", 10**6, cache=tmp_path) == wanted
    assert len(train.texts(data, "train", "comedy", 10**6, cache=tmp_path)) == 2


def test_a_run_goes_on_where_it_stopped(study, tmp_path):
    log = study(tmp_path / "run", 80)
    assert log["windows_seen"] >= 80 and log["rounds"][-1]["length"] == 10
    assert log["epochs"] == pytest.approx(log["windows_seen"] / log["windows"], abs=1e-3)
    again = study(tmp_path / "run", 120)
    assert again["rounds"][:len(log["rounds"])] == log["rounds"] and again["windows_seen"] > log["windows_seen"]
    assert json.loads((tmp_path / "run/log.json").read_text()) == again
    stopped = study(tmp_path / "run", 10**6, minutes=0)
    assert stopped["windows_seen"] == again["windows_seen"]
    assert HistoricalStack.from_pretrained(tmp_path / "run").config.genre == "comedy"


def test_planted_failures_are_told_from_music():
    rng = np.random.default_rng(0)
    music = [list(rng.choice(["p60", "p62", "p64", "0.4"], 200)) for _ in range(3)]
    one_note = music[0][:80] + ["p60"] * 70
    circle = music[0][:80] + ["p60", "p62", "p64"] * 30
    assert [word_figures.stuck(words) for words in (music[0], one_note, circle)] == [0, 1, 0]
    assert [word_figures.circling(words) for words in (music[0], one_note, circle)] == [0, 1, 1]
    assert word_figures.repeated(["p60", "p60", "p62", "p62", "p62"]) == 0.75
    assert max(word_figures.alike(music)) < 0.1
    assert word_figures.alike([music[0], music[0][20:], music[1]])[:2] == pytest.approx([0.9, 1.0], abs=0.06)
    assert word_figures.cut(["p60", "0.4.7", "p62"], 2) == ["p60", "0.4.7"]
    assert word_figures.cut(["p60", "0.4.7", "p62"], 1) == ["p60"]


class Deaf(Judge):
    """Hears comedy in everything."""

    def __init__(self):
        super().__init__(None)

    def probabilities(self, features):
        return np.tile(np.eye(5)[GENRES.index("comedy")], (len(features), 1))


def test_a_run_is_measured_and_its_card_written(study, data, tmp_path, monkeypatch):
    assert len(STYLE_FEATURES) > 20
    study(tmp_path / "run", 40)
    monkeypatch.setattr(evaluate, "NOTES", 36)
    record = evaluate.measure_run(tmp_path / "run", data, Deaf(), 3, drawn=True)
    assert record["train_loss"]["n"] > 20 and record["train_loss"]["low"] <= record["train_loss"]["value"]
    for name in ("pieces", "shipped"):
        assert record[name]["judge_recall"]["value"] == 1 and record[name]["stuck"]["n"] == 3
        assert len(Score.from_midi(tmp_path / "run" / name / "comedy_002.mid")) == 36
    assert record["real"]["stuck"]["value"] == 0 and record["real"]["copied_8_median"]["value"] > 0.9  # one wave for all
    monkeypatch.setattr(HistoricalStack, "write", None)  # what was composed is kept
    assert evaluate.measure_run(tmp_path / "run", data, Deaf(), 3, drawn=True) == record

    metrics = {"notes": 36, "ships": "run", "runs": {"run": record},
               "beside": {"composer": record["real"], "real": record["real"]}}
    metrics["findings"] = write_card.findings(metrics)
    text = write_card.card(metrics)
    assert text.startswith("---\nlicense: mit") and "| run | One note for ever. |" in text
    assert f"{record['train_loss']['value']:.3g} (" in text and "as it ships" in text


def record(stack, **values):
    """A record whose figures are all 0 but those given."""
    names = ("stuck", "circling", "repeated", "alike", "copied_8_median", "train_loss", "train_right", "val_loss", "val_right")
    figures = {name: {"value": values.get(name, 0.0)} for name in names}
    return {"stack": stack, "pieces": figures, "real": figures} | figures


@pytest.mark.parametrize(("stack", "values", "seen"), [
    ("first", {"stuck": 0.5, "circling": 0.5}, True),
    ("first", {"stuck": 0.4, "circling": 1.0}, False),
    ("second", {"train_right": 0.95, "copied_8_median": 0.7}, True),
    ("second", {"train_right": 0.95, "copied_8_median": 0.1}, False),
    ("second", {"train_right": 0.3, "copied_8_median": 0.7}, False),
    ("final", {"alike": 0.1}, True),
    ("final", {"alike": 0.6}, False),
    ("final", {"circling": 0.6}, False),
    ("final", {"copied_8_median": 0.6}, False),
])
def test_what_the_study_reports_is_seen_only_where_the_figures_say_so(stack, values, seen):
    found = write_card.finding(record(stack, **values))
    assert found["seen"] is seen and found["study"] == write_card.STUDY[stack]
