"""The writer: an LSTM that writes the notes of planned cells, in the order bar, part, place, pitch.

Each note is four fields, each given those before it: place in the bar, pitch, length, loudness. How many notes a cell
holds is planned; cells that are literal copies are not written at all.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from posterbeat.chords import FEATURES
from posterbeat.composer.hints import NOBODY
from posterbeat.composer.parts import MOST_PLACES
from posterbeat.composer.plan import MOST_COUNTED
from posterbeat.composer.reader import PlanBatch, Reader
from posterbeat.instruments import PITCHES, TONES
from posterbeat.music.events import DURATIONS, VELOCITY_BINS

BEGIN = MOST_PLACES  # place of the note before the first one of a cell
NO_PITCH = TONES  # pitches 0 to 127, drums 128 to 255
NOTE_SIZES = (MOST_PLACES + 1, NO_PITCH + 1, len(DURATIONS) + 1, VELOCITY_BINS + 1)  # the last of each: no note
NO_NOTE = [BEGIN, NO_PITCH, NOTE_SIZES[2] - 1, NOTE_SIZES[3] - 1]  # the fields where there is none
FIELDS = ("place", "pitch", "length", "loudness")
SIZES = (MOST_PLACES, PITCHES, len(DURATIONS), VELOCITY_BINS)


@dataclass
class WriterBatch:
    """What the writer is shown; `b` stretches of `n` notes, `k` cells in all of them together.

    cell : (b, n) int, which of the k cells each note belongs to
    own, last, recalled : (k,) int, where the cell, the part's last cell and the recalled cell lie among the reader's
        (rows * bars); one past the end for none
    onsets : (k, 4, 96) float, where others, drums, the last cell and the recalled cell start notes
    drums : (k,) bool
    previous : (b, n, 4) int, the note before; place `BEGIN` at the start of a cell
    left : (b, n) int, notes of the cell that are still to come, this one included
    hints : (b, n, 6, 4) int, notes as `hints` in composer/written_view.py
    sounding : (b, n, 12) float; lowest : (b, n) int
    chords : (b, n, 2, 36) float, the chord at the note's place and the next one
    target : (b, n, 4) int, -1 where there is no note
    """

    cell: Tensor
    own: Tensor
    last: Tensor
    recalled: Tensor
    onsets: Tensor
    drums: Tensor
    previous: Tensor
    left: Tensor
    hints: Tensor
    sounding: Tensor
    lowest: Tensor
    chords: Tensor
    target: Tensor


class Note(nn.Module):
    """Embeds the fields of a note: (..., 4) -> (..., width)."""

    def __init__(self, width: int):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, width) for size in NOTE_SIZES)

    def forward(self, note: Tensor) -> Tensor:
        return sum(table(column) for table, column in zip(self.tables, note.unbind(-1)))


class Writer(nn.Module):
    """What a cell is, and the notes so far -> logits of the next note's fields."""

    def __init__(self, read: int = 256, width: int = 384, hidden: int = 512, head: int = 384, dropout: float = 0.1):
        super().__init__()
        self.cell = nn.Linear(3 * read + 4 * MOST_PLACES, width)
        self.note = Note(width)
        self.hint = nn.ModuleList(Note(width) for _ in range(3))  # following in last and recalled cell, the part's last
        self.left = nn.Embedding(MOST_COUNTED + 2, width)
        self.first = nn.LSTM(width, hidden, batch_first=True)
        self.second = nn.LSTM(hidden, hidden, batch_first=True)
        self.norm = nn.LayerNorm(hidden)
        self.dropout = nn.Dropout(dropout)
        # place
        self.place = nn.Linear(hidden + width, head)
        self.place_like = nn.Linear(head, 4)  # how much places where others, drums, last and recalled cell start weigh
        self.place_out = nn.Linear(head, MOST_PLACES)
        # pitch
        self.pitch = nn.Linear(hidden + width, head)
        self.at_place = nn.Embedding(MOST_PLACES, head)
        self.pitch_hint = nn.ModuleList(nn.Embedding(NO_PITCH + 1, head) for _ in range(4))
        self.harmony = nn.Linear(2 * FEATURES + 12, head, bias=False)
        self.lowest = nn.Embedding(NOBODY + 1, head)
        self.pitch_like = nn.Linear(head, 2)  # how much the matching notes' pitches weigh
        self.pitch_out = nn.Linear(head, TONES)
        # length and loudness
        self.length = nn.Linear(hidden + width, head // 2)
        self.length_given = nn.ModuleList(
            nn.Embedding(size, head // 2) for size in (MOST_PLACES, NO_PITCH, *[NOTE_SIZES[2]] * 3))
        self.length_out = nn.Linear(head // 2, SIZES[2])
        self.loudness = nn.Linear(hidden + width, head // 2)
        self.loudness_given = nn.ModuleList(
            nn.Embedding(size, head // 2) for size in (MOST_PLACES, NO_PITCH, NOTE_SIZES[2], *[NOTE_SIZES[3]] * 3))
        self.loudness_out = nn.Linear(head // 2, SIZES[3])

    def cells(self, read: Tensor, batch: WriterBatch) -> Tensor:
        """(rows, bars, read) of the reader -> (k, width): each cell with its recalled ones and what starts beside it."""
        flat = torch.cat([read.flatten(0, 1), read.new_zeros(1, read.shape[-1])])
        return F.gelu(self.cell(torch.cat([
            flat[batch.own], flat[batch.last], flat[batch.recalled], batch.onsets.flatten(1).to(flat.dtype)], -1)))

    def forward(self, read: Tensor, batch: WriterBatch) -> list[Tensor]:
        """Logits of place, pitch, length and loudness of each note, (b, n, size) each."""
        cells = self.cells(read, batch)
        of_cell, drums = cells[batch.cell], batch.drums[batch.cell]
        x = of_cell + self.note(batch.previous) + self.left(batch.left) + sum(
            hint(batch.hints[:, :, slot]) for hint, slot in zip(self.hint, (0, 2, 4)))
        first = self.dropout(self.first(x)[0])
        second = self.second(first)[0]
        out = torch.cat([self.dropout(self.norm(first + second)), of_cell], -1)
        given = batch.target.clamp(min=0)
        place, length = given[..., 0], given[..., 2]
        pitch = given[..., 1] + PITCHES * drums
        matching = batch.hints[:, :, (1, 3)]

        hidden = F.gelu(self.place(out))
        logits = [self.place_out(hidden) + torch.einsum(
            "bnk,bnkp->bnp", self.place_like(hidden), batch.onsets[batch.cell].to(hidden.dtype))]
        seen = torch.stack([*matching[..., 1].unbind(-1), batch.hints[:, :, 4, 1], batch.hints[:, :, 5, 1]], -1)
        hidden = F.gelu(
            self.pitch(out) + self.at_place(place) + sum(table(column) for table, column in zip(self.pitch_hint, seen.unbind(-1)))
            + self.harmony(torch.cat([batch.chords.flatten(2), batch.sounding], -1)) + self.lowest(batch.lowest))
        both = self.pitch_out(hidden).unflatten(-1, (2, PITCHES))
        tuned = torch.where(drums[..., None], both[..., 1, :], both[..., 0, :])
        logits.append(tuned + _pointed(self.pitch_like(hidden), matching[..., 1]))
        columns = (place, pitch, matching[:, :, 0, 2], matching[:, :, 1, 2], batch.hints[:, :, 4, 2])
        logits.append(self.length_out(F.gelu(
            self.length(out) + sum(table(column) for table, column in zip(self.length_given, columns)))))
        columns = (place, pitch, length, matching[:, :, 0, 3], matching[:, :, 1, 3], batch.hints[:, :, 4, 3])
        logits.append(self.loudness_out(F.gelu(
            self.loudness(out) + sum(table(column) for table, column in zip(self.loudness_given, columns)))))
        return logits


def _pointed(weight: Tensor, pitch: Tensor) -> Tensor:
    """(b, n, 2) weights of two pitches (b, n, 2), drums from 128 up, `NO_PITCH` for none -> (b, n, 128)."""
    logits = weight.new_zeros(*weight.shape[:2], PITCHES)
    there = (pitch < NO_PITCH).to(weight.dtype)
    return logits.scatter_add(-1, pitch % PITCHES, weight * there)


class ReaderWriter(nn.Module):
    """Both networks, as they learn: plans and notes -> logits of every note."""

    def __init__(self, read_width: int = 192, read_hidden: int = 128, width: int = 384, hidden: int = 512, head: int = 384):
        super().__init__()
        self.reader = Reader(read_width, read_hidden)
        self.writer = Writer(2 * read_hidden, width, hidden, head)

    def forward(self, plan: PlanBatch, batch: WriterBatch) -> list[Tensor]:
        return self.writer(self.reader(plan), batch)


def bits(logits: list[Tensor], target: Tensor) -> Tensor:
    """Negative log2-likelihood by field, (b, n, 4), 0 where there is no note."""
    columns = [F.cross_entropy(one.float().flatten(0, 1), target[..., field].flatten(), ignore_index=-1, reduction="none")
               for field, one in enumerate(logits)]
    return torch.stack(columns, -1).view(*target.shape) / torch.log(torch.tensor(2.0, device=target.device))
