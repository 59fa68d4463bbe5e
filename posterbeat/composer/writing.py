"""Writes the notes of a plan: copies what the plan copies, and samples the rest cell by cell."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from posterbeat.chords import Chord
from posterbeat.composer.brief import Brief
from posterbeat.composer.character import Character
from posterbeat.composer.hints import Surroundings, keys
from posterbeat.composer.nucleus import draw
from posterbeat.composer.parts import MOST_PLACES, Arrangement
from posterbeat.composer.pitch_shares import PitchShares
from posterbeat.composer.plan import LITERAL, MOST_COUNTED, SILENT, Plan
from posterbeat.composer.plan_features import about_classes, bar_columns, chord_features, part_columns
from posterbeat.composer.reader import PlanBatch
from posterbeat.composer.writer import BEGIN, NO_NOTE
from posterbeat.composer.writer_step import WriterStep, WriterTables
from posterbeat.instruments import DRUM_FAMILY, PITCHES
from posterbeat.music.events import DURATIONS

_CLASSES = np.arange(PITCHES) % 12
_HEARD = 8  # bars of what stays that the writer hears before it goes on


@dataclass(frozen=True)
class Sampling:
    """How notes are drawn. temperature : of all fields; place, pitch, length, loudness : `top_p` of each (chosen on `val`).

    bass : how much likelier, in logarithm, the lowest part plays the bass of the chord than it was
    genre, chords : how far the logits are led away from those of a writer that is not told the genre, or the chords;
    1 not at all (Ho & Salimans, "Classifier-free diffusion guidance", 2022, on logits)
    """

    temperature: float = 1.0
    place: float = 0.95
    pitch: float = 0.90
    length: float = 0.95
    loudness: float = 0.98
    bass: float = 0.0
    genre: float = 1.5
    chords: float = 1.25


@dataclass(frozen=True, eq=False)
class Stays:
    """Cells that are there already.

    piece : Arrangement; free : np.ndarray of bool, shape (its bars, parts), which of its cells are written anew all the same
    """

    piece: Arrangement
    free: np.ndarray

    def cells(self, bar: int, parts: int) -> np.ndarray:
        """Which cells of a bar stay: np.ndarray of bool, shape (parts,)."""
        return ~self.free[bar] if bar < len(self.free) else np.zeros(parts, bool)

    def is_near(self, bar: int) -> bool:
        """Whether a bar is among those that are written anew, or shortly before: the writer then hears what stays in it."""
        anew = np.append(np.flatnonzero(self.free.any(1)), len(self.free))  # more may be written after the last bar
        return bool(((anew >= bar) & (anew <= bar + _HEARD)).any())


class Writing:
    """One piece being written.

    Parameters
    ----------
    tables : WriterTables
    brief, plan : what it is to be
    mix : np.ndarray of float32, shape (5,)
    sampling : Sampling
    random : np.random.Generator
    closing : whether the last bar is a closing chord: its notes begin the bar, on the chord, and last
    stays : Stays or None, what of the piece is there already
    """

    def __init__(self, tables: WriterTables, brief: Brief, plan: Plan, mix: np.ndarray, sampling: Sampling,
                 random: np.random.Generator, *, closing: bool = True, stays: Stays | None = None):
        self._brief, self._plan, self._sampling, self._random, self._closing = brief, plan, sampling, random, closing
        self._variants = [(True, True), *([(False, True)] if sampling.genre != 1 else []),
                          *([(True, False)] if sampling.chords != 1 else [])]  # told the genre, told the chords
        self._stays = stays
        self._read = self._read_plan(tables, mix)
        self._step = WriterStep(tables, len(self._variants))
        parts = len(brief.parts)
        self._families = [part.family for part in brief.parts]
        self._shares = PitchShares(plan, np.array(self._families) == DRUM_FAMILY)
        self._cells: list[np.ndarray] = [np.zeros((0, 4), np.int64)] * (plan.bars * parts)
        self._character = Character.drawn(parts, random) if stays is None else Character.neutral(parts)
        self._around = Surroundings(plan.bars, brief.bar)
        self._lines: list[list[list[int]]] = [[] for _ in range(parts)]  # the last two notes of each part, drums from 128 up
        self._before = NO_NOTE  # the note written last, of any part
        self._last = [-1] * parts
        told = np.array([chords for _, chords in self._variants], np.float32)[:, None, None, None]
        self._chords = chord_features(plan)[None] * told  # (rows, bars, 2, 36)
        # Pitches that stay on the keyboard once the piece is moved to its own key.
        self._low, self._high = max(0, brief.shift), PITCHES - 1 + min(0, brief.shift)

    def write(self, progress: Callable[[int, int], None] | None = None,
              on_bar: Callable[[Arrangement, int], None] | None = None) -> Arrangement:
        """All notes; `progress(written, total)` is called after every bar and may raise to stop.

        So is `on_bar(piece, bar)`, with what is written so far and the number of the bar, from 0.
        """
        plan, parts = self._plan, len(self._families)
        total, written = int(plan.cells[..., 2].sum()), 0
        with torch.inference_mode():
            for bar in range(plan.bars):
                kinds, stays = plan.kind[bar], np.zeros(parts, bool) if self._stays is None else self._stays.cells(bar, parts)
                for part in np.flatnonzero((kinds == LITERAL) | stays):
                    source = (bar - int(plan.back[bar, part])) * parts + part
                    known = self._stays.piece.cell(bar, part).astype(np.int64) if stays[part] else self._cells[source]
                    self._finish(bar, int(part), known)
                    if kinds[part] != LITERAL:
                        self._shares.add(bar, int(part), known[:, 1])
                for part in np.flatnonzero(kinds != SILENT).tolist():
                    if not stays[part] and kinds[part] != LITERAL:
                        self._write_cell(bar, part)
                    elif stays[part] and kinds[part] != LITERAL and self._stays.is_near(bar):
                        self._write_cell(bar, part, self._cells[bar * parts + part])
                    self._remember(bar, part)
                written += int(plan.cells[bar, :, 2].sum())
                if progress is not None:
                    progress(written, total)
                if on_bar is not None:
                    on_bar(self._piece(), bar)
        return self._piece()

    def _piece(self) -> Arrangement:
        """What is written so far."""
        sizes = [len(cell) for cell in self._cells]
        notes = np.concatenate(self._cells).astype(np.uint8)
        return Arrangement(self._brief.parts, self._brief.bar, np.cumsum([0, *sizes]), notes)

    def _read_plan(self, tables: WriterTables, mix: np.ndarray) -> np.ndarray:
        """What the reader says of each cell: np.ndarray of float32, shape (rows, parts, bars, read)."""
        plan, brief, rows = self._plan, self._brief, len(self._variants)
        parts, columns = len(brief.parts), part_columns(brief.parts)
        about = about_classes(brief.tempo, brief.minor, brief.bar, brief.density)
        told = np.array(self._variants, np.float32)
        with torch.inference_mode():
            read = tables.reader(PlanBatch(
                cells=torch.from_numpy(plan.cells.astype(np.int64).transpose(1, 0, 2).copy()).repeat(rows, 1, 1),
                parts=torch.from_numpy(columns).repeat(rows, 1), owner=torch.arange(rows).repeat_interleave(parts),
                chords=torch.from_numpy(chord_features(plan)[None] * told[:, 1, None, None, None]),
                bars=torch.from_numpy(bar_columns(plan.copy, 0, plan.bars)).expand(rows, -1, -1),
                real=torch.ones(rows, plan.bars), about=torch.from_numpy(about).expand(rows, -1),
                mix=torch.from_numpy(mix[None] * told[:, :1])))
        return read.view(rows, parts, plan.bars, -1).float().numpy()

    def _finish(self, bar: int, part: int, notes: np.ndarray) -> None:
        self._cells[bar * len(self._families) + part] = notes
        self._around.add(bar, self._families[part], notes)

    def _remember(self, bar: int, part: int) -> None:
        number = bar * len(self._families) + part
        tall = PITCHES * (self._families[part] == DRUM_FAMILY)
        self._lines[part] = [*self._lines[part], *([a, b + tall, c, d] for a, b, c, d in self._cells[number][-2:].tolist())][-2:]
        self._last[part] = number

    def _of_reader(self, number: int) -> np.ndarray:
        if number < 0:
            return np.zeros((len(self._variants), self._read.shape[-1]), np.float32)
        bar, part = divmod(number, len(self._families))
        return self._read[:, part, bar]

    def _write_cell(self, bar: int, part: int, known: np.ndarray | None = None) -> None:
        """Write a cell; one that is `known` is only taken in, so that what follows goes on from it."""
        plan, parts, step = self._plan, len(self._families), self._step
        drums = self._families[part] == DRUM_FAMILY
        tall, self._tuneless = PITCHES * drums, drums
        number, back = bar * parts + part, int(plan.back[bar, part])
        sources = (self._last[part], number - back * parts if back else -1)
        theirs = [self._cells[source] if source >= 0 else np.zeros((0, 4), np.int64) for source in sources]
        their_keys = [keys(notes) for notes in theirs]
        view = self._around.view(bar)
        onsets = np.zeros((4, MOST_PLACES), np.float32)
        onsets[:2] = view.others
        for row, notes in enumerate(theirs):
            onsets[2 + row, notes[:, 0]] = 1
        step.begin_cell(self._of_reader(number), *(self._of_reader(source) for source in sources), onsets, drums)
        count = int(plan.cells[bar, part, 2]) if known is None else len(known)
        lowest = part == next((one for one in np.flatnonzero(plan.kind[bar]) if self._families[one] != DRUM_FAMILY), None)
        closing = self._closing and bar == plan.bars - 1 and not drums
        written: list[list[int]] = []
        line, reached = list(self._lines[part]), -1
        for index in range(count):
            left = count - index
            recent = [*reversed(line[-2:]), NO_NOTE, NO_NOTE][:2]
            following = [_note(notes, int(np.searchsorted(known, reached, side="right")) if reached >= 0 else 0, tall)
                         for notes, known in zip(theirs, their_keys)]
            previous = self._before if index else [BEGIN, *self._before[1:]]
            step.advance(previous, [*following, recent[0]], min(left, MOST_COUNTED + 1))
            if known is not None:
                place, pitch, length, loudness = known[index].tolist()
                reached, self._before = place * PITCHES + pitch, [place, pitch + tall, length, loudness]
                line.append(self._before)
                continue
            last = written[-1] if written else None
            place = self._draw(step.place() + self._character.places(), "place", self._places(last, left, closing))
            matching = [_note(notes, int(np.searchsorted(known, max(place * PITCHES, reached + 1))), tall)
                        for notes, known in zip(theirs, their_keys)]
            half = int(place * 2 >= self._brief.bar)
            now = self._chords[:, bar, half]
            next_half = min(2 * bar + half + 1, 2 * plan.bars - 1)
            after = self._chords[:, next_half // 2, next_half % 2]
            seen = [matching[0][1], matching[1][1], recent[0][1], recent[1][1]]
            pitches = step.pitch(place, seen, np.concatenate([now, after], 1), view.sounding[place], int(view.lowest[place]))
            if lowest:  # the last twelve of a chord's features are its bass
                pitches = pitches + self._sampling.bass * np.tile(self._chords[0, bar, half, -12:], 11)[:PITCHES]
            if not drums and line and (last is None or last[0] != place):
                pitches = pitches + self._character.pitches(part, line)
            allowed = self._pitches(last, place, left, drums, bar if closing else None, part)
            rarer = allowed & self._shares.open(bar, part)
            pitch = self._draw(pitches, "pitch", rarer if rarer.any() else allowed)
            self._shares.add(bar, part, pitch)
            length = self._draw(step.length(place, pitch + tall, [matching[0][2], matching[1][2], recent[0][2]]), "length",
                                self._lengths() if closing else None)
            loudness = self._draw(
                step.loudness(place, pitch + tall, length, [matching[0][3], matching[1][3], recent[0][3]])
                + self._character.loudnesses(place), "loudness")
            reached = place * PITCHES + pitch
            written.append([place, pitch, length, loudness])
            self._before = [place, pitch + tall, length, loudness]
            line.append(self._before)
        if known is None:
            self._finish(bar, part, np.array(written, np.int64).reshape(-1, 4))

    def _draw(self, logits: np.ndarray, name: str, allowed: np.ndarray | None = None) -> int:
        mixed, row = logits[0], 1
        by_class = name == "pitch" and not self._tuneless
        for strength in (self._sampling.genre, self._sampling.chords):
            if strength != 1:
                mixed = mixed + (strength - 1) * (_by_class(logits[0], logits[row]) if by_class else logits[0] - logits[row])
                row += 1
        return draw(mixed, self._random, temperature=self._sampling.temperature, top_p=getattr(self._sampling, name),
                    allowed=allowed)

    def _places(self, last: list[int] | None, left: int, closing: bool) -> np.ndarray:
        """Where the next note may begin: notes of a cell come in order, and those that are left need room."""
        places = np.arange(MOST_PLACES)
        if closing:
            return places == 0
        allowed = places < self._brief.bar
        if last is not None:
            allowed &= places >= last[0] + (last[1] + left > self._high)
        return allowed if allowed.any() else places == (last[0] if last else 0)

    def _pitches(self, last: list[int] | None, place: int, left: int, drums: bool, closing_bar: int | None,
                 part: int) -> np.ndarray:
        """Which pitches may come: above the one before at the same place, on the keyboard, in the chord of a close."""
        pitches = np.arange(PITCHES)
        above = last[1] if last is not None and last[0] == place else -1
        if drums:
            return (pitches > above) & (pitches <= PITCHES - left)
        allowed = (pitches > above) & (pitches >= self._low) & (pitches <= self._high)
        if closing_bar is None:
            roomy = allowed & (pitches <= self._high + 1 - left)
            return roomy if roomy.any() else allowed
        chord = Chord.numbered(int(self._plan.chord[closing_bar, 0]))
        lowest = part == min(np.flatnonzero(self._plan.cells[closing_bar, :, 2]))
        tones = chord.tones[:1] if lowest and last is None else chord.tones
        usual = 4 * self._brief.parts[part].register
        fit = allowed & np.isin(pitches % 12, tones) & (pitches <= self._high - 5 * (left - 1))
        near = fit & (np.abs(pitches - usual) <= 12)
        return next(choice for choice in (near, fit, allowed) if choice.any())

    def _lengths(self) -> np.ndarray:
        """A closing chord is held: one bar, two at most."""
        bar = self._brief.bar
        return (bar <= DURATIONS) & (2 * bar >= DURATIONS)


def _by_class(told: np.ndarray, untold: np.ndarray) -> np.ndarray:
    """How much likelier, in logarithm, each pitch's class is to the told writer: shape (128,).

    Guidance by pitch classes leaves the register alone: led by single pitches, lines would leap to wherever a tone of the
    chord is likelier than it was.
    """
    sums = []
    for logits in (told, untold):
        chances = np.exp(logits - logits.max())
        classes = np.bincount(_CLASSES, weights=chances, minlength=12)
        sums.append(np.log(classes / classes.sum() + 1e-6))
    return (sums[0] - sums[1])[_CLASSES]


def _note(notes: np.ndarray, index: int, tall: int) -> list[int]:
    """A note of a source cell, drums from 128 up; nothing past its end."""
    if index >= len(notes):
        return NO_NOTE
    place, pitch, length, loudness = notes[index].tolist()
    return [place, pitch + tall, length, loudness]
