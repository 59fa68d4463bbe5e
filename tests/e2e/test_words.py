"""The two-step reading in a real browser: the picture at once, then the words, which can be corrected."""

from playwright.sync_api import expect

from tests.vision.lettered import lettered


def test_the_words_join_the_pictures_reading_and_can_be_corrected(visit, tmp_path):
    lettered(["HAUNTED", "Evil never dies.", "A tale of demons and blood"], heights=(60, 30, 26)).save(tmp_path / "poster.png")
    visitor = visit()
    page = visitor.page
    words, reading = page.locator("#words .words"), page.locator("#reading")
    visitor.upload(tmp_path / "poster.png")
    expect(reading).to_contain_text("%")  # the picture's comes first: nothing waits for the words
    expect(words.locator("input").first).to_be_visible()
    expect(words.locator("b")).to_have_text("\u2192 horror")
    expect(reading.locator(".output-class")).to_have_text("horror")
    assert "HAUNTED" in [field.input_value() for field in words.locator("input").all()]
    assert page.locator("#outlines rect").count() >= 3 and page.locator("#outlines rect.loud").count() >= 1
    heard = reading.inner_text()

    title = words.locator("input").nth([field.input_value() for field in words.locator("input").all()].index("HAUNTED"))
    title.fill("<img src=x onerror=alert(1)> Wedding")  # shown as it is, never as markup
    title.press("Enter")
    expect(reading).not_to_have_text(heard)
    expect(words.locator("img")).to_have_count(0)
    while words.locator("input").count():
        before = words.locator("input").count()
        words.get_by_role("button", name="Strike out").first.click()
        expect(words.locator("input")).to_have_count(before - 1)
    expect(words).to_contain_text("the picture speaks alone")
    expect(page.locator("#outlines rect")).to_have_count(0)


def test_composing_waits_for_the_words_and_they_can_be_turned_off(visit, tmp_path):
    lettered(["HAUNTED", "Evil never dies.", "A tale of demons and blood"], heights=(60, 30, 26)).save(tmp_path / "poster.png")
    visitor = visit()
    visitor.set("notes", 32)
    visitor.upload(tmp_path / "poster.png")
    visitor.page.locator("#reading .output-class").wait_for()
    visitor.compose()  # at once, whether the words are there or not
    expect(visitor.page.locator("#facts")).to_contain_text("horror")
    joint = visitor.page.locator("#reading").inner_text()
    expect(visitor.page.locator("#words b")).to_be_visible()
    visitor.page.click("#advanced .fold")
    visitor.page.uncheck("#read-words input")
    expect(visitor.page.locator("#words .words")).to_be_hidden()
    expect(visitor.page.locator("#reading")).not_to_have_text(joint)
