"""Batches for the composer from the array file of `train.music.prepare`."""

from pathlib import Path

import numpy as np

from posterbeat.composer.excerpt import collate, stretch
from posterbeat.composer.network import PHRASE, Batch
from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES

# How often each sort of recall is shown: what looks back only, what is known of the form, nothing.
_HINTS = (("match", 0.35), ("plan", 0.4), ("none", 0.25))
_READ_BEFORE = 1  # phrases before the stretch that are read in training (all MEMORY of them in use)


class Corpus:
    """The pieces of one split, and stretches of them as batches.

    Each genre comes equally often, and a long piece more often than a short one.

    quality_weights : how often a piece of label quality A, B, C is drawn
    """

    def __init__(self, path: Path, split: str, *, seed: int = 0, quality_weights=(4.0, 2.0, 1.0)):
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        ends = np.cumsum(arrays["length"])
        self.pieces = np.flatnonzero(arrays["split"] == ("train", "val", "test").index(split))
        if not len(self.pieces):
            raise ParameterError(f"{path.name} holds no piece of the split {split}: put some of the pieces into it and run "
                                 "train.music.prepare again.")
        self.begin, self.length = ends - arrays["length"], arrays["length"]
        self.arrays = arrays
        self.random = np.random.default_rng(seed)
        weight = np.array(quality_weights)[arrays["quality"][self.pieces]] * np.sqrt(np.minimum(self.length[self.pieces], 4000))
        genre = arrays["genre"][self.pieces]
        for index in range(len(GENRES)):
            weight[genre == index] /= max(weight[genre == index].sum(), 1e-9)
        self.chance = weight / weight.sum()

    def piece(self, index: int) -> dict:
        """Note arrays and attributes of one piece."""
        rows = slice(self.begin[index], self.begin[index] + self.length[index])
        notes = {name: self.arrays[name][rows] for name in
                 ("fields", "onset", "match", "match_length", "bar_pointer", "bar_similarity")}
        return notes | {name: self.arrays[name][index] for name in ("bar", "tempo", "density", "minor", "ensemble", "genre")}

    def draw(self, size: int, phrases: int) -> Batch:
        """`size` stretches of `phrases` phrases, drawn at random, their conditions partly left out."""
        rows = []
        for index in self.random.choice(self.pieces, size, p=self.chance):
            last = max(0, (int(self.length[index]) - 1) // PHRASE)
            where = self.random.random()
            first = 0 if where < 0.15 else max(0, last - phrases + 1) if where < 0.3 else self.random.integers(0, last + 1)
            hint = self.random.choice([name for name, _ in _HINTS], p=[share for _, share in _HINTS])
            rows.append(stretch(self.piece(index), int(first) * PHRASE, phrases, hint, _READ_BEFORE, self.random))
        return collate(rows)
