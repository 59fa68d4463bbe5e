"""Data of one's own: what a table lacks is told with its line before any work begins, and no file is lost in silence."""

import json
import signal
import subprocess
import sys
import unicodedata
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pretty_midi
import pytest

from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES
from tests.music.made import tune
from tests.vision.drawn import poster
from train.music.batches import Corpus
from train.music.data import read_split
from train.music.prepare import prepare as prepare_music
from train.posters.data import Posters, soft_labels
from train.posters.prepare import prepare as prepare_posters
from train.tables import NamedFiles, read_labels

ROOT = Path(__file__).resolve().parents[2]
HEAD = "file,split,genre\n"


def midi(folder, *names, far=0):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        piece = tune(8).to_midi()
        if far:
            piece.instruments[0].notes.append(pretty_midi.Note(80, 60, far, far + 1))
        piece.write(str(folder / name))


@pytest.mark.parametrize("text, sentence", [
    (HEAD + "a.mid,train,drama\nb.mid,val,thriller\n", "midi.csv, line 3: genre 'thriller' must be one of action, animation"),
    (HEAD + "a.mid,train,drama\nb.mid,late,drama\n", "midi.csv, line 3: split 'late' must be one of train, val, test"),
    (HEAD + "a.mid,train,drama\n", "midi.csv has no row of the split val"),
    (HEAD + "a.mid,val,drama\n", "midi.csv has no row of the split train"),
    (HEAD + ",train,drama\n", "midi.csv, line 2: no file is named"),
    ("file,split\na.mid,train\n", "midi.csv has no column named genre"),
    ("file,genre\na.mid,drama\n", "midi.csv has no column named split"),
    ("file,split,genre,label_quality\na.mid,train,drama,D\n", "midi.csv, line 2: label_quality 'D' must be one of A, B, C"),
    ("", "midi.csv holds no rows"),
])
def test_what_a_table_lacks_is_told_before_any_work(tmp_path, text, sentence):
    (tmp_path / "midi.csv").write_text(text)
    with pytest.raises(ParameterError) as caught:
        prepare_music(tmp_path, tmp_path / "music.npz")
    assert sentence in str(caught.value) and str(tmp_path) not in str(caught.value)
    assert not (tmp_path / "music.npz").exists()


def test_a_table_of_excel_is_read(tmp_path):
    text = "File;Split;Genre\r\nAmélie.mid;Training;Drama\r\nb.mid;validation;HORROR\r\n"
    for data in (text.encode("cp1252"), b"\xef\xbb\xbf" + text.encode()):
        (tmp_path / "midi.csv").write_bytes(data)
        rows = read_labels(tmp_path / "midi.csv", "genre")
        assert [(row["file"], row["split"], row["genre"]) for row in rows] == [
            ("Amélie.mid", "train", "drama"), ("b.mid", "val", "horror")]


def test_pieces_that_are_missing_broken_or_endless_are_counted_and_named(tmp_path):
    midi(tmp_path, "a.mid", "b.mid")
    midi(tmp_path, "far.mid", far=1e5)
    midi(tmp_path, "stray.mid")
    data = (tmp_path / "stray.mid").read_bytes()
    with_stray_note = bytes.fromhex("ff808000 903c50 60 803c00 00ff2f00")  # 268 million ticks later
    last = data.rindex(b"MTrk")
    body = data[last + 8:-4] + with_stray_note
    (tmp_path / "stray.mid").write_bytes(data[:last + 4] + len(body).to_bytes(4, "big") + body)
    (tmp_path / "page.mid").write_text("<html>not found</html>")
    names = ["a.mid", "far.mid", "stray.mid", "page.mid", "gone.mid"]
    (tmp_path / "midi.csv").write_text(HEAD + "".join(f"{name},train,drama\n" for name in names) + "b.mid,val,drama\n")
    report = prepare_music(tmp_path, tmp_path / "music.npz")
    assert report["pieces"] == 2
    assert report["dropped_names"]["longer than 1,500 bars"] == ["far.mid", "stray.mid"]
    assert report["dropped_names"]["file not found"] == ["gone.mid"]
    assert sum(report["dropped"].values()) == 4 and ["page.mid"] in report["dropped_names"].values()
    assert json.loads((tmp_path / "music.json").read_text()) == report
    assert [piece.file for piece in read_split(tmp_path, "train")] == ["a.mid"]


def test_training_without_val_is_told_at_once(tmp_path):
    midi(tmp_path, "a.mid", "b.mid")
    (tmp_path / "midi.csv").write_text(HEAD + "a.mid,train,drama\nb.mid,val,drama\n")
    prepare_music(tmp_path, tmp_path / "music.npz")
    with np.load(tmp_path / "music.npz") as arrays:
        only = dict(arrays)
    only["about"][:, 1] = 0
    np.savez(tmp_path / "music.npz", **only)
    Corpus(tmp_path / "music.npz", "train")
    with pytest.raises(ParameterError, match="music.npz holds no piece of the split val"):
        Corpus(tmp_path / "music.npz", "val")


def test_only_broken_pieces_in_val_are_told_with_the_reason(tmp_path):
    midi(tmp_path, "a.mid")
    (tmp_path / "midi.csv").write_text(HEAD + "a.mid,train,drama\nb.mid,val,drama\n")
    with pytest.raises(ParameterError, match="No piece of the split val .* 1 file not found"):
        prepare_music(tmp_path, tmp_path / "music.npz")


def test_preparing_ends_where_a_signal_is_caught(tmp_path):
    midi(tmp_path, "a.mid", "b.mid")
    (tmp_path / "midi.csv").write_text(HEAD + "a.mid,train,drama\nb.mid,val,drama\n")
    usual = signal.signal(signal.SIGTERM, lambda *_: None)  # so that no forked process ends by it
    try:
        assert prepare_music(tmp_path, tmp_path / "music.npz")["pieces"] == 2
    finally:
        signal.signal(signal.SIGTERM, usual)


def test_a_command_says_it_in_one_line(tmp_path):
    (tmp_path / "midi.csv").write_text(HEAD + "a.mid,train,thriller\n")
    done = subprocess.run([sys.executable, "-m", "train.music.prepare", tmp_path, tmp_path / "music.npz"], cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "midi.csv, line 2" in done.stderr


def jpeg(seed, size=(160, 240)):
    file = BytesIO()
    poster(seed, size).save(file, "JPEG")
    return file.getvalue()


def test_posters_that_are_missing_or_broken_are_counted_and_named(tmp_path, capsys):
    apart = unicodedata.normalize("NFD", "Amélie.jpg")
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as packed:
        for number, name in enumerate(["a.jpg", "train/b.jpg", apart]):
            packed.writestr(name, jpeg(number))
        packed.writestr("cut.jpg", jpeg(4)[:900])
        packed.writestr("page.jpg", b"<!DOCTYPE html><html>404</html>")
        packed.writestr("deep/one/twice.jpg", jpeg(5))
        packed.writestr("deep/two/twice.jpg", jpeg(6))
    with zipfile.ZipFile(tmp_path / "val.zip", "w") as packed:
        for number, genre in enumerate(GENRES):
            packed.writestr(f"{genre}.jpg", jpeg(10 + number))
    names = ["a.jpg", "gone.jpg", "b.jpg", "cut.jpg", unicodedata.normalize("NFC", "Amélie.jpg"), "page.jpg", "twice.jpg"]
    lines = [f"{name};training;Drama" for name in names] + [f"{genre}.jpg;validation;{genre.title()}" for genre in GENRES]
    (tmp_path / "posters.csv").write_bytes("\r\n".join(["file;split;label", *lines]).encode("cp1252"))
    report = prepare_posters(tmp_path, tmp_path / "arrays")
    assert report["posters"] == {"train": 3, "val": 5, "test": 0}
    assert report["dropped_names"] == {"file not found": ["gone.jpg", "twice.jpg"], "unreadable": ["cut.jpg", "page.jpg"]}
    assert "gone.jpg, twice.jpg" in capsys.readouterr().out
    kept = Posters.load(tmp_path / "arrays", "train")
    assert kept.table.file.tolist() == ["a.jpg", "b.jpg", "Amélie.jpg"] and kept.pixels.shape == (3, 240, 160, 3)
    for row, seed in enumerate((0, 1, 2)):
        assert np.abs(kept.pixels[row].astype(int) - np.asarray(poster(seed, (160, 240)), int)).mean() < 6
    assert np.allclose(soft_labels(kept).argmax(1), GENRES.index("drama"))
    with pytest.raises(ParameterError, match="test.csv holds no poster"):
        Posters.load(tmp_path / "arrays", "test")


def test_only_broken_posters_in_val_are_told_with_the_reason(tmp_path):
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as packed:
        packed.writestr("a.jpg", jpeg(0))
    (tmp_path / "posters.csv").write_text("file,split,label\na.jpg,train,drama\nb.jpg,val,drama\n")
    with pytest.raises(ParameterError, match="No poster of the split val .* 1 file not found"):
        prepare_posters(tmp_path, tmp_path / "arrays")


def test_a_damaged_archive_is_told(tmp_path):
    (tmp_path / "train.zip").write_bytes(b"PK no zip")
    with pytest.raises(ParameterError, match="train.zip is not a readable zip file"):
        NamedFiles(tmp_path)


def test_a_file_of_another_folder_is_not_taken_for_the_one_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as packed:
        packed.writestr("drama/a.mid", b"drama")
    files = NamedFiles(tmp_path)
    assert files.read("train", "drama/a.mid") == files.read("train", "a.mid") == files.read("train", r"drama\a.mid") == b"drama"
    with pytest.raises(FileNotFoundError):
        files.read("train", "action/a.mid")
