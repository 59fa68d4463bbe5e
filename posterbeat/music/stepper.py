"""The writer, one note at a time: what `ComposerNetwork.forward` computes for a whole stretch, for composing."""

import numpy as np
import torch
from torch import Tensor

from posterbeat.music.network import MEMORY, PHRASE, ComposerNetwork


class Stepper:
    """State of one piece being written by a network, for several conditions side by side (`b` of them).

    Parameters
    ----------
    network : ComposerNetwork
    condition : (b, 4) int, mix : (b, 5) float, ensemble : (b, 18) float, as in `network.Batch`
    """

    def __init__(self, network: ComposerNetwork, condition: Tensor, mix: Tensor, ensemble: Tensor):
        self._network = network
        self._condition = network.conditions(condition, mix, ensemble)
        size = network.first.hidden_size
        zeros = self._condition.new_zeros(len(mix), size)
        self._first, self._second = (zeros, zeros), (zeros, zeros)
        self._opening = None
        self._phrases = []
        self._keys = self._values = self._bias_rows = None
        self._line = None
        self._state = None

    def read(self, notes: np.ndarray) -> None:
        """Read a finished phrase, (PHRASE, 8) as `features.notes_with_place` gives it."""
        network = self._network
        key, value = network.reader(network.note(torch.from_numpy(notes)[None]))
        heads = network.heads_count
        pair = tuple(part.view(PHRASE, heads, 64).transpose(0, 1) for part in (key, value))
        if self._opening is None:
            self._opening = pair
        self._phrases = [*self._phrases[-MEMORY + 1:], pair]
        none_key, none_value = network.nothing.view(2, heads, 1, 64)
        seen = [self._opening, *self._phrases]
        self._keys = torch.cat([none_key] + [key for key, _ in seen], dim=1)
        self._values = torch.cat([none_value] + [value for _, value in seen], dim=1)
        self._bias_rows = [0, *range(len(self._phrases), 0, -1)]

    def advance(self, previous: np.ndarray, progress: np.ndarray, hint: np.ndarray, kind: int) -> None:
        """Take in the note before the next one; arguments as the rows of `network.Batch`."""
        network = self._network
        progress = torch.from_numpy(progress)
        event = network.note(torch.from_numpy(previous))
        event = event + network.progress[0](progress[0]) + network.progress[1](progress[1])
        hinted = network.show_hint(torch.from_numpy(hint), torch.tensor(kind))
        b = len(self._condition)
        shared = torch.cat([event, hinted]).expand(b, -1)
        self._first = _cell(network.first, torch.cat([shared, self._condition], 1), self._first)
        recalled = self._attend(self._first[0])
        self._second = _cell(network.second, torch.cat([self._first[0], recalled], 1), self._second)
        skip = network.skip(torch.cat([recalled, hinted.expand(b, -1)], 1))
        self._state = network.norm(self._second[0] + self._first[0] + skip)

    def _attend(self, state: Tensor) -> Tensor:
        network, heads = self._network, self._network.heads_count
        if self._keys is None:
            return network.nothing[1].expand(len(state), -1)
        query = network.query(state).view(-1, heads, 64).transpose(0, 1) / 8  # (heads, b, 64)
        weights = query @ self._keys.transpose(1, 2)
        by_age = query @ network.age[:, self._bias_rows].transpose(1, 2)
        weights[:, :, 1:] += by_age.repeat_interleave(PHRASE, dim=2)
        return (weights.softmax(2) @ self._values).transpose(0, 1).reshape(len(state), -1)

    def see_line(self, voice: np.ndarray) -> None:
        """The last two notes of the family just chosen, (2, 4)."""
        self._line = self._network.heads.line(torch.from_numpy(voice))

    def logits(self, index: int, fields: list[int]) -> Tensor:
        """Logits of field `index` of the next note given its fields so far: (b, size)."""
        given = list(fields[:index])
        if index > 2:
            given[2] += 128 * (given[1] == 16)
        return self._network.heads.logits(index, self._state, [torch.tensor(field) for field in given], self._line)


def _cell(lstm: torch.nn.LSTM, inputs: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return torch.lstm_cell(inputs, state, lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, lstm.bias_hh_l0)
