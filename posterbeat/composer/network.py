"""The composer's network: a bidirectional LSTM reads finished phrases, an LSTM writes the next note.

A phrase is 64 notes. Each finished phrase is read in both directions, so that every note in it is known with what came
before and after it. The writer runs forwards over the notes, attends to the phrases read so far (the opening one always
among them), sees where the piece may be repeating itself (`find_repeats`), and predicts the next note field by field, each field
given those before it.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from posterbeat.genres import GENRES
from posterbeat.instruments import FAMILIES, TONES, tone
from posterbeat.music.events import FIELDS, SIZES

PHRASE = 64  # notes a phrase: about two bars of an ensemble, four of a piano
MEMORY = 5  # finished phrases that the writer can look back to, besides the opening
PLAYERS = len(FAMILIES) + 1  # who plays, and whether that is known
HINTS = 3  # notes of the recalled place that the writer is shown
START = len(FAMILIES)  # family of the event before the first note


@dataclass
class Batch:
    """What the writer sees before each target note; integer tensors, `b` pieces, `t` notes.

    previous : (b, t, 8) fields of the note before (5), then beat, twelfth in the beat and bar of eight
    progress : (b, t, 2) buckets of notes written and notes left
    hint : (b, t, HINTS, 5) fields of the recalled notes; family START where there is none
    hint_kind : (b, t) which sort of recall, 0 to 8
    back : (b, t, HINTS, 5) fields of the notes that came one bar before, like `hint`
    voice : (b, t, 2, 4) the last two notes of the target's family: tone (`TONES` for none), duration, velocity, age
    target : (b, t, 5)
    phrases : (b, p, PHRASE, 8) notes of the phrases to read, like `previous`
    visible : (b, t, p) age of each phrase seen from each note, 0 opening, 1 to MEMORY; -1 hidden
    condition : (b, 4) tempo, density, mode and metre buckets, last bucket of each for unknown
    mix : (b, genres) float, genre weights, zeros for unknown
    ensemble : (b, PLAYERS) float, instrument families present, and 1 for known
    """

    previous: Tensor
    progress: Tensor
    hint: Tensor
    hint_kind: Tensor
    back: Tensor
    voice: Tensor
    target: Tensor
    phrases: Tensor
    visible: Tensor
    condition: Tensor
    mix: Tensor
    ensemble: Tensor


class Note(nn.Module):
    """Embeds the fields of a note, and its place in the bar where given: (..., 5 or 8) -> (..., width)."""

    def __init__(self, width: int):
        super().__init__()
        sizes = (SIZES["step"], START + 1, TONES, SIZES["duration"], SIZES["velocity"], 8, 12, 8)
        self.tables = nn.ModuleList(nn.Embedding(size, width) for size in sizes)

    def forward(self, note: Tensor) -> Tensor:
        columns = [note[..., 0], note[..., 1], tone(note[..., 2], note[..., 1]), *note[..., 3:].unbind(-1)]
        return sum(table(column) for table, column in zip(self.tables, columns))


class Reader(nn.Module):
    """Bidirectional LSTM over phrases: (n, PHRASE, 8) -> keys and values (n, PHRASE, heads * 64)."""

    def __init__(self, width: int, hidden: int, heads: int):
        super().__init__()
        self.lstm = nn.LSTM(width, hidden, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(2 * hidden)
        self.key = nn.Linear(2 * hidden, heads * 64)
        self.value = nn.Linear(2 * hidden, heads * 64)

    def forward(self, notes: Tensor) -> tuple[Tensor, Tensor]:
        read = self.norm(self.lstm(notes)[0])
        return self.key(read), self.value(read)


class Conditions(nn.Module):
    """What the piece should be: (b, 4), (b, genres), (b, PLAYERS) -> (b, width)."""

    def __init__(self, width: int, sizes: tuple[int, ...]):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, width) for size in sizes)
        self.mix = nn.Linear(len(GENRES), width, bias=False)
        self.ensemble = nn.Linear(PLAYERS, width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, condition: Tensor, mix: Tensor, ensemble: Tensor) -> Tensor:
        total = sum(table(column) for table, column in zip(self.tables, condition.unbind(-1)))
        return self.out(F.gelu(total + self.mix(mix) + self.ensemble(ensemble)))


class Heads(nn.Module):
    """Logits of the five fields of the next note, each given the fields before it."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(width, hidden) for _ in FIELDS)
        self.out = nn.ModuleList(nn.Linear(hidden, SIZES[name]) for name in FIELDS)
        given = (SIZES["step"], SIZES["family"], TONES, SIZES["duration"])
        self.given = nn.ModuleList(
            nn.ModuleList(nn.Embedding(size, hidden) for size in given[:index]) for index in range(len(FIELDS))
        )
        # From the pitch on, the last two notes of the same family: its line so far.
        voice = (TONES + 1, SIZES["duration"], SIZES["velocity"], SIZES["step"])
        self.voice = nn.ModuleList(nn.Embedding(size, 96) for size in voice * 2)
        self.voice_out = nn.ModuleList(nn.Linear(8 * 96, hidden, bias=False) for _ in range(3))

    def line(self, voice: Tensor) -> Tensor:
        """(..., 2, 4) -> (..., 768): the embedded last two notes of a family."""
        columns = voice.flatten(-2).unbind(-1)
        return torch.cat([table(column) for table, column in zip(self.voice, columns)], dim=-1)

    def logits(self, index: int, state: Tensor, fields: list[Tensor], line: Tensor | None) -> Tensor:
        """Logits of field `index`, given the writer's state, the fields before it and the family's line."""
        hidden = self.hidden[index](state)
        for table, field in zip(self.given[index], fields):
            hidden = hidden + table(field)
        if index >= 2:
            hidden = hidden + self.voice_out[index - 2](line)
        return self.out[index](F.gelu(hidden))

    def forward(self, state: Tensor, target: Tensor, voice: Tensor) -> list[Tensor]:
        step, family, pitch, duration, _ = target.clamp(min=0).unbind(-1)
        given = [step, family, tone(pitch, family), duration]
        line = self.line(voice)
        return [self.logits(index, state, given[:index], line) for index in range(len(FIELDS))]


class ComposerNetwork(nn.Module):
    """Reader, writer and heads; `forward` gives the logits of every target note of a batch."""

    def __init__(self, *, width: int, reader: int, writer: int, head: int, heads: int, condition_sizes: tuple[int, ...]):
        super().__init__()
        self.heads_count = heads
        self.note = Note(width)
        self.progress = nn.ModuleList([nn.Embedding(16, width), nn.Embedding(20, width)])
        self.hint_kind = nn.Embedding(9, width)
        self.hint = nn.Linear(HINTS * width, width)
        self.back = nn.Linear(HINTS * width, width, bias=False)
        self.conditions = Conditions(width // 2, condition_sizes)
        self.reader = Reader(width, reader, heads)
        self.first = nn.LSTM(2 * width + width // 2, writer, batch_first=True)
        self.query = nn.Linear(writer, heads * 64)
        self.age = nn.Parameter(torch.zeros(heads, MEMORY + 1, 64))
        # With nothing read yet, or nothing worth recalling, attention rests here.
        self.nothing = nn.Parameter(torch.zeros(2, heads * 64))
        self.second = nn.LSTM(writer + heads * 64, writer, batch_first=True)
        self.norm = nn.LayerNorm(writer)
        self.skip = nn.Linear(heads * 64 + width + width // 2, writer)
        self.heads = Heads(writer, head)

    def show_hint(self, hint: Tensor, kind: Tensor, back: Tensor) -> Tensor:
        """(..., HINTS, 5), (...), (..., HINTS, 5) -> (..., width): the embedded recalled notes and those a bar before."""
        recalled, before = self.note(hint).flatten(-2), self.note(back).flatten(-2)
        return self.hint(recalled) + self.hint_kind(kind) + self.back(before)

    def attend(self, state: Tensor, keys: Tensor, values: Tensor, visible: Tensor) -> Tensor:
        """Attention of the writer over phrases read.

        state (b, t, writer); keys, values (b, p, PHRASE, heads * 64); visible (b, t, p) -> (b, t, heads * 64)
        """
        b, t, _ = state.shape
        heads, phrases = self.heads_count, keys.shape[1]
        query = self.query(state).view(b, t, heads, 64).transpose(1, 2) / 8
        keys = keys.reshape(b, phrases * PHRASE, heads, 64).transpose(1, 2)
        values = values.reshape(b, phrases * PHRASE, heads, 64).transpose(1, 2)
        by_age = torch.einsum("bhtd,had->bhta", query, self.age)
        ages = visible.clamp(min=0)[:, None].expand(b, heads, t, phrases)
        bias = by_age.gather(3, ages).masked_fill((visible < 0)[:, None], float("-inf"))
        weights = query @ keys.transpose(2, 3) + bias.repeat_interleave(PHRASE, dim=3)
        none_key, none_value = self.nothing.view(2, heads, 1, 64)
        weights = torch.cat([weights, query @ none_key.transpose(1, 2)], dim=3).softmax(3)
        out = weights[..., :-1] @ values + weights[..., -1:] * none_value
        return out.transpose(1, 2).reshape(b, t, heads * 64)

    def forward(self, batch: Batch, state: tuple | None = None) -> tuple[list[Tensor], tuple]:
        """Logits of the five fields, each (b, t, size), and the writer's state to go on from."""
        b, t = batch.previous.shape[:2]
        phrases = batch.phrases.shape[1]
        if phrases:
            keys, values = self.reader(self.note(batch.phrases).flatten(0, 1))
            keys, values = keys.view(b, phrases, PHRASE, -1), values.view(b, phrases, PHRASE, -1)
        else:
            keys = values = self.nothing.new_zeros(b, 0, PHRASE, self.heads_count * 64)
        hint = self.show_hint(batch.hint, batch.hint_kind, batch.back)
        event = self.note(batch.previous)
        event = event + self.progress[0](batch.progress[..., 0]) + self.progress[1](batch.progress[..., 1])
        condition = self.conditions(batch.condition, batch.mix, batch.ensemble)[:, None].expand(b, t, -1)
        first, state_1 = self.first(torch.cat([event, hint, condition], 2), state and state[0])
        recalled = self.attend(first, keys, values, batch.visible)
        second, state_2 = self.second(torch.cat([first, recalled], 2), state and state[1])
        written = self.norm(second + first + self.skip(torch.cat([recalled, hint, condition], 2)))
        return self.heads(written, batch.target, batch.voice), (state_1, state_2)


def bits(logits: list[Tensor], target: Tensor) -> Tensor:
    """Negative log2-likelihood of each target note, summed over its fields: (b, t)."""
    return sum(
        F.cross_entropy(field.transpose(1, 2), target[..., index], reduction="none")
        for index, field in enumerate(logits)
    ) / 0.6931471805599453
