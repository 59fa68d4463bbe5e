"""What a musician reads off a plan: its sections, and all of it in names (`music.outline`)."""

import numpy as np

from posterbeat.chords import Chord
from posterbeat.composer.brief import Brief
from posterbeat.composer.plan import KINDS, LITERAL, NEAR, SILENT, VARIED, Plan
from posterbeat.instruments import numbered_names, program_name
from posterbeat.music.harmony import slots_in_bar
from posterbeat.music.outline import Outline, Section

_UNIT = 4  # bars of a phrase, of which sections are made
_SAME, _UNCHANGED = 0.5, 0.85  # share of a phrase that comes again: for the same letter, and for no prime


def outline(plan: Plan, brief: Brief) -> Outline:
    """A plan in names, in the brief's own key; its last bar is a close."""
    halves = slots_in_bar(brief.bar)
    chords = tuple(_names([Chord.numbered(*pair).transposed(-brief.shift).name for pair in zip(numbers[:halves], basses)])
                   for numbers, basses in zip(plan.chord.tolist(), plan.bass.tolist()))
    recalls = np.where(plan.back > 0, np.arange(1, plan.bars + 1)[:, None] - plan.back, 0)
    return Outline(
        parts=tuple(numbered_names([program_name(part.program) for part in brief.parts])), chords=chords,
        cells=tuple(tuple(KINDS[kind] for kind in row) for row in plan.kind.tolist()),
        recalls=tuple(map(tuple, recalls.tolist())), sections=sections(plan),
        programs=tuple(part.program for part in brief.parts),
        levels=tuple(tuple(map(tuple, row)) for row in plan.cells[..., 2:].tolist()))


def _names(chords: list[str]) -> tuple[str, ...]:
    return tuple(chords) if len(set(chords)) > 1 else (chords[0],)


def sections(plan: Plan) -> tuple[Section, ...]:
    """Phrases of four bars by what they share with an earlier one; neighbours of one name are one section, the last bar its own.

    A phrase of which half comes from another bears its letter, with a prime if less than most of it does.
    """
    content, body = _contents(plan), max(1, plan.bars - 1)
    found: list[Section] = []
    firsts: list[int] = []  # where the first phrase of each letter begins
    for begin in range(0, body, _UNIT):
        end = min(begin + _UNIT, body)
        alike = [_shared(content, plan.kind, first, begin, end) for first in firsts]
        nearest = int(np.argmax(alike)) if alike else 0
        if not alike or alike[nearest] < _SAME:
            firsts.append(begin)
            name = _letter(len(firsts) - 1)
        else:
            name = _letter(nearest) + "'" * (alike[nearest] < _UNCHANGED)
        if found and found[-1].name == name:
            found[-1] = Section(name, found[-1].first, end)
        else:
            found.append(Section(name, begin + 1, end))
    if plan.bars > body:
        found.append(Section("close", plan.bars, plan.bars))
    return tuple(found)


def _letter(number: int) -> str:
    turns, letter = divmod(number, 26)
    return chr(ord("A") + letter) + (str(turns + 1) if turns else "")


def _contents(plan: Plan) -> np.ndarray:
    """A number for what each cell plays, 0 for silence, alike where one repeats the other: shape (bars, parts)."""
    content = np.zeros(plan.kind.shape, np.int64)
    for bar, part in np.argwhere(plan.kind != SILENT):
        again = plan.kind[bar, part] in (NEAR, LITERAL)
        content[bar, part] = content[bar - plan.back[bar, part], part] if again else bar * plan.kind.shape[1] + part + 1
    return content


def _shared(content: np.ndarray, kind: np.ndarray, first: int, begin: int, end: int) -> float:
    """How much of the bars `begin` to `end` comes from those from `first` on: a share of all cells that play in either."""
    size = end - begin
    earlier, later = content[first:first + size], content[begin:end]
    playing = (earlier > 0) | (later > 0)
    worth = np.where(earlier == later, 1.0, np.where(kind[begin:end] == VARIED, 0.5, 0.0))
    return float((worth * playing).sum() / max(playing.sum(), 1))
