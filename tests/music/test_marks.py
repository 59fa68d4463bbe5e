"""Sections and chords of a plan: markers in MIDI, symbols above the sheet music, and what a musician reads."""

import io
import json
from dataclasses import replace

import mido
import pytest

from posterbeat.music.outline import Outline, Section
from posterbeat.music.score import Score
from posterbeat.music.sheet import to_musicxml
from tests.music.made import tune

PLAN = Outline(
    parts=("Drum kit", "Violin"), chords=(("C",), ("Am", "F#m7/A"), ("Am", "F#m7/A"), ("N.C.",)),
    cells=(("silent", "new"), ("new", "new"), ("literal", "literal"), ("silent", "varied")),
    recalls=((0, 0), (0, 0), (2, 2), (0, 1)), sections=(Section("A", 1, 3), Section("close", 4, 4)))


@pytest.fixture
def score() -> Score:
    return replace(tune(4), plan=PLAN)


def test_a_plan_says_where_sections_and_chords_begin():
    assert PLAN.marks(48) == (
        (0, "section", "A"), (0, "chord", "C"), (48, "chord", "Am"), (72, "chord", "F#m7/A"), (96, "chord", "Am"),
        (120, "chord", "F#m7/A"), (144, "section", "close"), (144, "chord", "N.C."))


def test_a_plan_goes_through_json_and_can_be_read():
    assert Outline.from_dict(json.loads(json.dumps(PLAN.as_dict()))) == PLAN
    assert str(PLAN).splitlines() == [
        "A, bars 1-3: C | Am F#m7/A | Am F#m7/A", "close, bars 4-4: N.C.", "Drum kit  ·N=·", "Violin    NN=v"]


def test_markers_go_to_midi_and_come_back(score):
    file = io.BytesIO()
    score.to_midi().write(file)
    events = [event.text for event in mido.MidiFile(file=io.BytesIO(file.getvalue())).tracks[0] if event.type == "marker"]
    assert events[:3] == ["section A", "chord C", "chord Am"]
    back = Score.from_midi(file.getvalue())
    assert back.marks == score.marks == PLAN.marks(score.bar) and back == score
    assert Score.from_midi(score.to_midi()).marks == score.marks
    assert score.without_overlaps().marks == score.marks


def test_chord_symbols_stand_above_the_first_part(score):
    xml = to_musicxml(score)
    assert xml.count("<harmony>") == 6 and xml.count("<rehearsal>") == 2
    assert "<root-step>F</root-step><root-alter>1</root-alter></root><kind text=\"m7\">minor-seventh</kind>" in xml
    assert "<bass><bass-step>A</bass-step></bass><offset>24</offset></harmony>" in xml
    assert '<kind text="N.C.">none</kind>' in xml
    assert "<harmony>" not in to_musicxml(replace(score, plan=None, marks=()))


def test_a_marker_that_is_no_chord_is_left_out(score):
    marks = ((0, "chord", "<script>"), (0, "chord", "Hm"), (0, "section", "<b>&"), (48, "chord", "G"))
    odd = replace(score, plan=None, marks=marks)
    xml = to_musicxml(odd)
    assert xml.count("<harmony>") == 1 and "&lt;b&gt;&amp;" in xml and "<script>" not in xml
