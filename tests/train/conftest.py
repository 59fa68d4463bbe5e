"""A pack of drawn posters and made pieces, as `train.pack` makes one of real ones."""

import csv
import io
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import timm
from safetensors.torch import save_file

import posterbeat.vision  # noqa: F401  registers the networks
from posterbeat.genres import GENRES
from posterbeat.music.score import Score
from tests.music.made import tune
from tests.vision.drawn import grainy
from train.pack import pack
from train.posters.data import IMDB

BACKBONE = "tf_efficientnet_lite0"
POSTERS = {"train": 40, "val": 20, "test": 5}


class Made(NamedTuple):
    """The pack, and what it was made from."""

    folder: Path
    posters: Path
    midi: Path
    prepared: Path
    words: Path


def write_posters(folder: Path) -> None:
    with (folder / "posters.csv").open("w", newline="") as table:
        rows = csv.writer(table)
        rows.writerow(("file", "split", "label", "genres", "genres_source"))
        for split, count in POSTERS.items():
            with zipfile.ZipFile(folder / f"{split}.zip", "w") as archive:
                for number in range(count):
                    name, genre = f"{split}{number}.png", GENRES[number % 5]
                    file = io.BytesIO()
                    grainy(number).save(file, "PNG")
                    archive.writestr(name, file.getvalue())
                    genres = genre.title() + ("|Drama|Western" if number % 3 else "")
                    rows.writerow((name, split, genre, genres, "movielens" if number % 4 == 3 else IMDB))


def write_midi(folder: Path) -> None:
    with (folder / "midi.csv").open("w", newline="") as table:
        rows = csv.writer(table)
        rows.writerow(("file", "split", "genre", "label_quality"))
        for split in POSTERS:
            for number, genre in enumerate(GENRES):
                made = tune(56 + 2 * number, tempo=90 + 10 * number)
                random = np.random.default_rng([number, len(split)])
                pitch = np.where(made.program == 73, made.pitch + random.integers(-3, 4, len(made)), made.pitch)
                score = Score(made.onset, made.duration, pitch, made.velocity, made.program, tempo=made.tempo, bar=made.bar)
                score.to_midi().write(str(folder / f"{split}_{genre}.mid"))
                rows.writerow((f"{split}_{genre}.mid", split, genre, "ABC"[number % 3]))


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Made:
    root = tmp_path_factory.mktemp("packed")
    made = Made(root / "pack", root / "posters", root / "midi", root / "music.npz", root / "words")
    made.posters.mkdir()
    made.midi.mkdir()
    write_posters(made.posters)
    write_midi(made.midi)
    (root / "weights" / "classifier").mkdir(parents=True)
    save_file(timm.create_model("posternet", backbone=BACKBONE).state_dict(), root / "weights/classifier/model.safetensors")
    pack(made.folder, made.posters, made.midi, made.prepared, root / "weights", backbone=BACKBONE, imagenet=False,
         words=made.words)
    return made
