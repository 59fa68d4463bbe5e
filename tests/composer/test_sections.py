"""Sections are read off a plan as a musician would read them."""

import numpy as np

from posterbeat.chords import Chord
from posterbeat.composer.brief import Brief
from posterbeat.composer.parts import Part
from posterbeat.composer.plan import LITERAL, NEW, SILENT, VARIED, Plan
from posterbeat.composer.sections import outline, sections
from posterbeat.music.outline import Section

PARTS = (Part(16, 128, 0, 1, 4, 5), Part(5, 40, 16, 0, 4, 5), Part(5, 40, 18, 0, 4, 5))


def planned(*phrases: str) -> Plan:
    """Phrases of four bars, and a close: a letter plays something new at first and then the same; "b'" varies one part of it."""
    first: dict[str, int] = {}
    bars = 4 * len(phrases) + 1
    cells = np.zeros((bars, 3, 5), np.uint8)
    for number, phrase in enumerate(phrases):
        begin = first.setdefault(phrase[0], 4 * number)
        for bar in range(4):
            back = 4 * number - begin
            kinds = np.full(3, LITERAL if back else NEW)
            if back and phrase.endswith("'"):
                kinds[0] = VARIED
            cells[4 * number + bar, :, 0], cells[4 * number + bar, :, 1] = kinds, back
            cells[4 * number + bar, :, 2] = 4
    cells[-1, 1:, 0], cells[-1, 1:, 2] = NEW, 1
    chord = np.tile(np.array([[Chord(0, "").number[0], Chord(9, "m").number[0]]], np.uint8), (bars, 1))
    return Plan(np.zeros(bars, np.uint8), chord, np.zeros((bars, 2), np.uint8), cells)


def test_what_comes_again_has_its_letter_and_what_changed_a_prime():
    assert sections(planned("a", "b", "a", "b'", "c")) == (
        Section("A", 1, 4), Section("B", 5, 8), Section("A", 9, 12), Section("B'", 13, 16), Section("C", 17, 20),
        Section("close", 21, 21))


def test_neighbours_of_one_name_are_one_section():
    assert sections(planned("a", "a", "b")) == (Section("A", 1, 8), Section("B", 9, 12), Section("close", 13, 13))


def test_there_are_more_letters_than_the_alphabet_has():
    names = [one.name for one in sections(planned(*(chr(200 + number) for number in range(28))))]
    assert names[25:28] == ["Z", "A2", "B2"]


def test_an_outline_is_in_the_pieces_own_key_and_names_its_parts_once():
    told = outline(planned("a", "a"), Brief(tempo=100, density=4, minor=False, bar=48, shift=-2, parts=PARTS))
    assert told.parts == ("Drum kit", "Violin", "Violin 2")
    assert told.chords[0] == ("D", "Bm")  # two semitones above the common key
    assert told.cells[0] == ("new",) * 3 and told.cells[4] == ("literal",) * 3 and told.cells[8][0] == "silent"
    assert told.recalls[4] == (1, 1, 1) and told.recalls[0] == (0, 0, 0)
    assert outline(planned("a"), Brief(100, 4, False, 36, 0, PARTS)).chords[0] == ("C",)  # one a bar in triple time


def test_silence_is_nothing_to_recognise():
    plan = planned("a", "b")
    plan.cells[:8] = SILENT
    assert [one.name for one in sections(plan)] == ["A", "B", "close"]
