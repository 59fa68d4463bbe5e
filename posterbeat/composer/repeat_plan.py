"""The plan of a piece: which bar is new and which recalls an earlier one."""

from dataclasses import dataclass

import numpy as np

from posterbeat.composer.network_input import PLAN_LITERAL, PLAN_NEW, PLAN_RECALL

# Sections by letter; a letter that comes again recalls its first appearance.
_FORMS = ("ABAC", "AABA", "ABAB", "AABB", "ABCA", "AABC")


@dataclass(frozen=True)
class Plan:
    """What each bar recalls.

    source : np.ndarray of int32, shape (bars,), index of the earlier bar that it recalls, or -1
    kind : np.ndarray of int64, shape (bars,), a kind of hint: new, recalled, recalled almost literally
    section : str, the letters of the sections, for people to read
    section_bars : int, bars a section
    """

    source: np.ndarray
    kind: np.ndarray
    section: str
    section_bars: int


def plan_form(random: np.random.Generator, bars: int) -> Plan:
    """A plan for a piece of about `bars` bars; it goes on for half as many more, should the piece run longer.

    Sections are of four bars, of eight in longer pieces. Inside a new section the second half often answers the first.
    A section that returns ends anew now and then, so that it leads somewhere else.
    """
    section_bars = 4 if bars < 28 else 8
    count = max(2, -(-bars * 3 // 2 // section_bars) + 1)
    form = _FORMS[random.integers(len(_FORMS))]
    letters = [form[i % 4] for i in range(count)]
    # From the second round on one contrasting section is new, so that a long piece goes on unfolding.
    for i in range(5, count, 4):
        letters[i] = chr(ord("D") + (i // 4 - 1) % 20)
    total = count * section_bars
    source, kind = np.full(total, -1, np.int32), np.full(total, PLAN_NEW, np.int64)
    first = {}
    for number, letter in enumerate(letters):
        begin = number * section_bars
        for inside in range(section_bars):
            bar = begin + inside
            if letter in first:
                if inside == section_bars - 1 and random.random() < 0.4:
                    continue
                source[bar] = first[letter] + inside
                kind[bar] = PLAN_LITERAL if random.random() < 0.6 else PLAN_RECALL
            elif inside >= section_bars // 2 and random.random() < 0.45:
                source[bar] = bar - section_bars // 2
                kind[bar] = PLAN_RECALL if random.random() < 0.6 else PLAN_LITERAL
            elif inside >= 1 and random.random() < 0.12:
                source[bar], kind[bar] = bar - 1, PLAN_RECALL
        first.setdefault(letter, begin)
    return Plan(source, kind, "".join(letters), section_bars)
