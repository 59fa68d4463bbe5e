"""On paper: the sheet music whole, and nothing around it."""

from pathlib import Path

import pypdfium2

from posterbeat.music.score import Score
from posterbeat.music.sheet import engrave, to_musicxml
from posterbeat.ui.page import text

PIECE = Path(__file__).parents[2] / "examples" / "soundtracks" / "comedy-1.mid"
SHOW = """html => {
  const sheet = document.createElement("div");
  sheet.id = "sheet";
  sheet.className = "column";
  sheet.innerHTML = `<div id="pages" class="block">${html}</div><div class="row"><button>Hide sheet music</button></div>`;
  document.querySelector("#right").append(sheet);
}"""


def test_all_of_the_sheet_music_is_printed_and_nothing_else(visit):
    page = visit().page
    sheets = engrave(to_musicxml(Score.from_midi(PIECE), "Music for a comedy"))
    page.evaluate(SHOW, text.sheet(sheets))
    page.wait_for_function("[...document.querySelectorAll('#pages img')].every(sheet => sheet.complete)")
    paper = pypdfium2.PdfDocument(page.pdf(format="A4", print_background=True))
    assert len(sheets) > 1 and len(paper) == len(sheets)
    for printed in paper:
        assert printed.render(scale=0.3).to_pil().convert("L").getextrema()[0] < 128  # there is ink on it
    words = " ".join(printed.get_textpage().get_text_range() for printed in paper)
    assert not [word for word in ("Compose", "Seed", "Hide", "posterbeat", "About") if word in words]


def test_a_page_without_sheet_music_prints_as_it_is(visit):
    words = pypdfium2.PdfDocument(visit().page.pdf(format="A4"))[0].get_textpage().get_text_range()
    assert "Compose" in words
