"""The three LSTM stacks of the reference study ("Listen to What Poster Says", 2019), layer by layer as published.

A piece is a row of words on a fixed step: a word is one pitch ("p60") or a chord as a set of pitch classes ("0.4.7").
A stack reads a window of 100 words, each as one number between 0 and 1, and names the next; it was trained with
categorical cross-entropy and RMSprop, and the likeliest word is always taken. That is how such stacks fail, too: one
note for ever, or the training piece again and again. They are kept here to be heard and measured beside the composer.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from posterbeat.controls import Controls, asked_for
from posterbeat.cpu import forked
from posterbeat.errors import ParameterError, WeightsError
from posterbeat.genres import mixture
from posterbeat.hub import load_strict, read_config, read_tensors, resolve, single_precision
from posterbeat.instruments import DRUMS
from posterbeat.music.score import Score
from posterbeat.whole_file import whole_file

WINDOW = 100  # words read for each word written
STEP = 6  # twelfths of a beat from word to word: half a beat
_CHORD_OCTAVE = 60  # a chord's octave is not in its word


def words_of(score: Score) -> list[str]:
    """The words of a piece: what its busiest pitched instrument plays at each onset. Rhythm is lost, as published."""
    pitched = score.program != DRUMS
    if not pitched.any():
        return []
    programs, counts = np.unique(score.program[pitched], return_counts=True)
    rows = np.flatnonzero(score.program == programs[counts.argmax()])
    words = []
    for notes in np.split(rows, np.flatnonzero(np.diff(score.onset[rows])) + 1):
        pitches = np.unique(score.pitch[notes])
        words.append(f"p{pitches[0]}" if len(pitches) == 1 else ".".join(map(str, np.unique(pitches % 12))))
    return words


def pitches_of(word: str) -> list[int]:
    """MIDI numbers that a word sounds; a chord sounds in the octave of middle C."""
    return [int(word[1:])] if word.startswith("p") else [_CHORD_OCTAVE + int(part) for part in word.split(".")]


def score_of(words: Sequence[str], notes: int, tempo: float | None = None) -> Score:
    """A row of words as a piano piece on the fixed step; its first `notes` notes, at 120 beats a minute by default."""
    onset, pitch = [], []
    for place, word in enumerate(words):
        for one in pitches_of(word):
            onset.append(place * STEP)
            pitch.append(one)
    onset, pitch = np.array(onset[:notes], dtype=np.int64), np.array(pitch[:notes], dtype=np.int64)
    return Score(onset, np.full(len(onset), STEP), pitch, np.full(len(onset), 90), np.zeros(len(onset), dtype=np.int64),
                 tempo=tempo or 120.0)


def vocabulary(texts: Iterable[Sequence[str]]) -> tuple[list[str], list[int]]:
    """All words in alphabetical order, and how often each occurs."""
    counts = Counter(word for text in texts for word in text)
    words = sorted(counts)
    return words, [counts[word] for word in words]


class _LastOutput(nn.Module):
    """An LSTM; the whole row of its outputs (batch, time, features), or what it says at the end (batch, features)."""

    def __init__(self, inputs: int, units: int, both_ways: bool, row: bool):
        super().__init__()
        self.lstm = nn.LSTM(inputs, units, batch_first=True, bidirectional=both_ways)
        self._row = row
        for name, weight in self.lstm.named_parameters():  # Keras's beginnings; PyTorch's own forget too soon
            if "weight_ih" in name:
                nn.init.xavier_uniform_(weight)
            elif "weight_hh" in name:
                nn.init.orthogonal_(weight)
            else:
                nn.init.zeros_(weight)
                if "bias_ih" in name:
                    weight.data[units:2 * units] = 1.0  # the forget gate starts open

    def forward(self, inputs: Tensor) -> Tensor:
        row, (last, _) = self.lstm(inputs)
        if self._row:
            return row
        return torch.cat([last[-2], last[-1]], 1) if self.lstm.bidirectional else last[-1]


def _norm(features: int) -> nn.BatchNorm1d:
    return nn.BatchNorm1d(features, eps=1e-3, momentum=0.01)  # as Keras does by default


def _first(words: int) -> nn.Sequential:
    return nn.Sequential(
        _LastOutput(1, 512, False, True), nn.Dropout(0.3), _LastOutput(512, 256, False, False),
        nn.Linear(256, 256), nn.Dropout(0.3), nn.Linear(256, words))


def _second(words: int) -> nn.Sequential:
    return nn.Sequential(
        _LastOutput(1, 512, True, True), nn.Dropout(0.3), _LastOutput(1024, 512, True, False), nn.Linear(1024, words))


def _final(words: int) -> nn.Sequential:
    return nn.Sequential(
        _LastOutput(1, 512, True, True), _LastOutput(1024, 512, True, True), _LastOutput(1024, 512, True, False),
        _norm(1024), nn.Dropout(0.3), nn.Linear(1024, 256), nn.ReLU(), _norm(256), nn.Dropout(0.3),
        nn.Linear(256, words))


STACKS: dict[str, Callable[[int], nn.Sequential]] = {"first": _first, "second": _second, "final": _final}


@dataclass(frozen=True)
class StackConfig:
    """What a stack is: its name in `STACKS`, the genre it learned, its words and how often each was seen."""

    stack: str
    genre: str
    words: tuple[str, ...]
    counts: tuple[int, ...]

    def __post_init__(self):
        object.__setattr__(self, "words", tuple(self.words))
        object.__setattr__(self, "counts", tuple(self.counts))
        if self.stack not in STACKS:
            raise ParameterError(f"Unknown stack {self.stack!r}: choose from {', '.join(STACKS)}.")
        if len(self.words) != len(self.counts) or not self.words:
            raise ParameterError("A stack needs at least one word, and a count for each.")


class HistoricalStack(nn.Module):
    """One of the three stacks with its words.

    Parameters
    ----------
    config : StackConfig
    """

    def __init__(self, config: StackConfig):
        super().__init__()
        self.config = config
        self.layers = STACKS[config.stack](len(config.words))

    def forward(self, windows: Tensor) -> Tensor:
        """Logits of the next word.

        Parameters
        ----------
        windows : Tensor of int64, shape (batch, time), numbers of words; the study's time is 100

        Returns
        -------
        Tensor, shape (batch, words); the softmax of the study is part of its loss and of `generate`
        """
        return self.layers(windows.unsqueeze(-1) / len(self.config.words))

    def number(self, words: Iterable[str]) -> np.ndarray:
        """Numbers of words, int64; words that the stack never saw are left out."""
        known = {word: number for number, word in enumerate(self.config.words)}
        return np.array([known[word] for word in words if word in known], dtype=np.int64)

    def openings(self, pieces: int, rng: np.random.Generator) -> np.ndarray:
        """Windows to begin with, each word drawn by how often it was seen: int64, shape (pieces, 100)."""
        counts = np.array(self.config.counts, dtype=float)
        return rng.choice(len(counts), (pieces, WINDOW), p=counts / counts.sum())

    @torch.inference_mode()
    def write(self, openings: np.ndarray, notes: int, choose: Callable[[np.ndarray], np.ndarray] | None = None,
              progress: Callable[[int, int], None] | None = None) -> list[list[str]]:
        """What comes after each opening, until every piece has at least `notes` notes.

        Parameters
        ----------
        openings : np.ndarray of int64, shape (pieces, words); all pieces are written side by side, which is quicker
        choose : logits, shape (pieces, words), to the numbers of the words taken; the likeliest ones by default
        progress : called with notes written (of the shortest piece) and wanted after every word

        Returns
        -------
        list of the words of each piece, without its opening
        """
        choose = choose or (lambda logits: logits.argmax(1))
        length = np.array([len(pitches_of(word)) for word in self.config.words])
        windows = np.asarray(openings, dtype=np.int64)
        was_training = self.training
        self.eval()
        taken, written, known = [], np.zeros(len(windows), dtype=int), {}
        while written.min() < notes:
            words = np.asarray(choose(self._say(windows, known)))
            taken.append(words)
            written += length[words]
            windows = np.concatenate([windows[:, 1:], words[:, None]], axis=1)
            if progress:
                progress(min(int(written.min()), notes), notes)
        self.train(was_training)
        return [[self.config.words[number] for number in row] for row in np.stack(taken, axis=1)]

    def _say(self, windows, known):
        """Logits after each window; `known` keeps them, as a stack that goes round in circles asks the same again."""
        keys = [window.tobytes() for window in windows]
        new = {key: window for key, window in zip(keys, windows) if key not in known}
        if new:
            asked = torch.from_numpy(np.stack(list(new.values()))).to(next(self.parameters()).device)
            known.update(zip(new, self(asked).double().cpu().numpy()))
        return np.stack([known[key] for key in keys])

    def generate(self, genre_mix: str | Mapping[str, float], notes: int = 600, temperature: float = 1.0,
                 seed: int | None = None, *, controls: Controls | None = None,
                 progress: Callable[[int, int], None] | None = None, likeliest: bool = True,
                 opening: Sequence[int] | None = None, **named: Any) -> Score:
        """A piece of exactly `notes` notes; it is called as the composer is.

        Parameters
        ----------
        genre_mix : checked, and then of no effect: a stack knows the one genre it was trained on
        notes, temperature, seed, named : the fields of `Controls`. Temperature is of effect only without `likeliest`; the tempo
            is 120 where it is left open; ensemble, mode and density have none: the study had no such controls, one piano plays
        controls : all of them at once, instead of the keywords
        progress : called with notes written and wanted after every word
        likeliest : always take the likeliest word, as published; otherwise draw by `temperature`
        opening : numbers of the first words that are read, as in the study a window of a training piece; by default
            100 words drawn by how often each was seen. They are not part of the piece

        Raises
        ------
        ParameterError
            A value outside its range.
        """
        mixture(genre_mix)
        controls = asked_for(controls, notes=notes, temperature=temperature, seed=seed, **named)
        single_precision(self)
        forked()
        rng = np.random.default_rng(controls.seed)

        def draw(logits):
            chances = np.exp((logits[0] - logits[0].max()) / controls.temperature)
            return rng.choice(len(chances), 1, p=chances / chances.sum())

        begun = self.openings(1, rng) if opening is None else np.asarray(opening, dtype=np.int64)[None, -WINDOW:]
        words, = self.write(begun, controls.notes, None if likeliest else draw, progress)
        return score_of(words, controls.notes, controls.tempo)

    def save(self, folder: str | Path) -> None:
        """Write config.json and model.safetensors (half precision) into a folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(asdict(self.config)) + "\n")
        halves = {name: (value.half() if value.is_floating_point() else value).contiguous()
                  for name, value in self.state_dict().items()}
        with whole_file(folder / "model.safetensors") as part:
            save_file(halves, part)

    @classmethod
    def from_pretrained(cls, source: str | Path) -> "HistoricalStack":
        """A stack that `save` wrote, from a folder or a Hub repo; raises WeightsError when files do not fit."""
        folder = resolve(source)
        path = folder / "model.safetensors"
        try:
            stack = cls(StackConfig(**read_config(folder / "config.json")))
        except TypeError as error:
            raise WeightsError(f"{folder / 'config.json'} is not the config of an older stack.") from error
        load_strict(stack, read_tensors(path), path)
        return stack.eval()
