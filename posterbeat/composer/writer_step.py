"""The writer, one note at a time: what `Writer.forward` computes for whole stretches, for composing.

A step is a handful of products of a vector with a matrix, so what counts is how few bytes are read. Whatever depends on one
embedding alone is multiplied through beforehand, what depends on the cell once a cell.
"""

import numpy as np
import torch

from posterbeat.composer.quantised_matrix import Matrix, smallest
from posterbeat.composer.table_rows import TableRows, array, gelu, layer_norm, lstm_cell
from posterbeat.composer.writer import NO_PITCH, ReaderWriter
from posterbeat.instruments import PITCHES, TONES


class WriterTables:
    """The writer's weights as a step reads them, made once and shared by all pieces.

    kind : of the numbers of the large matrices; None takes the smallest that the processor multiplies
    """

    def __init__(self, networks: ReaderWriter, kind: torch.dtype | None = None):
        kind, writer = kind or smallest(), networks.writer
        with torch.no_grad():
            self.reader = networks.reader
            self.cell, self.cell_bias = Matrix(writer.cell.weight, kind), array(writer.cell.bias)
            into = writer.first.weight_ih_l0
            embeddings = [table.weight for note in (writer.note, *writer.hint) for table in note.tables]
            self.inputs = TableRows([table @ into.T for table in (*embeddings, writer.left.weight)])
            self.into, self.first = Matrix(into, kind), Matrix(writer.first.weight_hh_l0, kind)
            self.first_bias = array(writer.first.bias_ih_l0 + writer.first.bias_hh_l0)
            self.second = Matrix(torch.cat([writer.second.weight_ih_l0, writer.second.weight_hh_l0], 1), kind)
            self.second_bias = array(writer.second.bias_ih_l0 + writer.second.bias_hh_l0)
            self.size = writer.first.hidden_size
            self.norm, self.norm_bias = array(writer.norm.weight), array(writer.norm.bias)
            heads = (writer.place, writer.pitch, writer.length, writer.loudness)
            weight = torch.cat([layer.weight for layer in heads])
            self.heads, self.heads_of_cell = Matrix(weight[:, :self.size], kind), Matrix(weight[:, self.size:], kind)
            self.heads_bias = array(torch.cat([layer.bias for layer in heads]))
            self.edges = np.cumsum([layer.out_features for layer in heads])[:-1]
            self.place = _Head(writer.place_out.weight, writer.place_out.bias, writer.place_like.weight, writer.place_like.bias)
            self.pitch = [_Head(writer.pitch_out.weight[rows], writer.pitch_out.bias[rows], writer.pitch_like.weight,
                                writer.pitch_like.bias) for rows in (slice(0, PITCHES), slice(PITCHES, TONES))]
            self.harmony = array(writer.harmony.weight.T)
            self.pitch_given = TableRows([
                writer.at_place.weight, *(table.weight for table in writer.pitch_hint), writer.lowest.weight])
            self.length_given = TableRows([table.weight for table in writer.length_given])
            self.length = array(writer.length_out.weight.T), array(writer.length_out.bias)
            self.loudness_given = TableRows([table.weight for table in writer.loudness_given])
            self.loudness = array(writer.loudness_out.weight.T), array(writer.loudness_out.bias)


class _Head:
    """A layer of logits, and one that weighs what the logits point to."""

    def __init__(self, out, out_bias, like, like_bias):
        self._weight = array(torch.cat([out, like]).T)
        self._bias = array(torch.cat([out_bias, like_bias]))
        self._size = len(out)

    def __call__(self, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        both = hidden @ self._weight + self._bias
        return both[:, :self._size], both[:, self._size:]


class WriterStep:
    """State of one piece being written, for `rows` conditions side by side.

    The order of calls: `begin_cell`, then for each note `advance`, and `place`, `pitch`, `length`, `loudness`, each given
    what was chosen before. All logits are np.ndarray of float32, shape (rows, size).
    """

    def __init__(self, tables: WriterTables, rows: int):
        self._tables = tables
        zeros = np.zeros((rows, tables.size), np.float32)
        self._first, self._second = (zeros, zeros), (zeros, zeros)

    def begin_cell(self, own: np.ndarray, last: np.ndarray, recalled: np.ndarray, onsets: np.ndarray, drums: bool) -> None:
        """What the reader says of the cell and of its part's last and recalled cells, (rows, read) each; onsets (4, 96)."""
        tables = self._tables
        flat = np.broadcast_to(onsets.reshape(1, -1), (len(own), onsets.size))
        cell = gelu(tables.cell(np.concatenate([own, last, recalled, flat], 1).astype(np.float32)) + tables.cell_bias)
        self._base = tables.into(cell) + tables.first_bias
        self._heads_base = tables.heads_of_cell(cell) + tables.heads_bias
        self._onsets, self._drums = onsets, drums

    def advance(self, previous: list[int], hints: list[list[int]], left: int) -> None:
        """Take in the note before, and the following hints: of the last cell, of the recalled cell, the part's last note."""
        tables = self._tables
        gates = self._base + tables.inputs([*previous, *hints[0], *hints[1], *hints[2], left]) + tables.first(self._first[0])
        self._first = lstm_cell(gates, self._first[1])
        gates = tables.second(np.concatenate([self._first[0], self._second[0]], 1)) + tables.second_bias
        self._second = lstm_cell(gates, self._second[1])
        out = layer_norm(self._first[0] + self._second[0], tables.norm, tables.norm_bias)
        self._place, self._pitch, self._length, self._loudness = np.split(
            tables.heads(out) + self._heads_base, tables.edges, axis=1)

    def place(self) -> np.ndarray:
        """Logits of the place in the bar."""
        logits, like = self._tables.place(gelu(self._place))
        return logits + like @ self._onsets

    def pitch(self, place: int, seen: list[int], chords: np.ndarray, sounding: np.ndarray, lowest: int) -> np.ndarray:
        """Logits of the pitch. seen : pitches of both matching notes and of the part's last two, drums from 128 up, `NO_PITCH`
        for none; chords : (rows, 72); sounding : (12,)."""
        tables = self._tables
        heard = np.concatenate([chords, np.broadcast_to(sounding, (len(chords), 12))], 1) @ tables.harmony
        logits, like = tables.pitch[self._drums](gelu(self._pitch + tables.pitch_given([place, *seen, lowest]) + heard))
        for column, pitch in enumerate(seen[:2]):
            if pitch < NO_PITCH:
                logits[:, pitch % PITCHES] += like[:, column]
        return logits

    def length(self, place: int, pitch: int, seen: list[int]) -> np.ndarray:
        """Logits of the length. pitch : drums from 128 up; seen : lengths of both matching notes and of the part's last."""
        weight, bias = self._tables.length
        return gelu(self._length + self._tables.length_given([place, pitch, *seen])) @ weight + bias

    def loudness(self, place: int, pitch: int, length: int, seen: list[int]) -> np.ndarray:
        """Logits of the loudness, like `length`."""
        weight, bias = self._tables.loudness
        return gelu(self._loudness + self._tables.loudness_given([place, pitch, length, *seen])) @ weight + bias
