"""A pack holds what learning needs, reads as the folders do, and says what it lacks."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from safetensors.torch import load_file

from posterbeat.genres import GENRES
from train.manifest import faults
from train.music import packed as pieces
from train.pack import pack
from train.posters import packed as pictures
from train.posters.data import Posters, resize, soft_labels, trust, unframed
from train.posters.prepare import prepare
from train.study.train import texts


def test_every_file_is_listed_and_small_enough(made):
    listed = json.loads((made.folder / "manifest.json").read_text())["files"]
    assert set(listed) == {path.name for path in made.folder.iterdir()} - {"manifest.json"}
    assert max(entry["bytes"] for entry in listed.values()) < 50_000_000
    assert {name.split("-")[0] for name in listed} == {"posters", "notes", "words", "start"}
    assert not faults(made.folder)


def test_nothing_of_test_is_packed(made):
    assert not list(made.folder.glob("*test*"))
    assert set(pieces.read_shards(made.folder)["about"][:, 1].tolist()) == {0, 1}


def test_check_says_what_is_missing_and_what_is_damaged(made, tmp_path):
    folder = tmp_path / "pack"
    shutil.copytree(made.folder, folder)
    check = [sys.executable, "-m", "train.pack", str(folder), "--check"]
    whole = subprocess.run(check, capture_output=True, text=True)
    assert (whole.returncode, whole.stderr) == (0, "") and "there and whole" in whole.stdout
    (folder / "notes-00.npz").unlink()
    data = bytearray((folder / "posters-val-00.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "posters-val-00.npz").write_bytes(data)
    cut = folder / "words-train_comedy.txt"
    cut.write_bytes(cut.read_bytes()[:-5])
    broken = subprocess.run(check, capture_output=True, text=True)
    assert broken.returncode == 1
    lines = broken.stdout.splitlines()
    assert len(lines) == 3
    assert any(line.startswith("notes-00.npz is missing") for line in lines)
    assert "posters-val-00.npz is damaged: copy it again." in lines
    assert any(line.startswith("words-train_comedy.txt has") for line in lines)
    (folder / "manifest.json").unlink()
    assert faults(folder) == ["manifest.json is missing: copy it first, it tells what else there must be."]


def test_packed_posters_are_those_of_the_folder(made, tmp_path):
    prepare(made.posters, tmp_path)
    for split in ("train", "val"):
        folder, packed = Posters.load(tmp_path, split), pictures.read_shards(made.folder, split, processes=2)
        np.testing.assert_array_equal(packed.labels, folder.labels)
        np.testing.assert_array_equal(packed.imdb, folder.imdb)
        np.testing.assert_array_equal(trust(packed), trust(folder))
        np.testing.assert_array_equal(soft_labels(packed), soft_labels(folder))
        whole = np.stack([resize(unframed(one), (240, 160)) for one in folder.pixels])
        distance = np.abs(packed.pixels.astype(int) - whole).mean((1, 2, 3))
        others = np.abs(packed.pixels.astype(int) - np.roll(whole, 1, 0)).mean((1, 2, 3))
        assert packed.pixels.shape == whole.shape and (distance < others / 2).all()


def test_posters_are_split_by_size_and_read_in_order(made, tmp_path):
    written = pictures.write_shards(made.posters, tmp_path, "train", 120_000)
    assert len(written) > 2 and all(path.stat().st_size <= 120_000 for path in written)
    together, parted = (pictures.read_shards(folder, "train") for folder in (made.folder, tmp_path))
    np.testing.assert_array_equal(together.pixels, parted.pixels)
    np.testing.assert_array_equal(together.table.genres, parted.table.genres)
    few = pictures.read_shards(tmp_path, "train", most=7)
    np.testing.assert_array_equal(few.pixels, together.pixels[:7])


def test_packed_pieces_with_their_views_are_the_prepared_ones(made):
    """What the writer is shown is not packed; it comes out the same when it is computed again."""
    read = pieces.with_views(pieces.read_shards(made.folder), processes=2)
    with np.load(made.prepared, allow_pickle=False) as file:
        whole = {name: file[name] for name in file.files}
    kept = whole["about"][:, 1] < 2
    assert set(read) == set(whole) and 0 < kept.sum() < len(kept)
    for name, lengths in whole.items():
        if name.startswith("len_"):
            np.testing.assert_array_equal(read[name], lengths[kept], err_msg=name)
            rows = np.repeat(kept, lengths)
            np.testing.assert_array_equal(read[name[4:]], whole[name[4:]][rows], err_msg=name)
            assert read[name[4:]].dtype == whole[name[4:]].dtype, name


def test_pieces_are_split_by_size(made, tmp_path):
    written = pieces.write_shards(made.prepared, tmp_path, 20_000)
    assert len(written) > 2 and all(path.stat().st_size <= 30_000 for path in written)
    together, parted = (pieces.read_shards(folder) for folder in (made.folder, tmp_path))
    for name, values in together.items():
        np.testing.assert_array_equal(values, parted[name], err_msg=name)
    few = pieces.read_shards(tmp_path, most=3)
    assert few["name"].tolist() == together["name"][[0, 4, 9]].tolist()


def test_packed_words_are_the_studys(made, tmp_path):
    for path in made.folder.glob("words-*.txt"):
        (tmp_path / path.name.removeprefix("words-")).write_text(path.read_text())
    for genre in GENRES:
        of_folder = texts(made.midi, "train", genre, 300, cache=made.words)
        assert of_folder and texts(made.folder, "train", genre, 300, cache=tmp_path) == of_folder


def test_starting_weights_are_in_half_precision(made):
    start = load_file(made.folder / "start-picture.safetensors")
    assert {str(value.dtype) for value in start.values() if value.ndim > 1} == {"torch.float16"}
    assert not (made.folder / "start-writer.safetensors").exists()  # there was no composer to start from


def test_a_folder_that_holds_something_is_not_packed_into(made, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SystemExit, match="not empty"):
        pack(tmp_path, made.posters, made.midi, made.prepared, tmp_path)
