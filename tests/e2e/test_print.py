"""On paper, and as a PDF: the sheet music whole, and nothing around it."""

import pypdfium2


def test_all_of_the_sheet_music_is_printed_and_nothing_else(visit):
    visitor = visit()
    visitor.set("seed", 7)
    visitor.page.click("#genre input")
    visitor.page.get_by_role("option", name="Comedy").click()
    visitor.compose()
    visitor.page.click("#engrave")
    visitor.page.wait_for_selector("#pages img")
    sheets = visitor.page.locator("#pages img").count()
    paper = pypdfium2.PdfDocument(visitor.page.pdf(format="A4"))
    assert sheets > 1 and len(paper) == sheets
    for page in paper:
        assert page.render(scale=0.3).to_pil().convert("L").getextrema()[0] < 128  # there is ink on it
    words = "".join(page.get_textpage().get_text_range() for page in paper)
    assert "Compose" not in words and "Seed" not in words

    document = pypdfium2.PdfDocument(visitor.download("#pdf", "pdf"))
    assert len(document) == sheets
