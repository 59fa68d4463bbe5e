"""The planner's network: draws a plan item by item, each bar and then each part in it.

An item is a bar (does it repeat another in all parts; if not, its chords) or a cell of a composed bar (silent, new, varied
or repeated, of what, how many notes, how high, how loud). An LSTM runs over the items; each item's fields are given those
before it.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from posterbeat.chords import CHORDS, FEATURES, feature_table
from posterbeat.composer.parts import Part
from posterbeat.composer.plan import KINDS, LITERAL, MOST_BACK, MOST_COUNTED, SILENT, Plan
from posterbeat.composer.plan_features import bar_columns, part_columns
from posterbeat.composer.reader import ABOUT_SIZES, CELL_SIZES, PART_SIZES, Tables
from posterbeat.genres import GENRES

BAR_FIELDS = {"copy": MOST_BACK + 1, "chord": CHORDS, "bass": 12, "chord_2": CHORDS, "bass_2": 12}
CELL_FIELDS = {"kind": len(KINDS), "back": MOST_BACK + 1, "count": MOST_COUNTED + 2, "register": 33, "loudness": 9}
_CELL = CELL_SIZES
_LAGS = (2, 4, 8)  # bars back at which a part's cell is shown, besides the last
_PAIRS = ((1, 2), (2, 4), (4, 8))  # cells of a part that are compared
# Columns of `PlanItems.seen`: the item before in this bar, the part's cell a bar before, its last sounding one, whether it
# is a bar or which part; counts of cells further back; which of them are alike; where the bar stands.
SEEN_SIZES = (
    *_CELL, *_CELL, *_CELL, *(size + 1 for size in PART_SIZES), *[MOST_COUNTED + 2] * len(_LAGS), *[2] * len(_PAIRS),
    MOST_BACK + 1, 8, 16, 16,
)
_CHORDS = feature_table()


@dataclass
class PlanItems:
    """`b` stretches of `n` items.

    seen : (b, n, len(SEEN_SIZES)) int; chords : (b, n, 3, 72) float: of this bar (for a bar: of the one before), and of
        the bars four and eight before it
    recalled : (b, n, 3) int, notes, register and loudness of the cell that is recalled (for the last three fields)
    target : (b, n, 5) int, `BAR_FIELDS` or `CELL_FIELDS`, -1 where nothing is decided
    cell : (b, n) bool, whether the item is a cell
    parts : (b, p, 5) int, -1 in the first column past the last part; about : (b, 4) int; mix : (b, 5) float
    """

    seen: Tensor
    chords: Tensor
    recalled: Tensor
    target: Tensor
    cell: Tensor
    parts: Tensor
    about: Tensor
    mix: Tensor


class Planner(nn.Module):
    """Plan items -> logits of their fields."""

    def __init__(self, width: int = 256, hidden: int = 512, head: int = 256, dropout: float = 0.2):
        super().__init__()
        self.seen = Tables(SEEN_SIZES, width)
        self.chords = nn.Linear(3 * 2 * FEATURES, width)
        self.about, self.ensemble = Tables(ABOUT_SIZES, width), Tables(PART_SIZES, width)
        self.mix = nn.Linear(len(GENRES), width, bias=False)
        self.lstm = nn.LSTM(width, hidden, batch_first=True)
        self.norm, self.dropout = nn.LayerNorm(hidden), nn.Dropout(dropout)
        self.hidden = nn.ModuleDict({name: nn.Linear(hidden + width, head) for name in (*BAR_FIELDS, *CELL_FIELDS)})
        self.out = nn.ModuleDict({name: nn.Linear(head, size) for name, size in (*BAR_FIELDS.items(), *CELL_FIELDS.items())})
        given = {"bass": {"chord": CHORDS}, "chord_2": {"chord": CHORDS}, "bass_2": {"chord_2": CHORDS, "bass": 12},
                 "back": {"kind": len(KINDS)},
                 "count": {"kind": len(KINDS), "recalled_count": MOST_COUNTED + 2},
                 "register": {"kind": len(KINDS), "count": MOST_COUNTED + 2, "recalled_register": 33},
                 "loudness": {"kind": len(KINDS), "register": 33, "recalled_loudness": 9}}
        self.given = nn.ModuleDict({name: nn.ModuleDict({other: nn.Embedding(size, head) for other, size in tables.items()})
                                    for name, tables in given.items()})

    def context(self, parts: Tensor, about: Tensor, mix: Tensor) -> Tensor:
        """What the whole piece is: (b, p, 5), (b, 4), (b, 5) -> (b, width)."""
        there = (parts[..., :1] >= 0).to(mix.dtype)
        mean = (self.ensemble(parts.clamp(min=0)) * there).sum(1) / there.sum(1)
        return self.about(about) + self.mix(mix) + mean

    def logits(self, name: str, out: Tensor, fields: dict[str, Tensor]) -> Tensor:
        """Logits of one field from the LSTM's output and the fields before: (..., hidden + width) -> (..., size)."""
        hidden = self.hidden[name](out)
        if name in self.given:
            hidden = hidden + sum(table(fields[other]) for other, table in self.given[name].items())
        return self.out[name](F.gelu(hidden))

    def forward(self, items: PlanItems) -> Tensor:
        """Negative log2-likelihood of each field, (b, n, 5), 0 where nothing is decided."""
        x = F.gelu(self.seen(items.seen) + self.chords(items.chords.flatten(2))
                   + self.context(items.parts, items.about, items.mix)[:, None])
        out = torch.cat([self.dropout(self.norm(self.lstm(x)[0])), x], -1)
        cost = out.new_zeros(items.target.shape, dtype=torch.float32)
        for names, rows in ((tuple(BAR_FIELDS), ~items.cell), (tuple(CELL_FIELDS), items.cell)):
            picked, target = out[rows], items.target[rows]
            fields = {name: target[:, place].clamp(min=0) for place, name in enumerate(names)}
            fields |= {f"recalled_{name}": items.recalled[rows][:, place] for place, name in enumerate(tuple(CELL_FIELDS)[2:])}
            for place, name in enumerate(names):
                decided = target[:, place] >= 0
                logits = self.logits(name, picked[decided], {key: value[decided] for key, value in fields.items()})
                column = torch.zeros(len(target), device=out.device)
                column[decided] = F.cross_entropy(logits.float(), target[decided, place], reduction="none")
                cost[..., place] = cost[..., place].masked_scatter(rows, column)
        return cost / np.log(2.0)


def contents(plan: Plan) -> np.ndarray:
    """A number for what each cell holds, as far as the plan tells: 0 for silence, equal for copies: shape (bars, parts)."""
    numbers = np.arange(1, plan.cells[..., 0].size + 1).reshape(plan.cells.shape[:2])
    numbers[plan.kind == SILENT] = 0
    copied, source = plan.kind == LITERAL, np.arange(plan.bars)[:, None] - plan.back
    for bar in np.flatnonzero(copied.any(1)):
        parts = np.flatnonzero(copied[bar])
        numbers[bar, parts] = numbers[source[bar, parts], parts]
    return numbers


def last_sounding(plan: Plan) -> np.ndarray:
    """The bar of each part's last cell with notes before each bar, -1 for none: np.ndarray of int64, shape (bars, parts)."""
    here = np.where(plan.kind != SILENT, np.arange(plan.bars)[:, None], -1)
    before = np.full(here.shape, -1)
    before[1:] = np.maximum.accumulate(here, axis=0)[:-1]
    return before


def seen_of_part(cells: np.ndarray, numbers: np.ndarray, before: int, bar: int) -> list[int]:
    """Columns of `PlanItems.seen` that tell of one part's cells before `bar`: the last, the last sounding, further back.

    Parameters
    ----------
    cells : np.ndarray, shape (bars, 5), numbers : np.ndarray, shape (bars,), of the part; rows from `bar` on are not read
    before : the bar of its last cell with notes, -1 for none
    """
    none = [0] * 5
    last = cells[bar - 1].tolist() if bar else none
    sounding = cells[before].tolist() if before >= 0 else none
    further = [int(cells[bar - lag, 2]) if bar >= lag else 0 for lag in _LAGS]
    alike = [int(bar >= two and numbers[bar - one] == numbers[bar - two]) for one, two in _PAIRS]
    return [*last, *sounding, *further, *alike]


def plan_items(plan: Plan, parts: tuple[Part, ...] | np.ndarray, *, slots: int, first: int = 0,
               most: int | None = None) -> dict[str, np.ndarray]:
    """The items of a plan from bar `first` on, at most `most` of them, as `PlanItems` has them, without the batch.

    Parameters
    ----------
    parts : of the piece, or their columns (parts, 5)
    slots : chords a bar, 1 or 2
    """
    table = parts if isinstance(parts, np.ndarray) else part_columns(parts)
    voices, total, most = len(table), plan.bars, most or 1 << 30
    cells, numbers, before = plan.cells.astype(np.int64), contents(plan), last_sounding(plan)
    counts = np.where(plan.copy[first:] > 0, 1, 1 + voices)
    bars = first + np.arange(np.searchsorted(np.cumsum(counts), most, side="right"))
    counts = counts[:len(bars)]
    bar = np.repeat(bars, counts)
    part = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) - 1
    is_cell = part >= 0
    seen = np.zeros((len(bar), len(SEEN_SIZES)), np.int64)
    row, column = bar[is_cell], part[is_cell]

    def cell_at(where):
        found = cells[np.maximum(where, 0), column]
        return np.where((where >= 0)[:, None], found, 0)

    below = np.where((column > 0)[:, None], cells[row, np.maximum(column - 1, 0)], 0)
    alike = [(row >= two) & (numbers[np.maximum(row - one, 0), column] == numbers[np.maximum(row - two, 0), column])
             for one, two in _PAIRS]
    seen[is_cell] = np.concatenate([
        below, cell_at(row - 1), cell_at(before[row, column]), table[column] + 1,
        np.stack([cell_at(row - lag)[:, 2] for lag in _LAGS], axis=1), np.stack(alike, axis=1),
        np.zeros((len(row), 4), np.int64)], axis=1)
    # A bar sees the bar before it: its last part, and whether it was a copy.
    opening = bar[~is_cell]
    earlier = np.maximum(opening - 1, 0)
    seen[~is_cell, :5] = np.where((opening > 0)[:, None], cells[earlier, -1], 0)
    place = bar_columns(np.append(0, plan.copy[:-1]), 0, total)
    seen[:, -4:] = place[bar]
    harmony = np.concatenate([np.zeros((8, 72), np.float32), _CHORDS[plan.chord, plan.bass].reshape(total, 72)])
    chords = np.stack([np.where(is_cell[:, None], harmony[bar + 8], harmony[bar + 7]), harmony[bar + 4], harmony[bar]], axis=1)
    target = np.full((len(bar), 5), -1)
    target[~is_cell, 0] = plan.copy[opening]
    fresh = np.flatnonzero(~is_cell)[plan.copy[opening] == 0]
    at = bar[fresh]
    target[fresh, 1], target[fresh, 2] = plan.chord[at, 0], plan.bass[at, 0]
    if slots == 2:
        target[fresh, 3], target[fresh, 4] = plan.chord[at, 1], plan.bass[at, 1]
    mine = cells[row, column]
    decided = np.full((len(row), 5), -1)
    decided[:, 0] = mine[:, 0]
    recalls = mine[:, 1] > 0
    decided[recalls, 1] = mine[recalls, 1]
    written = (mine[:, 0] != SILENT) & (mine[:, 0] != LITERAL)
    decided[written, 2:] = mine[written, 2:]
    target[is_cell] = decided
    recalled = np.zeros((len(bar), 3), np.int64)
    recalled[is_cell] = np.where(recalls[:, None], cells[row - mine[:, 1], column, 2:], 0)
    return {"seen": seen, "chords": chords, "recalled": recalled, "target": target, "cell": is_cell}
