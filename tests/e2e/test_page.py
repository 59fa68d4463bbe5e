"""What a visitor does on the page, in a real browser. No request may leave the origin, no error reach the console."""

import io

import pretty_midi
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# The roll draws in an animation frame: cursor and sound are compared right after one.
GAP = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
  const roll = document.querySelector(".roll"), audio = roll.querySelector("audio");
  done(Math.abs(roll.dataset.cursor - audio.currentTime));
})))"""


def test_upload_read_compose_play_seek_and_download(visit, poster):
    visitor = visit()
    page = visitor.page
    visitor.upload(poster)
    expect(page.locator("#reading")).to_contain_text("%")
    for genre in ("action", "animation", "comedy", "drama", "horror"):
        expect(page.locator("#reading")).to_contain_text(genre)
    visitor.set("notes", 96)
    visitor.compose()
    assert "Piano roll: 96 notes" in page.get_attribute(".roll .score", "aria-label")

    page.click(".roll .play")
    page.wait_for_function("document.querySelector('.roll audio').currentTime > 0.5")
    assert page.evaluate(GAP) < 0.1
    page.click(".roll .play")
    assert page.evaluate("document.querySelector('.roll audio').paused")
    strip = page.locator(".roll .map").bounding_box()
    page.mouse.click(strip["x"] + strip["width"] / 2, strip["y"] + strip["height"] / 2)
    half = page.evaluate(
        "document.querySelector('.roll audio').currentTime / document.querySelector('.roll audio').duration"
    )
    assert 0.45 < half < 0.55

    family = page.locator(".roll .legend button").first
    family.click()
    expect(family).to_have_attribute("aria-pressed", "false")
    midi = pretty_midi.PrettyMIDI(io.BytesIO(visitor.midi()))
    assert sum(len(instrument.notes) for instrument in midi.instruments) == 96
    with page.expect_download() as download:
        page.click("#mp3")
    assert download.value.suggested_filename.endswith(".mp3") and download.value.path().stat().st_size > 20_000


def test_a_seed_reproduces_and_another_take_differs(visit):
    visitor = visit()
    page = visitor.page
    page.click("#genre input")
    page.get_by_role("option", name="Horror").click()
    visitor.set("notes", 40)
    visitor.set("seed", 77)
    visitor.compose()
    first = visitor.midi()
    assert visitor.seed == "77"
    visitor.compose()
    assert visitor.midi() == first
    visitor.compose("#another")
    assert visitor.seed != "77" and visitor.midi() != first
    assert page.locator(".takes button").count() == 3
    page.locator(".takes button").nth(2).click()
    expect(page.locator("#facts b").first).to_have_text("77")


def test_stop_stops_and_the_page_goes_on(visit, poster):
    visitor = visit()
    page = visitor.page
    visitor.upload(poster)
    visitor.set("notes", 2000)
    page.click("#compose")
    expect(page.locator("#stage")).to_contain_text("of 2000 notes")
    page.click("#stop")
    expect(page.locator("#stage")).to_contain_text("Stopped")
    expect(page.locator(".roll")).to_have_attribute("data-state", "empty")
    visitor.set("notes", 40)
    visitor.compose()


def test_a_bad_file_and_a_missing_poster_get_a_sentence(visit, tmp_path):
    visitor = visit()
    page = visitor.page
    page.click("#compose")
    expect(page.locator(".toast-body").first).to_contain_text("Add a poster first")
    bad = tmp_path / "holiday.jpg"
    bad.write_text("not a picture at all")
    visitor.upload(bad)
    expect(page.get_by_text("holiday.jpg' is not a picture that can be read")).to_be_visible()
    expect(page.locator("#compose")).to_be_visible()
    visitor.errors.clear()  # the browser says that it could not show the picture, which is so


def test_a_phone_needs_no_sideways_scrolling(visit, poster):
    visitor = visit(**PHONE)
    page = visitor.page
    assert page.evaluate(SIDEWAYS) <= 0
    visitor.upload(poster)
    expect(page.locator("#reading")).to_contain_text("%")
    visitor.set("notes", 40)
    visitor.compose()
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.locator(".roll .score").bounding_box()["width"] > 280


def test_two_visitors_do_not_mix(visit, poster):
    one, two = visit(), visit()
    for visitor, genre, seed in ((one, "Comedy", 101), (two, "Drama", 202)):
        visitor.page.click("#genre input")
        visitor.page.get_by_role("option", name=genre).click()
        visitor.set("notes", 40)
        visitor.set("seed", seed)
    one.page.click("#compose")
    two.compose()
    one.page.wait_for_selector(".roll[data-state=ready]")
    assert (one.seed, two.seed) == ("101", "202")
    expect(one.page.locator(".roll .title")).to_contain_text("comedy")
    expect(two.page.locator(".roll .title")).to_contain_text("drama")
    assert one.page.locator(".takes button").count() == two.page.locator(".takes button").count() == 1
