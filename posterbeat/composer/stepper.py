"""The writer, one note at a time: what `ComposerNetwork.forward` computes for a whole stretch, for composing.

A step is a handful of products of a vector with a matrix, so what counts is how few bytes are read. Whatever depends on
one embedding alone is multiplied through beforehand: a note then costs a sum of table rows instead of a product, and the
matrices are kept in the smallest numbers that the processor multiplies (see `quantised_matrix`).
"""

import numpy as np
import torch
import torch.nn.functional as F

from posterbeat.composer.network import HINTS, MEMORY, PHRASE, ComposerNetwork
from posterbeat.composer.quantised_matrix import Matrix, smallest
from posterbeat.instruments import tone
from posterbeat.music.events import FIELDS

_PARTS = 5  # fields of a note, in hints
_ONE_BAG = torch.zeros(1, dtype=torch.long)  # where the rows to be summed begin


class Tables:
    """The network's weights as a step reads them, made once a network and shared by all pieces.

    Parameters
    ----------
    network : ComposerNetwork
    kind : of the numbers of the large matrices; None takes the smallest that the processor multiplies. States, tables and
        the last layer, which gives the logits, are float32 in any case.
    """

    def __init__(self, network: ComposerNetwork, kind: torch.dtype | None = None):
        kind = kind or smallest()
        with torch.no_grad():
            width, writer = network.hint.out_features, network.first.hidden_size
            gates = network.first.weight_ih_l0
            self.network, self.writer, self.heads = network, writer, network.heads_count
            embeddings = [table.weight for table in network.note.tables]
            self.event = _Rows([table @ gates[:, :width].T
                                for table in (*embeddings, *(table.weight for table in network.progress))])
            # A hint speaks to the first layer's gates and, past both layers, to the result.
            attended = network.nothing.shape[1]
            passed = network.skip.weight[:, attended:attended + width]
            reach = torch.cat([gates[:, width:2 * width], passed])
            self.hint = _Rows([
                table @ (reach @ layer.weight[:, slot * width:(slot + 1) * width]).T
                for layer in (network.hint, network.back) for slot in range(HINTS) for table in embeddings[:_PARTS]])
            self.hint_kind = _array((network.hint_kind.weight + network.hint.bias) @ reach.T)
            self.condition = torch.cat([gates[:, 2 * width:], network.skip.weight[:, attended + width:]])
            self.base = _array(torch.cat([network.first.bias_ih_l0 + network.first.bias_hh_l0, network.skip.bias]))
            self.first = Matrix(network.first.weight_hh_l0, kind)
            self.second_bias = _array(network.second.bias_ih_l0 + network.second.bias_hh_l0)
            self.second = Matrix(torch.cat([network.second.weight_ih_l0, network.second.weight_hh_l0], dim=1), kind)
            self.query, self.query_bias = Matrix(network.query.weight / 8, kind), _array(network.query.bias / 8)
            self.age = _array(network.age)
            self.nothing = _array(network.nothing.view(2, self.heads, 1, 64))
            self.skip = Matrix(network.skip.weight[:, :attended], kind)
            self.norm, self.norm_bias = _array(network.norm.weight), _array(network.norm.bias)
            heads = network.heads
            self.hidden = Matrix(torch.cat([layer.weight for layer in heads.hidden]), kind)
            self.hidden_bias = _array(torch.cat([layer.bias for layer in heads.hidden]))
            self.given = [[_array(table.weight) for table in tables] for tables in heads.given]
            line = torch.cat([layer.weight for layer in heads.voice_out])
            size = line.shape[1] // len(heads.voice)
            self.voice = _Rows([table.weight @ line[:, slot * size:(slot + 1) * size].T
                                for slot, table in enumerate(heads.voice)])
            self.out = [(_array(layer.weight.T), _array(layer.bias)) for layer in heads.out]


class _Rows:
    """The sum of one row of each of several tables."""

    def __init__(self, tables: list[torch.Tensor]):
        self._first = np.cumsum([0, *(len(table) for table in tables[:-1])])
        self._table = torch.cat(tables).detach().float().contiguous()

    def __call__(self, columns: list[int]) -> np.ndarray:
        """columns: the row of each table."""
        rows = torch.from_numpy(self._first + columns)
        return torch.embedding_bag(self._table, rows, _ONE_BAG)[0][0].numpy()


class Stepper:
    """State of one piece being written, for several conditions side by side (`b` of them).

    Parameters
    ----------
    tables : Tables
    condition : (b, 4) int, mix : (b, 5) float, ensemble : (b, PLAYERS) float, as in `network.Batch`
    """

    def __init__(self, tables: Tables, condition: torch.Tensor, mix: torch.Tensor, ensemble: torch.Tensor):
        self._tables = tables
        conditions = tables.network.conditions(condition, mix, ensemble)
        self._base = _array(conditions @ tables.condition.T) + tables.base
        zeros = np.zeros((len(mix), tables.writer), np.float32)
        self._first, self._second = (zeros, zeros), (zeros, zeros)
        self._opening, self._phrases = None, []
        self._keys = self._values = None
        self._hidden = self._line = None

    def read(self, notes: np.ndarray) -> None:
        """Read a finished phrase, (PHRASE, 8) as `network_input.notes_with_place` gives it."""
        tables = self._tables
        read = tables.network.reader(tables.network.note(torch.from_numpy(notes)[None]))
        pair = tuple(_array(part.view(PHRASE, tables.heads, 64).transpose(0, 1)) for part in read)
        if self._opening is None:
            self._opening = pair
        self._phrases = [*self._phrases[-MEMORY + 1:], pair]
        seen = [self._opening, *self._phrases]
        # What a query finds in the age of a phrase is the same for all of its notes.
        ages = np.repeat(tables.age[:, [0, *range(len(self._phrases), 0, -1)]], PHRASE, axis=1)
        keys = np.concatenate([keys for keys, _ in seen], axis=1) + ages
        self._keys = np.concatenate([tables.nothing[0], keys], axis=1).transpose(0, 2, 1).copy()
        self._values = np.concatenate([tables.nothing[1], *(values for _, values in seen)], axis=1)

    def advance(self, previous: np.ndarray, progress: np.ndarray, hint: np.ndarray, kind: int, back: np.ndarray) -> None:
        """Take in the note before the next one; arguments as the rows of `network.Batch`."""
        tables, writer = self._tables, self._tables.writer
        event = tables.event([*_own_pitch(previous), *progress])
        hinted = tables.hint_kind[kind] + tables.hint([column for note in (*hint, *back) for column in _own_pitch(note)])
        base = self._base + hinted
        self._first = _cell(base[:, :4 * writer] + event + tables.first(self._first[0]), self._first[1])
        recalled = self._attend(self._first[0])
        inputs = np.concatenate([self._first[0], recalled, self._second[0]], axis=1)
        self._second = _cell(tables.second(inputs) + tables.second_bias, self._second[1])
        written = self._second[0] + self._first[0] + tables.skip(recalled) + base[:, 4 * writer:]
        written = written - written.mean(1, keepdims=True)
        written /= np.sqrt((written * written).mean(1, keepdims=True) + np.float32(1e-5))
        written = written * tables.norm + tables.norm_bias
        self._hidden = (tables.hidden(written) + tables.hidden_bias).reshape(len(written), len(FIELDS), -1)

    def _attend(self, state: np.ndarray) -> np.ndarray:
        tables = self._tables
        if self._keys is None:
            return np.repeat(tables.nothing[1].reshape(1, -1), len(state), axis=0)
        query = (tables.query(state) + tables.query_bias).reshape(len(state), tables.heads, 64).transpose(1, 0, 2)
        weights = query @ self._keys
        weights = np.exp(weights - weights.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        return (weights @ self._values).transpose(1, 0, 2).reshape(len(state), -1)

    def see_line(self, voice: np.ndarray) -> None:
        """The last two notes of the family just chosen, (2, 4)."""
        self._line = self._tables.voice(voice.ravel().tolist()).reshape(3, -1)

    def logits(self, index: int, fields: list[int]) -> torch.Tensor:
        """Logits of field `index` of the next note given its fields so far: (b, size)."""
        hidden = self._hidden[:, index]
        given = _own_pitch(fields) if len(fields) > 2 else fields
        for table, field in zip(self._tables.given[index], given):
            hidden = hidden + table[field]
        if index >= 2:
            hidden = hidden + self._line[index - 2]
        # As double: for so few single numbers PyTorch's way to oneDNN costs more than the sums.
        active = F.gelu(torch.from_numpy(hidden).double()).float().numpy()
        weight, bias = self._tables.out[index]
        return torch.from_numpy(active @ weight + bias)


def _own_pitch(note) -> list[int]:
    """The note's columns, a drum's number moved to where the kit's own embeddings are."""
    columns = note.tolist() if isinstance(note, np.ndarray) else list(note)
    columns[2] = tone(columns[2], columns[1])
    return columns


def _cell(gates: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hidden and cell state after one step of an LSTM; gates (b, 4 * size) in PyTorch's order."""
    size = cell.shape[1]
    opened = 1 / (1 + np.exp(-np.maximum(gates, -80)))  # exp(89) is more than float32 holds
    cell = opened[:, size:2 * size] * cell + opened[:, :size] * np.tanh(gates[:, 2 * size:3 * size])
    return opened[:, 3 * size:] * np.tanh(cell), cell


def _array(tensor: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor.detach().float().numpy())
