"""The planner, one item at a time: what `Planner.forward` computes for whole stretches, for drawing."""

import numpy as np
import torch

from posterbeat.composer.planner import BAR_FIELDS, CELL_FIELDS, Planner
from posterbeat.composer.quantised_matrix import Matrix, smallest
from posterbeat.composer.table_rows import TableRows, array, gelu, layer_norm, lstm_cell


class PlannerTables:
    """The planner's weights as a step reads them, made once and shared by all pieces.

    kind : of the numbers of the large matrices; None takes the smallest that the processor multiplies
    """

    def __init__(self, planner: Planner, kind: torch.dtype | None = None):
        kind = kind or smallest()
        with torch.no_grad():
            self.planner = planner
            self.seen = TableRows([table.weight for table in planner.seen.tables])
            self.chords, self.chords_bias = array(planner.chords.weight.T), array(planner.chords.bias)
            lstm = planner.lstm
            self.gates = Matrix(torch.cat([lstm.weight_ih_l0, lstm.weight_hh_l0], 1), kind)
            self.gates_bias = array(lstm.bias_ih_l0 + lstm.bias_hh_l0)
            self.hidden_size = lstm.hidden_size
            self.norm, self.norm_bias = array(planner.norm.weight), array(planner.norm.bias)
            self.hidden = {sort: (Matrix(torch.cat([planner.hidden[name].weight for name in names]), kind),
                                  array(torch.cat([planner.hidden[name].bias for name in names])))
                           for sort, names in (("bar", BAR_FIELDS), ("cell", CELL_FIELDS))}
            self.given = {name: {other: array(table.weight) for other, table in tables.items()}
                          for name, tables in planner.given.items()}
            self.out = {name: (array(layer.weight.T), array(layer.bias)) for name, layer in planner.out.items()}


class PlannerStep:
    """State of one plan being drawn.

    Parameters
    ----------
    tables : PlannerTables
    parts : np.ndarray of int, shape (parts, 5); about : np.ndarray of int, shape (4,); mix : np.ndarray, shape (5,)
    guidance : how far the logits are led away from those of a planner that is not told the genre; 1 not at all
        (Ho & Salimans, "Classifier-free diffusion guidance", 2022, on logits)
    """

    def __init__(self, tables: PlannerTables, parts: np.ndarray, about: np.ndarray, mix: np.ndarray, guidance: float):
        self._tables, self._guidance = tables, guidance
        rows = 1 if guidance == 1 else 2
        mixes = torch.from_numpy(np.stack([mix, np.zeros_like(mix)])[:rows].astype(np.float32))
        with torch.inference_mode():
            context = tables.planner.context(torch.from_numpy(parts)[None].expand(rows, -1, -1),
                                             torch.from_numpy(about)[None].expand(rows, -1), mixes)
        self._context = context.float().numpy() + tables.chords_bias
        self._state = (np.zeros((rows, tables.hidden_size), np.float32),) * 2
        self._places = {name: place for names in (BAR_FIELDS, CELL_FIELDS) for place, name in enumerate(names)}

    def advance(self, seen: np.ndarray, harmony: list[np.ndarray], sort: str) -> np.ndarray:
        """Take in an item, `seen` and `harmony` as `planner.PlanItems` has them; `sort` is "bar" or "cell".

        Returns the hidden values of its fields, for `logits`: np.ndarray of float32, shape (rows, fields, head).
        """
        tables = self._tables
        x = gelu(self._context + tables.seen(seen) + np.concatenate(harmony) @ tables.chords)
        gates = tables.gates(np.concatenate([x, self._state[0]], 1)) + tables.gates_bias
        self._state = lstm_cell(gates, self._state[1])
        out = np.concatenate([layer_norm(self._state[0], tables.norm, tables.norm_bias), x], 1)
        matrix, bias = tables.hidden[sort]
        return (matrix(out) + bias).reshape(len(x), 5, -1)

    def logits(self, hidden: np.ndarray, name: str, fields: dict[str, int]) -> np.ndarray:
        """Logits of one field, given the fields before: np.ndarray of float32, shape (size,)."""
        rows = hidden[:, self._places[name]]
        for other, table in self._tables.given.get(name, {}).items():
            rows = rows + table[fields.get(other, 0)]
        weight, bias = self._tables.out[name]
        logits = gelu(rows) @ weight + bias
        return logits[0] if len(logits) == 1 else logits[1] + self._guidance * (logits[0] - logits[1])
