"""Writes a piece with the network: plan, hints, guidance, sampling field by field, cadence."""

import bisect
from collections.abc import Callable

import numpy as np
import torch
from transformers import TemperatureLogitsWarper, TopPLogitsWarper

from posterbeat.composer.loop_guards import EndlessBar, PitchShare
from posterbeat.composer.network import HINTS, PHRASE, START
from posterbeat.composer.network_input import (
    PLAN_LITERAL,
    PLAN_NEW,
    PLAN_RECALL,
    condition_buckets,
    first_event,
    progress_buckets,
)
from posterbeat.composer.repeat_plan import Plan
from posterbeat.composer.request import Request
from posterbeat.composer.stepper import Stepper, Tables
from posterbeat.controls import Controls
from posterbeat.cpu import one_thread
from posterbeat.instruments import BASS, DRUM_FAMILY, FAMILIES, PERCUSSIVE, PITCHES, TONES, note_key, tone
from posterbeat.music.events import DURATIONS, MAX_STEP, SIZES, place_in_bar

_RECENT = 96  # notes over which the ensemble's balance is watched
_BALANCE = 0.7  # how firmly it is kept, on logits: 0 not at all, 1 in proportion
_NARROWER = {"step": 0.90, "pitch": 0.89}  # of top_p: a wrong note and a stumble are heard sooner than an odd length
# Added to the logits of the recalled bar's next note, by kind of recall: what was drawn by chance in a bar before makes
# the network less sure of it than it is of real music, and themes would dissolve.
_RECALL = {PLAN_NEW: 0.0, PLAN_RECALL: 1.5, PLAN_LITERAL: 3.5}
_NO_NOTES = np.tile(np.array([0, START, 0, 0, 0]), (HINTS, 1))
_MAJOR_TRIAD, _MINOR_TRIAD = (0, 4, 7), (9, 0, 4)  # pieces are written in C major or A minor


class Writing:
    """One piece being written; `write` gives its event fields, (notes, 5).

    Parameters
    ----------
    tables : Tables, of the network
    request : Request
    plan : Plan
    mix : np.ndarray of float32, shape (5,)
    controls : Controls, of which notes and temperature count here; the request has the others
    top_p : share of the probability that each field is sampled from
    guidance : 1 is the network's own conditional distribution, more sharpens the genre (Ho & Salimans, "Classifier-free
        diffusion guidance", 2022, on logits)
    random : np.random.Generator
    """

    def __init__(self, tables: Tables, request: Request, plan: Plan, mix: np.ndarray, controls: Controls, *,
                 top_p: float, guidance: float, random: np.random.Generator):
        self._request, self._plan, self._total, self._random = request, plan, controls.notes, random
        self._guidance = guidance
        self._temperature = TemperatureLogitsWarper(controls.temperature)
        self._top_p = {name: TopPLogitsWarper(top_p * _NARROWER.get(name, 1.0)) for name in SIZES}
        rows = 1 if guidance == 1 else 2
        # The second row is not told the genre: guidance leads away from it.
        known = np.stack([np.append(request.families, True)] * rows).astype(np.float32)
        mixes = np.stack([mix, np.zeros_like(mix)])[:rows].astype(np.float32)
        buckets = condition_buckets(request.tempo, request.density, request.minor, request.bar)
        self._stepper = Stepper(
            tables, torch.from_numpy(buckets).expand(rows, -1), torch.from_numpy(mixes),
            torch.from_numpy(known))
        self._families, self._recent = request.families, np.zeros(len(FAMILIES))
        self._fields, self._onsets, self._keys = [], [], []
        self._lines = [[] for _ in range(len(FAMILIES))]  # indices of the notes of each family
        self._recalled, self._pull = None, 0.0
        # The pitches written, drums left out, and how many.
        self._tuned, self._tunes = torch.zeros(1, self._total, dtype=torch.long), 0
        self._pitch_share, self._endless = PitchShare(), EndlessBar(request.bar)
        self._finale = self._finale_families()
        self._top_family = int(np.flatnonzero(request.families)[-1])
        # Pitches that stay on the keyboard once the piece is moved to its own key.
        self._low, self._high = max(0, request.shift), min(PITCHES - 1, PITCHES - 1 + request.shift)

    def write(self, progress: Callable[[int, int], None] | None = None) -> np.ndarray:
        """The fields of all notes; `progress(written, total)` is called every 16 notes and may raise to stop."""
        with torch.inference_mode(), one_thread():
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
        """The notes that come next in bar `source`, seen from the last note, in bar `here`: `network_input.place_hints`."""
        notes = _NO_NOTES.copy()
        if source < 0:
            return notes
        bar, index = self._request.bar, len(self._fields)
        pointer = bisect.bisect_right(self._keys, self._keys[-1] - note_key((here - source) * bar, 0, 0))
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
        left = self._total - index
        closing = left <= len(self._finale)
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
            allowed = self._final(name, fields, left) if closing else self._allowed(name, fields, last)
            if allowed is not None:
                mixed = mixed.masked_fill(~torch.from_numpy(allowed), float("-inf"))
            if name == "pitch" and not closing:
                mixed = self._guarded(mixed, fields)
            warmed = self._temperature(None, mixed[None])
            chances = self._top_p[name](None, warmed)[0].softmax(0).double().numpy()
            edge = self._random.random() * chances.sum()
            fields.append(min(int(np.searchsorted(np.cumsum(chances), edge, side="right")), len(chances) - 1))
        return fields

    def _guarded(self, logits: torch.Tensor, fields: list[int]) -> torch.Tensor:
        """The logits of a pitch, (pitches,), without those that would let the piece get stuck."""
        onset = (self._onsets[-1] if self._onsets else 0) + fields[0]
        logits = self._endless(torch.tensor([[onset, fields[1]]]), logits[None])
        if fields[1] != DRUM_FAMILY:
            logits = self._pitch_share(self._tuned[:, :self._tunes], logits)
        return logits[0]

    def _balance(self) -> np.ndarray:
        """What is added to the logits of the families: more for those that played less than their share of late.

        A writer that hears mostly itself drifts to whichever instrument it wrote most; this keeps the ensemble together.
        """
        target = self._request.shares + 0.01
        lately = (self._recent + 8 * target) / (self._recent.sum() + 8 * target.sum())
        return (_BALANCE * np.clip(np.log(target / lately), -2, 2)).astype(np.float32)

    def _allowed(self, name: str, fields: list[int], last: list[int] | None) -> np.ndarray | None:
        """What the next field may be: np.ndarray of bool, shape (size,), or None for anything.

        Notes of one onset come by family, then pitch, so none can sound twice. Only the instruments asked for play.
        """
        if name == "step":
            if last is None:
                return np.arange(SIZES[name]) < self._request.bar
            allowed = np.ones(SIZES[name], bool)
            allowed[0] = last[1] != self._top_family or last[2] < self._highest(last[1])
            return allowed
        together = last is not None and fields[0] == 0
        if name == "family":
            allowed = self._families.copy()
            if together:
                allowed &= np.arange(len(FAMILIES)) >= last[1] + (last[2] >= self._highest(last[1]))
            return allowed
        if name == "pitch":
            allowed = np.ones(SIZES[name], bool)
            if fields[1] != DRUM_FAMILY:
                allowed[:self._low] = allowed[self._high + 1:] = False
            if together and fields[1] == last[1]:
                allowed[:last[2] + 1] = False
            return allowed
        return None

    def _final(self, name: str, fields: list[int], left: int) -> np.ndarray | None:
        """The same for the last `left` notes: one chord on the tonic at the start of a bar, held, where each family is."""
        if name == "step":
            gap = (-self._onsets[-1]) % self._request.bar or self._request.bar
            return np.arange(SIZES[name]) == (min(gap, MAX_STEP) if left == len(self._finale) else 0)
        if name == "family":
            return np.arange(len(FAMILIES)) == self._finale[-left]
        if name == "pitch":
            family, pitch = fields[1], np.arange(PITCHES)
            triad = _MINOR_TRIAD if self._request.minor else _MAJOR_TRIAD
            same = [other for other in self._finale[-left:] if other == family]
            lowest = self._low
            if left < len(self._finale) and self._fields[-1][1] == family:
                lowest = self._fields[-1][2] + 1
            # Chord tones are at most five semitones apart: this leaves room above for those still to come.
            chord = np.isin(pitch % 12, triad) & (pitch >= lowest) & (pitch <= self._high - 5 * (len(same) - 1))
            rooted = chord & (pitch % 12 == triad[0]) if family == BASS or left == 1 else chord
            heard = [self._fields[index][2] for index in self._lines[family][-8:]]
            near = rooted & (np.abs(pitch - np.median(heard)) <= 9) if heard else rooted
            return next(choice for choice in (near, rooted, chord) if choice.any())
        # Held, but nobody waits for it to end: one bar, two at most.
        bar = self._request.bar
        return (bar <= DURATIONS) & (2 * bar >= DURATIONS) if name == "duration" else None

    def _highest(self, family: int) -> int:
        return PITCHES - 1 if family == DRUM_FAMILY else self._high

    def _finale_families(self) -> list[int]:
        """Who plays the closing chord, a family a note, in the order of writing: three to six of those that play most."""
        shares = self._request.shares[:DRUM_FAMILY]
        playing = [family for family in range(DRUM_FAMILY) if shares[family] > 0]
        # Woodblocks and noises close nothing, unless they are alone.
        playing = [family for family in playing if family < PERCUSSIVE] or playing
        most = sorted(playing, key=lambda family: -shares[family])[:6]
        return sorted(most + most[:1] * max(0, 3 - len(most))) if most else []

    def _line(self, fields: list[int]) -> np.ndarray:
        """The last two notes of the family just chosen, as `network_input.voices` has them."""
        line = np.array([[TONES, 0, 0, 0], [TONES, 0, 0, 0]])
        onset = (self._onsets[-1] if self._onsets else 0) + fields[0]
        for back, index in enumerate(reversed(self._lines[fields[1]][-2:])):
            note = self._fields[index]
            line[back] = (tone(note[2], note[1]), note[3], note[4], min(onset - self._onsets[index], MAX_STEP))
        return line

    def _append(self, fields: list[int]) -> None:
        onset = (self._onsets[-1] if self._onsets else 0) + fields[0]
        self._lines[fields[1]].append(len(self._fields))
        self._recent[fields[1]] += 1
        if len(self._fields) >= _RECENT:
            self._recent[self._fields[-_RECENT][1]] -= 1
        if fields[1] != DRUM_FAMILY:
            self._tuned[0, self._tunes] = fields[2]
            self._tunes += 1
        self._endless.add(onset, fields[1], fields[2])
        self._fields.append(fields)
        self._onsets.append(onset)
        self._keys.append(note_key(onset, fields[1], fields[2]))
