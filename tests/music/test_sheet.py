"""Sheet music: every bar full, every pitch where it belongs, and engraved without a request to anywhere."""

import re
import threading
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from posterbeat.instruments import DRUMS
from posterbeat.music.score import Score
from posterbeat.music.sheet import engrave, to_musicxml


def score(rows, bar=48, tempo=100.0):
    onset, duration, pitch, program = np.array(rows).T
    return Score(onset, duration, pitch, np.full(len(rows), 80), program, tempo=tempo, bar=bar)


def drawn(seed, bar):
    """A busy piece of chance: overlaps, triplets, long notes, drums, a piano of two hands."""
    rng = np.random.default_rng(seed)
    rows = [(rng.integers(0, 6 * bar), rng.integers(1, 2 * bar), rng.integers(30, 90), program)
            for program in (0, 33, 73, DRUMS) for _ in range(60)]
    return score(rows, bar)


def notes(part):
    return [note for note in part.iter("note") if note.find("rest") is None]


@pytest.mark.parametrize("bar", [48, 36, 42, 60])
def test_every_bar_of_every_staff_is_full(bar):
    for seed in range(5):
        root = ET.fromstring(to_musicxml(drawn(seed, bar)))
        assert len(root.findall("part")) == 4
        for part in root.iter("part"):
            staves = int(part.find(".//staves").text)
            for measure in part.iter("measure"):
                for staff in range(1, staves + 1):
                    lengths = [int(note.find("duration").text) for note in measure.iter("note")
                               if note.find("chord") is None and note.find("staff").text == str(staff)]
                    assert sum(lengths) == bar


def test_a_plain_tune_is_written_as_a_musician_would():
    tune = score([(0, 12, 72, 73), (12, 6, 74, 73), (18, 6, 73, 73), (24, 4, 76, 73), (28, 4, 74, 73), (32, 4, 72, 73),
                  (36, 24, 72, 73)])
    part = ET.fromstring(to_musicxml(tune)).find("part")
    written = [(note.find("pitch/step").text, note.findtext("pitch/alter"), note.find("type").text) for note in notes(part)]
    assert written == [("C", None, "quarter"), ("D", None, "eighth"), ("C", "1", "eighth"), ("E", None, "eighth"),
                       ("D", None, "eighth"), ("C", None, "eighth"), ("C", None, "quarter"), ("C", None, "quarter")]
    assert [note.findtext("accidental") for note in notes(part)][2] == "sharp"
    assert len(part.findall(".//time-modification")) == 3  # the triplet
    assert [tie.get("type") for tie in part.iter("tie")] == ["start", "stop"]  # over the bar line
    assert part.findtext(".//key/fifths") == "0"


def test_the_key_names_the_notes():
    flats = score([(12 * k, 12, pitch, 0) for k, pitch in enumerate((65, 67, 68, 70, 72, 73, 75, 77, 68, 65, 72, 65))])
    part = ET.fromstring(to_musicxml(flats)).find("part")
    assert int(part.findtext(".//key/fifths")) < -2
    assert {note.find("pitch/step").text for note in notes(part) if note.findtext("pitch/alter") == "-1"} == {"A", "B", "D", "E"}
    assert part.find(".//accidental") is None  # the signature says it


def test_engraved_pages_hold_the_music_and_call_nobody():
    pages = engrave(to_musicxml(drawn(3, 48), 'Music for "Fish & Chips"'))
    assert pages and all(page.lstrip().startswith("<svg") for page in pages)
    assert sum(page.count('class="note') for page in pages) > 100
    addresses = re.findall(r'(?:href|src)="(?!#)([^"]+)"|url\((?!#)([^)]+)\)', "".join(pages))
    assert not [one or two for one, two in addresses if not (one or two).startswith("data:")]


def test_any_thread_may_engrave():
    music, pages = to_musicxml(drawn(4, 48)), []
    for _ in range(3):
        thread = threading.Thread(target=lambda: pages.append(engrave(music)))
        thread.start()
        thread.join()
    assert len(pages) == 3 and pages[0] == pages[1] == pages[2]
