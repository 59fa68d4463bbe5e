"""Stretches of finished plans as the planner sees them: for learning, and for what a plan costs."""

import numpy as np
import torch

from posterbeat.composer.excerpt import WITHOUT_ABOUT, WITHOUT_GENRE
from posterbeat.composer.finished_piece import Finished
from posterbeat.composer.plan_features import UNKNOWN, part_columns
from posterbeat.composer.planner import PlanItems, plan_items
from posterbeat.music.harmony import slots_in_bar

_WITH_ERRORS, _WRONG = 0.5, 0.15  # stretches with errors; what is wrong of what such a stretch shows of the bars before
_CELLS_BEFORE, _FURTHER_BACK = slice(0, 15), slice(20, 27)  # columns of `PlanItems.seen` that tell of what was drawn before


def plan_stretch(of: Finished, first: int, most: int | None, random: np.random.Generator | None = None) -> dict:
    """Items of a plan from bar `first` on, at most `most`, with what is known of the piece; with `random` partly left out."""
    parts, about, mix = part_columns(of.piece.parts), of.about, of.mix.copy()
    if random is not None:
        if random.random() < WITHOUT_GENRE:
            mix[:] = 0
        for column, name in ((0, "tempo"), (1, "mode"), (3, "density")):
            if random.random() < WITHOUT_ABOUT:
                about[column] = UNKNOWN[name]
    items = plan_items(of.plan, parts, slots=slots_in_bar(of.piece.bar), first=first, most=most)
    if random is not None and random.random() < _WITH_ERRORS:
        items |= _with_errors(items["seen"], items["chords"], items["cell"], random)
    return items | {"parts": parts, "about": about, "mix": mix}


def _with_errors(seen: np.ndarray, chords: np.ndarray, cell: np.ndarray, random: np.random.Generator) -> dict:
    """Some of what an item is shown of the bars before is another item's: a planner that draws sees its own mistakes."""
    seen, chords = seen.copy(), chords.copy()
    for rows in (np.flatnonzero(cell), np.flatnonzero(~cell)):
        for columns in (_CELLS_BEFORE, _FURTHER_BACK):
            wrong = rows[random.random(len(rows)) < _WRONG]
            seen[wrong, columns] = seen[random.choice(rows, len(wrong)), columns]
        wrong = rows[random.random(len(rows)) < _WRONG]
        first = int(cell[rows].any())  # a cell is told the chords of its own bar
        chords[wrong, first:] = chords[random.choice(rows, len(wrong)), first:]
    return {"seen": seen, "chords": chords}


def collate_items(rows: list[dict]) -> PlanItems:
    """Stretches as a batch, padded at their ends."""
    size, voices = max(len(row["cell"]) for row in rows), max(len(row["parts"]) for row in rows)

    def padded(name, fill, length):
        first = rows[0][name]
        out = np.full((len(rows), length, *first.shape[1:]), fill, first.dtype)
        for index, row in enumerate(rows):
            out[index, :len(row[name])] = row[name]
        return torch.from_numpy(out)

    return PlanItems(
        seen=padded("seen", 0, size), chords=padded("chords", 0, size), recalled=padded("recalled", 0, size),
        target=padded("target", -1, size), cell=padded("cell", False, size), parts=padded("parts", -1, voices),
        about=torch.from_numpy(np.stack([row["about"] for row in rows])),
        mix=torch.from_numpy(np.stack([row["mix"] for row in rows])))
