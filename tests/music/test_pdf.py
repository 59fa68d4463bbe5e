"""Sheet music as PDF: every page of the engraving, its words as words, and nothing of the engraver's own font."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from posterbeat.music.pdf import to_pdf
from posterbeat.music.score import Score
from posterbeat.music.sheet import engrave, to_musicxml

PIECE = Path(__file__).parents[2] / "examples" / "soundtracks" / "comedy-1.mid"
TITLE = 'Düne "Teil #2": music for a comedy'


@pytest.fixture(scope="module")
def pages():
    marks = ((0, "chord", "Bbm7"), (48, "chord", "F#dim"))
    return engrave(to_musicxml(replace(Score.from_midi(PIECE), plan=None, marks=marks), TITLE, "PosterBeat, seed 7"))


def test_every_page_is_there_and_filled(pages):
    document = pypdfium2.PdfDocument(to_pdf(pages, TITLE, "PosterBeat, seed 7"))
    assert len(document) == len(pages) > 1
    for page in document:
        width, height = page.get_size()
        assert (round(width), round(height)) == (595, 842)  # A4, in points
        ink = np.asarray(page.render(scale=0.5).to_pil().convert("L")) < 128
        rows, columns = ink.any(1).nonzero()[0], ink.any(0).nonzero()[0]
        assert columns[0] > 5 and columns[-1] < ink.shape[1] - 5 and rows[0] > 5 and ink.mean() > 0.01
    assert document.get_metadata_dict()["Title"] == TITLE and document.get_metadata_dict()["Author"] == "PosterBeat, seed 7"


def test_words_are_words_and_signs_are_ones_that_every_reader_has(pages):
    words = pypdfium2.PdfDocument(to_pdf(pages))[0].get_textpage().get_text_range()
    assert TITLE in words and "\u2669" in words and "\u266d" in words and "\u266f" in words
    assert not [character for character in words if "\ue000" <= character <= "\uf8ff"]


def test_the_same_pages_give_the_same_bytes(pages):
    assert to_pdf(pages, "a\nb\x00\\") == to_pdf(pages, "a\nb\x00\\")
