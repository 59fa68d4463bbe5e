"""Writes a piece with the network: plan, hints, guidance, sampling field by field, cadence."""

import bisect
from collections.abc import Callable

import numpy as np
import torch
from transformers import TemperatureLogitsWarper, TopPLogitsWarper

from posterbeat.music.events import DURATIONS, MAX_STEP, SIZES, place_in_bar
from posterbeat.music.features import (
    PLAN_LITERAL,
    PLAN_NEW,
    PLAN_RECALL,
    condition_buckets,
    first_event,
    progress_buckets,
)
from posterbeat.music.form import Plan
from posterbeat.music.network import HINTS, PHRASE, START
from posterbeat.music.request import Request
from posterbeat.music.stepper import Stepper, Tables

_DRUMS = 16
_RECENT = 96  # notes over which the ensemble's balance is watched
_BALANCE = 0.7  # how firmly it is kept, on logits: 0 not at all, 1 in proportion
# Added to the logits of the recalled bar's next note, by kind of recall: what was drawn by chance in a bar before makes
# the network less sure of it than it is of real music, and themes would dissolve.
_RECALL = {PLAN_NEW: 0.0, PLAN_RECALL: 1.0, PLAN_LITERAL: 2.5}
_MAJOR_TRIAD, _MINOR_TRIAD = (0, 4, 7), (9, 0, 4)  # pieces are written in C major or A minor


class Writing:
    """One piece being written; `write` gives its event fields, (notes, 5).

    Parameters
    ----------
    tables : Tables, of the network
    request : Request
    plan : Plan
    mix : np.ndarray of float32, shape (5,)
    notes, temperature, top_p, guidance : controls; guidance 1 is the network's own conditional distribution, more
        sharpens the genre (Ho & Salimans, "Classifier-free diffusion guidance", 2022, on logits)
    random : np.random.Generator
    """

    def __init__(self, tables: Tables, request: Request, plan: Plan, mix: np.ndarray, *, notes: int,
                 temperature: float, top_p: float, guidance: float, random: np.random.Generator):
        self._request, self._plan, self._total, self._random = request, plan, notes, random
        self._guidance = guidance
        self._warpers = (TemperatureLogitsWarper(temperature), TopPLogitsWarper(top_p))
        rows = 1 if guidance == 1 else 2
        # The second row knows neither genre nor ensemble: guidance leads away from it.
        known = np.stack([np.append(request.families, True), np.zeros(18)])[:rows].astype(np.float32)
        mixes = np.stack([mix, np.zeros_like(mix)])[:rows].astype(np.float32)
        buckets = condition_buckets(request.tempo, request.density, request.minor, request.bar)
        self._stepper = Stepper(
            tables, torch.from_numpy(buckets).expand(rows, -1), torch.from_numpy(mixes),
            torch.from_numpy(known))
        self._families, self._recent = request.families, np.zeros(17)
        self._fields, self._onsets, self._keys = [], [], []
        self._lines = [[] for _ in range(17)]  # indices of the notes of each family
        self._recalled, self._pull = None, 0.0
        self._closing = self._closing_notes()
        # Pitches that stay on the keyboard once the piece is moved to its own key.
        self._low, self._high = max(0, request.shift), min(127, 127 + request.shift)

    def write(self, progress: Callable[[int, int], None] | None = None) -> np.ndarray:
        """The fields of all notes; `progress(written, total)` is called every 16 notes and may raise to stop."""
        with torch.inference_mode():
            for index in range(self._total):
                if index and index % PHRASE == 0:
                    self._stepper.read(self._with_place(index - PHRASE, index))
                self._advance(index)
                self._append(self._note(index))
                if progress is not None and index % 16 == 15:
                    progress(index + 1, self._total)
        return np.array(self._fields, dtype=np.int64)

    def _with_place(self, begin: int, end: int) -> np.ndarray:
        places = np.stack(place_in_bar(np.array(self._onsets[begin:end]), self._request.bar), axis=1)
        return np.concatenate([np.array(self._fields[begin:end]), places], axis=1)

    def _advance(self, index: int) -> None:
        previous = self._with_place(index - 1, index)[0] if index else first_event()
        here = self._onsets[-1] // self._request.bar if index else -1
        source = self._source(here)
        kind = int(self._plan.kind[here]) if source >= 0 else PLAN_NEW
        recalled = self._notes_at(here, source)
        self._recalled = recalled[0] if recalled[0, 1] != START else None
        self._pull = _RECALL[kind]
        self._stepper.advance(previous, progress_buckets(index, self._total - index), recalled, kind,
                              self._notes_at(here, here - 1))

    def _notes_at(self, here: int, source: int) -> np.ndarray:
        """The notes that come next in bar `source`, seen from the last note, in bar `here`: `features.place_hints`."""
        notes = np.tile(np.array([0, START, 0, 0, 0]), (HINTS, 1))
        if source < 0:
            return notes
        bar, index = self._request.bar, len(self._fields)
        pointer = bisect.bisect_right(self._keys, self._keys[-1] - (here - source) * bar * 32 * 128)
        for row in range(min(HINTS, index - pointer)):
            notes[row] = self._fields[pointer + row]
        if pointer < index:
            wait = (self._onsets[pointer] - self._onsets[-1]) % bar
            notes[0, 0] = min(wait, MAX_STEP)
        return notes

    def _source(self, bar: int) -> int:
        """The bar that `bar` recalls by the plan, -1 where it is new."""
        return int(self._plan.source[bar]) if 0 <= bar < len(self._plan.source) else -1

    def _note(self, index: int) -> list[int]:
        fields: list[int] = []
        last = self._fields[-1] if self._fields else None
        closing = self._total - index <= self._closing
        for position, name in enumerate(SIZES):
            if position == 2:
                self._stepper.see_line(self._line(fields))
            logits = self._stepper.logits(position, fields)
            mixed = logits[0] if len(logits) == 1 else torch.lerp(logits[1], logits[0], self._guidance)
            if name == "family":
                mixed = mixed + torch.from_numpy(self._balance())
            if self._recalled is not None and fields == list(self._recalled[:position]):
                mixed = mixed.clone()
                mixed[self._recalled[position]] += self._pull
            allowed = self._allowed(name, fields, last, closing, index)
            if allowed is not None:
                mixed = mixed.masked_fill(~torch.from_numpy(allowed), float("-inf"))
            for warp in self._warpers:
                mixed = warp(None, mixed[None])[0]
            chances = mixed.softmax(0).double().numpy()
            edge = self._random.random() * chances.sum()
            fields.append(min(int(np.searchsorted(np.cumsum(chances), edge, side="right")), len(chances) - 1))
        return fields

    def _balance(self) -> np.ndarray:
        """What is added to the logits of the families: more for those that played less than their share of late.

        A writer that hears mostly itself drifts to whichever instrument it wrote most; this keeps the ensemble together.
        """
        target = self._request.shares + 0.01
        lately = (self._recent + 8 * target) / (self._recent.sum() + 8 * target.sum())
        return (_BALANCE * np.clip(np.log(target / lately), -2, 2)).astype(np.float32)

    def _allowed(self, name: str, fields: list[int], last: list[int] | None, closing: bool, index: int) -> np.ndarray | None:
        """What the next field may be: np.ndarray of bool, shape (size,), or None for anything.

        Notes of one onset come by family, then pitch, so none can sound twice. Only the instruments asked for play.
        The last few notes are one chord on the tonic at the start of a bar, held.
        """
        if name == "step":
            allowed = np.ones(SIZES[name], bool)
            if last is None:
                return np.arange(SIZES[name]) < self._request.bar
            if last[1] == self._top_family() and last[2] >= self._highest(last[1]):
                allowed[0] = False
            if closing:
                first = self._total - index == self._closing
                gap = (-self._onsets[-1]) % self._request.bar or self._request.bar
                allowed[:] = False
                allowed[min(gap, MAX_STEP) if first else 0] = True
            return allowed
        together = last is not None and fields[0] == 0
        if name == "family":
            allowed = self._families.copy()
            if closing:
                allowed = allowed & (np.arange(17) != _DRUMS)
            if together:
                allowed &= np.arange(17) >= last[1] + (last[2] >= self._highest(last[1]))
            return allowed if allowed.any() else np.arange(17) == (last[1] if last else 0)
        if name == "pitch":
            allowed = np.ones(SIZES[name], bool)
            if fields[1] != _DRUMS:
                allowed[:self._low] = allowed[self._high + 1:] = False
            if together and fields[1] == last[1]:
                allowed[:last[2] + 1] = False
            if closing:
                left = self._total - index - 1
                triad = (_MINOR_TRIAD if self._request.minor else _MAJOR_TRIAD)[:3 if left + 1 < self._closing else 1]
                # Chord tones are at most five semitones apart: this leaves room above for those still to come.
                allowed &= np.isin(np.arange(128) % 12, triad) & (np.arange(128) <= 120 - 5 * left)
            return allowed
        if name == "duration" and closing:
            return self._request.bar <= DURATIONS
        return None

    def _top_family(self) -> int:
        return int(np.flatnonzero(self._families)[-1])

    def _highest(self, family: int) -> int:
        return 127 if family == _DRUMS else self._high

    def _closing_notes(self) -> int:
        """Notes of the closing chord: one a pitched family, three to six."""
        pitched = int(self._families[:_DRUMS].sum())
        return 0 if pitched == 0 else int(np.clip(pitched, 3, 6))

    def _line(self, fields: list[int]) -> np.ndarray:
        """The last two notes of the family just chosen, as `features.voices` has them."""
        line = np.array([[256, 0, 0, 0], [256, 0, 0, 0]])
        onset = (self._onsets[-1] if self._onsets else 0) + fields[0]
        for back, index in enumerate(reversed(self._lines[fields[1]][-2:])):
            note = self._fields[index]
            line[back] = (note[2] + 128 * (note[1] == _DRUMS), note[3], note[4], min(onset - self._onsets[index], MAX_STEP))
        return line

    def _append(self, fields: list[int]) -> None:
        onset = (self._onsets[-1] if self._onsets else 0) + fields[0]
        self._lines[fields[1]].append(len(self._fields))
        self._recent[fields[1]] += 1
        if len(self._fields) >= _RECENT:
            self._recent[self._fields[-_RECENT][1]] -= 1
        self._fields.append(fields)
        self._onsets.append(onset)
        self._keys.append((onset * 32 + fields[1]) * 128 + fields[2])
