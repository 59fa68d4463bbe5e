"""The reader: a bidirectional LSTM that reads a whole plan, so that each cell is known with what came and what comes."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from posterbeat.chords import FEATURES
from posterbeat.composer.parts import ACTIVE, BUSY, REGISTERS, VOICES
from posterbeat.composer.plan import KINDS, MOST_BACK, MOST_COUNTED
from posterbeat.genres import GENRES
from posterbeat.instruments import FAMILIES

# As `plan.Plan.cells`; the last two with a class for unknown.
CELL_SIZES = (len(KINDS), MOST_BACK + 1, MOST_COUNTED + 2, REGISTERS + 1, 9)
PART_SIZES = (len(FAMILIES), REGISTERS, VOICES, BUSY, ACTIVE)
BAR_SIZES = (MOST_BACK + 1, 8, 16, 16)  # bars back of a whole copy, bar of eight, since the start, to the end
ABOUT_SIZES = (17, 3, 6, 9)  # tempo, mode, metre, density; the last class of each but the metre for unknown


@dataclass
class PlanBatch:
    """Plans of `b` pieces of `t` bars; the parts of all pieces are `r` rows one below the other.

    cells : (r, t, 5) int, parts : (r, 5) int, owner : (r,) int, the piece of each part
    chords : (b, t, 2, 36) float, as `chords.feature_table`; bars : (b, t, 4) int; real : (b, t) float, 0 past the end
    about : (b, 4) int; mix : (b, 5) float, genre weights, zeros for unknown
    """

    cells: Tensor
    parts: Tensor
    owner: Tensor
    chords: Tensor
    bars: Tensor
    real: Tensor
    about: Tensor
    mix: Tensor


class Tables(nn.Module):
    """The sum of one embedding for each column: (..., columns) -> (..., width)."""

    def __init__(self, sizes: tuple[int, ...], width: int):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, width) for size in sizes)

    def forward(self, columns: Tensor) -> Tensor:
        return sum(table(column) for table, column in zip(self.tables, columns.unbind(-1)))


class Reader(nn.Module):
    """(rows, bars) cells -> (rows, bars, 2 * hidden): what each cell is, among all others.

    Two bidirectional LSTMs run over the bars of each part; between them each part hears the mean of all parts.
    """

    def __init__(self, width: int = 192, hidden: int = 128):
        super().__init__()
        self.cell, self.part = Tables(CELL_SIZES, width), Tables(PART_SIZES, width)
        self.bar, self.about = Tables(BAR_SIZES, width), Tables(ABOUT_SIZES, width)
        self.chords = nn.Linear(2 * FEATURES, width)
        self.mix = nn.Linear(len(GENRES), width, bias=False)
        self.first = nn.LSTM(width, hidden, batch_first=True, bidirectional=True)
        self.together = nn.Linear(4 * hidden, width)
        self.second = nn.LSTM(width, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(width, 2 * hidden)
        self.norm = nn.LayerNorm(2 * hidden)

    def forward(self, plan: PlanBatch) -> Tensor:
        of_piece = self.about(plan.about) + self.mix(plan.mix)
        of_bar = self.chords(plan.chords.flatten(2)) + self.bar(plan.bars) + of_piece[:, None]
        x = self.cell(plan.cells) + self.part(plan.parts)[:, None] + of_bar[plan.owner]
        x = F.gelu(x) * plan.real[plan.owner][..., None]
        heard = self.first(x)[0]
        parts = torch.bincount(plan.owner, minlength=len(plan.mix))
        sums = torch.zeros(len(plan.mix), *heard.shape[1:], dtype=heard.dtype, device=heard.device)
        mean = sums.index_add(0, plan.owner, heard) / parts[:, None, None]
        x = x + F.gelu(self.together(torch.cat([heard, mean[plan.owner].to(heard.dtype)], -1)))
        return self.norm(self.second(x)[0] + self.out(x))
