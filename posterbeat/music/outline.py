"""Outline: a piece's plan as a musician reads it: sections, chord names, who plays what, what comes again."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

SIGNS = {"silent": "·", "new": "N", "varied": "v", "near": "=", "literal": "="}  # of a cell, a part in a bar


@dataclass(frozen=True)
class Section:
    """name : A, B and so on, with a prime where it comes back changed; first, last : bars, counted from 1, both ends in."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Outline:
    """What was decided before the first note, in the piece's own key.

    Attributes
    ----------
    parts : names of the parts, drums first, then from low to high, as `Score.part` numbers them
    chords : for each bar the names of its chords, one, or two that share it
    cells : for each bar and part "silent", "new", "varied", "near" (nearly a repeat) or "literal"
    recalls : for each bar and part which bar it varies or repeats, counted from 1; 0 for none
    sections : tuple of Section, without a gap
    programs : of the parts, 0 to 127 or `DRUMS`; () where they are not known, as with `levels`
    levels : for each bar and part its notes, their mean pitch // 4, and how loud they are, 0 to 7
    """

    parts: tuple[str, ...]
    chords: tuple[tuple[str, ...], ...]
    cells: tuple[tuple[str, ...], ...]
    recalls: tuple[tuple[int, ...], ...]
    sections: tuple[Section, ...]
    programs: tuple[int, ...] = ()
    levels: tuple[tuple[tuple[int, int, int], ...], ...] = ()

    @property
    def bars(self) -> int:
        """How many bars the piece has."""
        return len(self.chords)

    def first_bars(self, bars: int) -> Outline:
        """The plan of its beginning."""
        sections = tuple(replace(one, last=min(one.last, bars)) for one in self.sections if one.first <= bars)
        return replace(self, sections=sections, **{name: getattr(self, name)[:bars] for name in
                                                   ("chords", "cells", "recalls", "levels")})

    def marks(self, bar: int) -> tuple[tuple[int, str, str], ...]:
        """Where what begins: onsets in twelfths of a beat, "section" or "chord", and the name; `bar` is a bar's length.

        A chord is told where it changes.
        """
        found = [((one.first - 1) * bar, "section", one.name) for one in self.sections]
        before = None
        for number, names in enumerate(self.chords):
            for place, name in enumerate(names):
                if name != before:
                    found.append((number * bar + place * bar // len(names), "chord", name))
                before = name
        return tuple(sorted(found, key=lambda mark: (mark[0], mark[1] != "section")))

    def as_dict(self) -> dict[str, Any]:
        """As lists, numbers and texts alone, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Outline:
        """What `as_dict` gave."""
        rows = {name: tuple(map(tuple, told[name])) for name in ("chords", "cells", "recalls")}
        levels = tuple(tuple(map(tuple, row)) for row in told["levels"])
        return cls(tuple(told["parts"]), **rows, sections=tuple(Section(**one) for one in told["sections"]),
                   programs=tuple(told["programs"]), levels=levels)

    def __str__(self) -> str:
        """A line a section with its chords, then a line a part with a sign a bar: · silent, N new, v varied, = repeated."""
        lines = []
        for one in self.sections:
            bars = " | ".join(" ".join(names) for names in self.chords[one.first - 1:one.last])
            lines.append(f"{one.name}, bars {one.first}-{one.last}: {bars}")
        widest = max(map(len, self.parts))
        for part, name in enumerate(self.parts):
            lines.append(f"{name:{widest}}  {''.join(SIGNS[row[part]] for row in self.cells)}")
        return "\n".join(lines)
