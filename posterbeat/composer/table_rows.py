"""Sums of table rows: what a sum of embeddings becomes once it is multiplied through beforehand."""

import numpy as np
import torch
from torch import Tensor

_ONE_BAG = torch.zeros(1, dtype=torch.long)  # where the rows to be summed begin


class TableRows:
    """The sum of one row of each of several tables of one width."""

    def __init__(self, tables: list[Tensor]):
        self._first = np.cumsum([0, *(len(table) for table in tables[:-1])])
        self._table = torch.cat(tables).detach().float().contiguous()

    def __call__(self, columns: "list[int] | np.ndarray") -> np.ndarray:
        """columns: the row of each table. np.ndarray of float32, shape (width,)."""
        rows = torch.from_numpy(self._first + columns)
        return torch.embedding_bag(self._table, rows, _ONE_BAG)[0][0].numpy()


def array(tensor: Tensor) -> np.ndarray:
    """A weight as np.ndarray of float32."""
    return np.ascontiguousarray(tensor.detach().float().numpy())


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def lstm_cell(gates: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gates (b, 4 * hidden) in PyTorch's order and the cell's state (b, hidden) -> new hidden state and cell's state."""
    size = cell.shape[1]
    gates = np.concatenate([sigmoid(gates[:, :2 * size]), np.tanh(gates[:, 2 * size:3 * size]), sigmoid(gates[:, 3 * size:])], 1)
    cell = gates[:, size:2 * size] * cell + gates[:, :size] * gates[:, 2 * size:3 * size]
    return gates[:, 3 * size:] * np.tanh(cell), cell


def layer_norm(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Layer normalisation of rows, epsilon as PyTorch's."""
    centred = x - x.mean(1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(1, keepdims=True) + 1e-5) * weight + bias


def gelu(x: np.ndarray) -> np.ndarray:
    """The exact Gaussian error linear unit, as `torch.nn.functional.gelu`."""
    return torch.nn.functional.gelu(torch.from_numpy(np.ascontiguousarray(x))).numpy()
