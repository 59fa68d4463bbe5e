"""Stretches of finished pieces as the reader and the writer see them: for learning, and for what a piece costs."""

import numpy as np
import torch

from posterbeat.chords import feature_table
from posterbeat.composer.finished_piece import Finished
from posterbeat.composer.parts import MOST_PLACES
from posterbeat.composer.plan import MOST_COUNTED
from posterbeat.composer.plan_features import UNKNOWN, bar_columns, part_columns
from posterbeat.composer.reader import PlanBatch
from posterbeat.composer.writer import BEGIN, NO_NOTE, WriterBatch
from posterbeat.instruments import DRUM_FAMILY, PITCHES

_CHORDS = feature_table()
WITHOUT_GENRE, WITHOUT_ABOUT, _WITHOUT_CHORDS, _WITHOUT_SHADES = 1 / 8, 1 / 5, 1 / 8, 1 / 10  # how often each is left out
_STRAYING, _STRAYED = 0.4, 0.06  # share of stretches whose history holds wrong notes, and of their notes


def stretch(of: Finished, first: int, notes: int, bars: int, random: np.random.Generator | None = None) -> dict:
    """One stretch, from the beginning of the cell that holds the written note `first`.

    With `random`, conditions are partly left out and some of the notes before are wrong, as they are in use.
    """
    parts = part_columns(of.piece.parts)
    voices, start, fields, bar_length = len(parts), of.piece.start, of.piece.notes, of.piece.bar
    total = of.plan.bars
    written, cells = of.view["note"], of.view["cell"]
    of_note = np.searchsorted(start, written[first:first + notes + MOST_COUNTED], side="right") - 1
    skipped = int(np.searchsorted(written, start[of_note[0]]))  # the stretch begins with its first cell
    written = written[skipped:skipped + notes]
    of_note = np.searchsorted(start, written, side="right") - 1
    bar_of_note = of_note // voices
    before = int(random.integers(4, max(5, bars // 3))) if random else bars // 3
    low = max(0, int(bar_of_note[0]) - before)
    high = min(total, low + bars)
    keep = int(np.searchsorted(bar_of_note, high))
    written, of_note, bar_of_note = written[:keep], of_note[:keep], bar_of_note[:keep]
    rows = slice(skipped, skipped + keep)

    tall = np.array([DRUM_FAMILY == family for family in parts[:, 0]])
    wide = fields.astype(np.int64)
    part_of_note = of_note % voices
    number, inverse = np.unique(of_note, return_inverse=True)
    mine = np.searchsorted(cells, number)
    sources = of.view["sources"][mine]

    def notes_at(index, drums):
        found = np.where((index >= 0)[..., None], wide[np.maximum(index, 0)], NO_NOTE)
        found[..., 1] += PITCHES * ((index >= 0) & drums)
        return found

    hints = notes_at(of.view["hints"][rows], tall[part_of_note][:, None])
    target = wide[written]
    chain = np.concatenate([[written[0] - 1 if skipped else -1], written[:-1]])
    if skipped:
        chain[0] = of.view["note"][skipped - 1]
    came = np.searchsorted(start, np.maximum(chain, 0), side="right") - 1
    previous = notes_at(chain, tall[came % voices])
    opens = np.append(True, of_note[1:] != of_note[:-1])
    previous[opens, 0] = BEGIN
    end = start[of_note + 1]
    left = np.minimum(end - written, MOST_COUNTED + 1)
    sounding = (of.view["sounding"][rows, None].astype(np.int64) >> np.arange(12)) & 1
    lowest = of.view["lowest"][rows].astype(np.int64)

    onsets = np.zeros((len(number), 4, MOST_PLACES), np.float32)
    onsets[:, :2] = np.unpackbits(of.view["others"][mine], axis=1).reshape(-1, 2, MOST_PLACES)
    for slot in (0, 1):
        for row, source in enumerate(sources[:, slot].tolist()):
            if source >= 0:
                onsets[row, 2 + slot, fields[start[source]:start[source + 1], 0]] = 1

    def place_in_window(cell):
        """Cells by bar and part -> rows of parts by bars of the window; -1 outside."""
        bar, part = np.divmod(cell, voices)
        return np.where((cell >= 0) & (bar >= low) & (bar < high), part * bars + bar - low, -1)

    harmony = _CHORDS[of.plan.chord, of.plan.bass]
    half = (target[:, 0] * 2 >= bar_length).astype(int)
    flat = harmony.reshape(-1, 36)
    slot = bar_of_note * 2 + half
    of_notes = np.stack([flat[slot], flat[np.minimum(slot + 1, len(flat) - 1)]], axis=1)
    window = _window(of, low, high, bars)
    about, mix = of.about, of.mix.copy()
    if random is not None:
        _leave_out(random, mix, about, window, of_notes)
        if random.random() < _STRAYING:
            _stray(random, previous, hints, opens)
    return {
        **window, "parts": parts, "about": about, "mix": mix,
        "cell": inverse.reshape(-1), "own": place_in_window(number), "last": place_in_window(sources[:, 0]),
        "recalled": place_in_window(sources[:, 1]), "onsets": onsets, "drums": tall[number % voices],
        "previous": previous, "left": left, "hints": hints, "sounding": sounding, "lowest": lowest,
        "note_chords": of_notes, "target": target,
    }


def _window(of: Finished, low: int, high: int, bars: int) -> dict[str, np.ndarray]:
    """What the reader sees of the bars `low` to `high` of a plan, filled up to `bars` bars."""
    shown = high - low
    cells = np.zeros((len(of.piece.parts), bars, 5), np.int64)
    cells[:, :shown] = of.plan.cells[low:high].astype(np.int64).transpose(1, 0, 2)
    chords = np.zeros((bars, 2, 36), np.float32)
    chords[:shown] = _CHORDS[of.plan.chord[low:high], of.plan.bass[low:high]]
    columns = np.zeros((bars, 4), np.int64)
    columns[:shown] = bar_columns(of.plan.copy[low:high], low, of.plan.bars)
    real = np.zeros(bars, np.float32)
    real[:shown] = 1
    return {"cells": cells, "chords": chords, "bars": columns, "real": real}


def _leave_out(random: np.random.Generator, mix: np.ndarray, about: np.ndarray, window: dict[str, np.ndarray],
               of_notes: np.ndarray) -> None:
    """Forget some of the conditions, as guidance and callers who leave them open need it."""
    if random.random() < WITHOUT_GENRE:
        mix[:] = 0
    if random.random() < _WITHOUT_CHORDS:
        window["chords"][:], of_notes[:] = 0, 0
    for column, name in ((0, "tempo"), (1, "mode"), (3, "density")):
        if random.random() < WITHOUT_ABOUT:
            about[column] = UNKNOWN[name]
    for column, unknown in ((3, 32), (4, 8)):  # register, loudness
        if random.random() < _WITHOUT_SHADES:
            window["cells"][..., column] = unknown


def _stray(random: np.random.Generator, previous: np.ndarray, hints: np.ndarray, opens: np.ndarray) -> None:
    """Put wrong notes into the history: pitches some steps off, wherever the writer looks back at its own last notes."""
    wrong = (random.random(len(previous)) < _STRAYED) & (previous[:, 1] < PITCHES)
    off = random.choice([-12, -7, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 7, 12], len(previous))
    moved = np.clip(previous[:, 1] + off, 0, PITCHES - 1)
    inside = wrong & ~opens  # there the note before is the part's own last note
    hints[inside, 4, 1] = moved[inside]
    previous[wrong, 1] = moved[wrong]


def collate(rows: list[dict]) -> tuple[PlanBatch, WriterBatch]:
    """Stretches of one number of bars as a batch."""
    notes = max(len(row["target"]) for row in rows)
    parts = np.cumsum([0, *(len(row["parts"]) for row in rows)])
    cells = np.cumsum([0, *(len(row["own"]) for row in rows)])
    bars = len(rows[0]["real"])
    nowhere = parts[-1] * bars

    def padded(name, fill=0):
        first = rows[0][name]
        out = np.full((len(rows), notes, *first.shape[1:]), fill, first.dtype if first.dtype == np.float32 else np.int64)
        for index, row in enumerate(rows):
            out[index, :len(row[name])] = row[name]
        return torch.from_numpy(out)

    def joined(name):
        return torch.from_numpy(np.concatenate([row[name] for row in rows]))

    def placed(name):
        return torch.from_numpy(np.concatenate([
            np.where(row[name] >= 0, row[name] + parts[index] * bars, nowhere) for index, row in enumerate(rows)]))

    def stacked(name):
        return torch.from_numpy(np.stack([row[name] for row in rows]))

    for index, row in enumerate(rows):
        row["cell"] = row["cell"] + cells[index]
    plan = PlanBatch(
        cells=joined("cells"), parts=joined("parts"), owner=torch.from_numpy(np.repeat(np.arange(len(rows)), np.diff(parts))),
        chords=stacked("chords"), bars=stacked("bars"), real=stacked("real"), about=stacked("about"), mix=stacked("mix"))
    batch = WriterBatch(
        cell=padded("cell"), own=placed("own"), last=placed("last"), recalled=placed("recalled"), onsets=joined("onsets"),
        drums=joined("drums"), previous=padded("previous"), left=padded("left"), hints=padded("hints"),
        sounding=padded("sounding").float(), lowest=padded("lowest"), chords=padded("note_chords"), target=padded("target", -1))
    return plan, batch
