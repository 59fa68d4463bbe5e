"""Draws a plan: bar by bar, part by part, until the piece has its notes, and closes it."""

from collections.abc import Callable

import numpy as np

from posterbeat.composer.asked import TONIC, Asked
from posterbeat.composer.brief import Brief
from posterbeat.composer.nucleus import draw
from posterbeat.composer.plan import LITERAL, MOST_BACK, MOST_COUNTED, NEAR, NEW, SILENT, VARIED, Plan
from posterbeat.composer.plan_features import about_classes, bar_columns, part_columns
from posterbeat.composer.plan_sketch import PlanSketch
from posterbeat.composer.planner import CELL_FIELDS, SEEN_SIZES, seen_of_part
from posterbeat.composer.planner_step import PlannerStep, PlannerTables
from posterbeat.instruments import DRUM_FAMILY
from posterbeat.music.harmony import slots_in_bar

_TOP_P = {"copy": 0.98, "chord": 1.0, "bass": 0.95, "chord_2": 1.0, "bass_2": 0.95, "kind": 0.98, "back": 0.95, "count": 0.95,
          "register": 0.95, "loudness": 0.95}  # chosen on `val`
# Added to the logits: what was drawn by chance in the bars before makes the network less sure that they come again than real
# bars do, and fewer would. Chosen on `val`, so that drawn plans repeat as much as real ones.
_KIND_LEANING = np.array([0.3, 0.0, 0.1, 0.2, 0.3])  # by kind of cell
_COPY_LEANING = 0.25
_NEARBY, _FAR, _OPENING = -0.3, 0.7, 1.3  # to repeat from one to three bars back; from eight or more; one of the first two bars
_AGAIN = 0.7  # more where chords are asked for: fewer bars may be recalled then, those over the same chords, and less would be
_COOLER = 0.95  # than the temperature that is asked for
_PLAYERS = 6  # notes of the closing chord at most
_QUIET = 2  # bars in which nobody plays, at most, on end
_ENTER = 8  # bars by which everyone has played, where everyone has to
_ON_END = 8  # times that a bar is heard on end, at most


class PlanDrawing:
    """One plan being drawn.

    Parameters
    ----------
    tables : PlannerTables
    brief : Brief
    mix : np.ndarray of float32, shape (5,)
    asked : Asked, what it has to keep to: how long it is, over which chords, what of it is there already
    guidance : 1 is what was learned, more follows the genre more closely
    temperature : of the drawing
    random : np.random.Generator
    """

    def __init__(self, tables: PlannerTables, brief: Brief, mix: np.ndarray, *, asked: Asked, guidance: float,
                 temperature: float, random: np.random.Generator):
        self._brief, self._random, self._temperature = brief, random, temperature * _COOLER
        self._asked, self._slots = asked, slots_in_bar(brief.bar)
        self._columns = part_columns(brief.parts)
        self._again = 0.0 if asked.round is None else _AGAIN
        self._drums = self._columns[:, 0] == DRUM_FAMILY
        about = about_classes(brief.tempo, brief.minor, brief.bar, brief.density)
        self._step = PlannerStep(tables, self._columns, about, mix, guidance)
        if asked.notes is not None:
            self._bars = max(4.0, asked.notes / max(brief.density * brief.bar / 12, 0.5))  # as far as can be told
        else:
            self._bars = asked.given.bars if asked.bars is None else asked.bars + 1
        self._sketch = PlanSketch(len(brief.parts))

    def draw(self, on_bar: Callable[[], None] = lambda: None) -> Plan:
        """The plan, its notes or bars as many as asked for, with a closing bar on the tonic; where neither is, the plan that is
        given with its free cells drawn anew. `on_bar` is called after each bar and may raise to stop."""
        if self._asked.notes is None and self._asked.bars is None:
            for bar in range(self._asked.given.bars):
                self._draw_bar(bar)
                on_bar()
            return self._sketch.plan(self._asked.given.bars)
        bar, closing = 0, self._closing_count()
        notes = self._asked.notes or self._asked.most
        while self._sketch.total < notes - closing if self._asked.bars is None else bar < self._asked.bars:
            self._draw_bar(bar)
            if self._asked.bars is not None and self._asked.copy(bar) is None:  # each bar that is to come may hold a note yet
                room = notes - closing - (self._asked.bars - 1 - bar) - (self._sketch.total - self._sketch.sums[-1])
                self._sketch.fit(bar, min(self._sketch.sums[-1], room))
            on_bar()
            bar += 1
        if self._asked.bars is None:
            self._sketch.fit(bar - 1, notes - closing - (self._sketch.total - self._sketch.sums[-1]))
        self._close(bar, closing)
        return self._sketch.plan(bar + 1)

    def _draw_bar(self, bar: int) -> None:
        """One bar; what of it stays is taken in all the same, since the planner goes on from it."""
        self._sketch.make_room(bar)
        total = self._bars
        if bar and self._asked.notes is not None:
            rate = (self._sketch.total + 4 * self._asked.notes / self._bars) / (bar + 4)
            total = bar + max(1.0, (self._asked.notes - self._sketch.total) / max(rate, 0.5))
        place = bar_columns(self._sketch.copy[bar - 1:bar] if bar else np.zeros(1), bar, int(round(total)))[0]
        seen = np.zeros(len(SEEN_SIZES), np.int64)
        seen[-4:] = place
        if bar:
            seen[:5] = self._sketch.cells[bar - 1, -1]
        harmony = [self._sketch.harmony(bar - 1), self._sketch.harmony(bar - 4), self._sketch.harmony(bar - 8)]
        out = self._step.advance(seen, harmony, "bar")
        back = self._asked.copy(bar)
        if back is None:
            back = self._field(out, "copy", {}, self._copies(bar),
                               (_COPY_LEANING + self._again) * (np.arange(MOST_BACK + 1) > 0) + _back_leaning(bar))
        self._sketch.copy[bar] = back
        if back:
            self._sketch.repeat(bar, bar - back)
        else:
            self._harmonise(bar, out)
            harmony = [self._sketch.harmony(bar), *harmony[1:]]
            for part in range(len(self._columns)):
                self._draw_cell(bar, part, place, harmony)
        self._sketch.end_bar(bar)

    def _copies(self, bar: int) -> np.ndarray:
        """Which bars may be repeated: all that hold something, over the chords that are asked for, and not one for ever."""
        allowed = np.zeros(MOST_BACK + 1, bool)
        allowed[0] = True
        rows = np.arange(bar - 1, max(-1, bar - MOST_BACK - 1), -1)
        if len(rows):
            allowed[1:len(rows) + 1] = (np.array(self._sketch.sums)[rows] > 0) & self._alike(bar, rows)
            if self._sketch.run >= _ON_END:
                allowed[1:len(rows) + 1] &= (self._sketch.ideas[rows] != self._sketch.ideas[bar - 1]).any(1)
        return allowed

    def _alike(self, bar: int, rows: np.ndarray) -> np.ndarray:
        """Which bars have the chords that are asked for in this one; all where none are."""
        if self._asked.round is None:
            return np.ones(len(rows), bool)
        wanted = self._asked.harmony(bar)
        return (self._sketch.chord[rows] == wanted[:, 0]).all(1) & (self._sketch.bass[rows] == wanted[:, 1]).all(1)

    def _harmonise(self, bar: int, out: np.ndarray) -> None:
        asked = self._asked.harmony(bar)
        if asked is not None:
            self._sketch.chord[bar], self._sketch.bass[bar] = asked[:, 0], asked[:, 1]
            return
        fields: dict[str, int] = {}
        for name in ("chord", "bass", "chord_2", "bass_2")[:2 * self._slots]:
            fields[name] = self._field(out, name, fields)
        self._sketch.chord[bar] = fields["chord"], fields.get("chord_2", fields["chord"])
        self._sketch.bass[bar] = fields["bass"], fields.get("bass_2", fields["bass"])

    def _draw_cell(self, bar: int, part: int, place: np.ndarray, harmony: list[np.ndarray]) -> None:
        seen = np.zeros(len(SEEN_SIZES), np.int64)
        if part:
            seen[:5] = self._sketch.cells[bar, part - 1]
        seen[5:-4] = _before_and_part(
            self._sketch.cells[:, part], self._sketch.contents[:, part], int(self._sketch.last[part]), bar, self._columns[part])
        seen[-4:] = place
        out = self._step.advance(seen, harmony, "cell")
        kept = self._asked.cell(bar, part)
        if kept is not None:
            self._sketch.put(bar, part, kept)
            return
        recallable = self._recallable(bar, part)
        kinds = np.array([not self._must_play(bar, part), True, *(rows.any() for rows in recallable.values())])
        fields = {"kind": self._field(out, "kind", {}, kinds, _KIND_LEANING + self._again * (np.arange(5) > NEW))}
        kind, back = fields["kind"], 0
        recalled = np.zeros(5, np.uint8)
        if kind > NEW:
            back = self._field(out, "back", fields, recallable[kind], _back_leaning(bar))
            recalled = self._sketch.cells[bar - back, part]
        if kind == LITERAL:
            self._sketch.put(bar, part, np.array([kind, back, *recalled[2:]]))
        elif kind != SILENT:
            fields |= {f"recalled_{name}": int(value) for name, value in zip(("count", "register", "loudness"), recalled[2:])}
            allowed = np.arange(CELL_FIELDS["count"]) <= MOST_COUNTED
            allowed[0] = False
            fields["count"] = self._field(out, "count", fields, allowed)
            known = np.arange(CELL_FIELDS["register"]) < 32
            if self._drums[part]:
                known[1:] = False
            fields["register"] = self._field(out, "register", fields, known)
            fields["loudness"] = self._field(out, "loudness", fields, np.arange(9) < 8)
            self._sketch.put(bar, part, np.array([kind, back, fields["count"], fields["register"], fields["loudness"]]))

    def _recallable(self, bar: int, part: int) -> dict[int, np.ndarray]:
        """How far back the cells lie that each kind of cell may recall: np.ndarray of bool, shape (MOST_BACK + 1,), by kind.

        A line that fits a chord that is asked for fits only that one. What is written anew repeats nothing that stays: it
        could become what it was.
        """
        rows = np.arange(bar - 1, max(-1, bar - MOST_BACK - 1), -1)
        sounding = self._sketch.cells[rows, part, 0] != SILENT
        if not self._drums[part]:
            sounding &= self._alike(bar, rows)
        allowed = np.zeros((2, MOST_BACK + 1), bool)
        allowed[:, 1:len(rows) + 1] = sounding
        if self._asked.free is not None and bar < len(self._asked.free):
            allowed[1, 1:len(rows) + 1] &= self._asked.free[rows, part]
        if self._must_differ(bar, part):
            allowed[:, 1:len(rows) + 1] &= self._sketch.ideas[rows, part] != self._sketch.ideas[bar - 1, part]
        return {VARIED: allowed[0], NEAR: allowed[1], LITERAL: allowed[1]}

    def _must_play(self, bar: int, part: int) -> bool:
        """Somebody has to play in the first bar, and after some bars of silence; everyone who is asked for, before long; where
        bars are written anew, whoever did; and who was silent in a bar that came too often."""
        given = self._asked.given
        if given is not None and bar < given.bars:
            return given.kind[bar, part] != SILENT
        if self._asked.everyone and self._sketch.last[part] < 0 and bar >= min(_ENTER, self._bars // 3):
            return True
        if self._must_differ(bar, part) and self._sketch.ideas[bar - 1, part] == 0:
            return True
        silent = len(self._columns) - 1 == part and not (self._sketch.cells[bar, :part, 0] != SILENT).any()
        return silent and (bar == 0 or not any(self._sketch.sums[-_QUIET:]))

    def _must_differ(self, bar: int, part: int) -> bool:
        """Whether without this part, the last, the bar would be what the bars before it are, once more than they may be."""
        return (self._sketch.run >= _ON_END and part == len(self._columns) - 1
                and (self._sketch.ideas[bar, :part] == self._sketch.ideas[bar - 1, :part]).all())

    def _field(self, out: np.ndarray, name: str, fields: dict[str, int], allowed: np.ndarray | None = None,
               leaning: np.ndarray | float = 0.0) -> int:
        return draw(self._step.logits(out, name, fields) + leaning, self._random, temperature=self._temperature,
                    top_p=_TOP_P[name], allowed=allowed)

    def _closing_count(self) -> int:
        if self._asked.everyone:  # who has not played before does so here, if need be
            return max(3, len(self._drums))
        return max(3, min(_PLAYERS, int((~self._drums).sum()))) if not self._drums.all() else 1

    def _close(self, bar: int, count: int) -> None:
        """The last bar: the tonic, played by those that played most."""
        self._sketch.make_room(bar)
        self._sketch.chord[bar], self._sketch.bass[bar] = TONIC[self._brief.minor].number
        self._sketch.copy[bar], self._sketch.cells[bar] = 0, 0
        played = (self._sketch.cells[:bar, :, 2].astype(int).sum(0) + 1) * ~self._drums
        if self._asked.everyone:
            played[self._sketch.last < 0] = played.max() + 1
        order = np.argsort(-played, kind="stable")[:max(1, int((played > 0).sum()))]
        if self._drums.all():
            order = np.zeros(1, int)
        for number in range(count):
            self._sketch.cells[bar, order[number % len(order)], 2] += 1
        for part in np.flatnonzero(self._sketch.cells[bar, :, 2]):
            heard = np.flatnonzero(self._sketch.cells[:bar, part, 0] != SILENT)
            like = self._sketch.cells[heard[-1], part] if len(heard) else np.array([0, 0, 0, 4 * self._columns[part, 1] // 4, 5])
            self._sketch.cells[bar, part] = (NEW, 0, self._sketch.cells[bar, part, 2], like[3], like[4])


def _back_leaning(bar: int) -> np.ndarray:
    """Leaning to each number of bars back: what people come back to lies further back than what the network draws."""
    back = np.arange(MOST_BACK + 1)
    leaning = np.select([back == 0, back < 4, back >= 8], [0.0, _NEARBY, _FAR])
    return leaning + _OPENING * ((back >= 8) & (back <= bar) & (back > bar - 2))


def _before_and_part(cells, contents, last, bar, part):
    last_cell, sounding, rest = np.split(np.array(seen_of_part(cells, contents, last, bar)), [5, 10])
    return [*last_cell, *sounding, *(part + 1), *rest]
