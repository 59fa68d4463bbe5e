"""Batches for the reader and the writer from the array file of `train.music.prepare`."""

from functools import partial
from pathlib import Path

import numpy as np

from posterbeat.composer.excerpt import collate, stretch
from posterbeat.composer.finished_piece import Finished
from posterbeat.composer.reader import PlanBatch
from posterbeat.composer.writer import WriterBatch
from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES
from train.music.piece_arrays import from_arrays
from train.tables import SPLITS


class Corpus:
    """The pieces of one split, and stretches of them as batches.

    Pieces are drawn so that each genre comes equally often, by label quality (`quality_weights` of A, B, C) and by the
    root of what there is to write.
    """

    def __init__(self, path: Path, split: str, *, seed: int = 0, quality_weights=(4.0, 2.0, 1.0)):
        with np.load(path, allow_pickle=False) as file:
            self.arrays = {name: file[name] for name in file.files}
        self.lengths = {name[4:]: lengths for name, lengths in self.arrays.items() if name.startswith("len_")}
        self.begins = {name: np.cumsum(lengths) - lengths for name, lengths in self.lengths.items()}
        about = self.arrays["about"]
        self.genre, self.split, self.quality, self.bar = about[:, 0], about[:, 1], about[:, 2], about[:, 3]
        written = self.lengths["w_note"]
        self.pieces = np.flatnonzero((self.split == SPLITS.index(split)) & (written > 0))
        if not len(self.pieces):
            raise ParameterError(f"{path.name} holds no piece of the split {split}: prepare it from a table that has some.")
        self.random = np.random.default_rng(seed)
        weight = np.array(quality_weights)[self.quality[self.pieces]] * np.sqrt(np.minimum(written[self.pieces], 2000))
        for index in range(len(GENRES)):
            mine = self.genre[self.pieces] == index
            weight[mine] /= max(weight[mine].sum(), 1e-9)
        self.chance = weight / weight.sum()

    def array(self, name: str, piece: int) -> np.ndarray:
        """One array of one piece."""
        begin = self.begins[name][piece]
        return self.arrays[name][begin:begin + self.lengths[name][piece]]

    def finished(self, piece: int) -> Finished:
        """One piece, with its plan and what is known of it."""
        return from_arrays(partial(self.array, piece=piece))

    def draw(self, size: int, notes: int, bars: int) -> tuple[PlanBatch, WriterBatch]:
        """`size` stretches of up to `notes` written notes within `bars` bars, their conditions partly left out."""
        rows = []
        for piece in self.random.choice(self.pieces, size, p=self.chance):
            written = self.lengths["w_note"][piece]
            where = self.random.random()
            first = 0 if where < 0.15 else max(0, written - notes) if where < 0.3 else int(self.random.integers(
                0, max(1, written - notes // 2)))
            rows.append(stretch(self.finished(int(piece)), first, notes, bars, self.random))
        return collate(rows)
