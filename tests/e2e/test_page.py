"""What a visitor does on the page, in a real browser. No request may leave the origin, no error reach the console."""

import io
from xml.etree import ElementTree

import av
import pretty_midi
import pytest
import soundfile
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# The roll draws in an animation frame: cursor and sound are compared right after one.
GAP = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
  const roll = document.querySelector(".roll"), audio = roll.querySelector("audio");
  done(Math.abs(roll.dataset.cursor - audio.currentTime));
})))"""


def test_upload_read_compose_play_and_seek(visit, poster):
    visitor = visit()
    page = visitor.page
    visitor.upload(poster)
    expect(page.locator("#reading")).to_contain_text("%")
    for genre in ("action", "animation", "comedy", "drama", "horror"):
        expect(page.locator("#reading")).to_contain_text(genre)
    visitor.set("notes", 96)
    visitor.compose()
    assert "Piano roll: 96 notes" in page.get_attribute(".roll .score", "aria-label")
    expect(page.locator("#facts")).to_contain_text("played by")

    page.wait_for_function("document.querySelector('.roll audio').currentTime > 0.5")  # it plays by itself
    assert all(page.evaluate(GAP) < 0.1 for _ in range(5))
    page.click(".roll .play")
    assert page.evaluate("document.querySelector('.roll audio').paused")
    strip = page.locator(".roll .map").bounding_box()
    page.mouse.click(strip["x"] + strip["width"] / 2, strip["y"] + strip["height"] / 2)
    half = page.evaluate(
        "document.querySelector('.roll audio').currentTime / document.querySelector('.roll audio').duration"
    )
    assert 0.45 < half < 0.55
    assert page.evaluate(GAP) < 0.1


def test_everything_can_be_taken_away(visit, poster):
    visitor = visit()
    page = visitor.page
    visitor.upload(poster)
    expect(page.locator("#reading")).to_contain_text("%")
    visitor.set("notes", 64)
    visitor.compose()
    midi = pretty_midi.PrettyMIDI(io.BytesIO(visitor.midi()))
    assert sum(len(instrument.notes) for instrument in midi.instruments) == 64
    seconds = page.evaluate("document.querySelector('.roll audio').duration")
    for kind in ("wav", "mp3"):
        samples, rate = soundfile.read(io.BytesIO(visitor.download(f"#{kind}", kind)))
        assert abs(len(samples) / rate - seconds) < 0.2
    for button, size in (("#mp4", (1280, 720)), ("#tall", (1080, 1920))):
        with av.open(io.BytesIO(visitor.download(button, "mp4"))) as film:
            assert (film.streams.video[0].width, film.streams.video[0].height) == size
            assert abs(film.duration / 1e6 - seconds) < 0.3
    page.click("#engrave")
    expect(page.locator(".pages img").first).to_be_visible()
    assert page.evaluate("document.querySelector('.pages img').naturalWidth") > 0
    score = ElementTree.fromstring(visitor.download("#musicxml", "musicxml"))
    assert len(score.findall("part")) == len(midi.instruments)


def test_genre_mixture_and_colours_change_the_music_without_another_upload(visit):
    visitor = visit()
    page = visitor.page
    page.locator("#shelf button").nth(4).press("Enter")  # by keyboard
    expect(page.locator("#reading")).to_contain_text("%")
    visitor.set("notes", 40)
    visitor.set("seed", 5)
    visitor.compose()
    own = visitor.midi()
    page.click("#genre input")
    page.get_by_role("option", name="Comedy").click()
    visitor.compose()
    assert visitor.seed == "5" and visitor.midi() != own
    expect(page.locator("#facts")).to_contain_text("comedy 100 %")

    page.click("#advanced .fold")
    expect(page.locator("#share-comedy input[type=number]")).to_have_value("100")
    visitor.set("share-drama", 100)  # beside comedy's 100: half and half
    expect(page.locator("#genre input")).to_have_value("A mixture of my own")
    visitor.set("tempo", 91)
    visitor.compose()
    expect(page.locator("#facts")).to_contain_text("comedy 50 %, drama 50 %")
    expect(page.locator("#facts")).to_contain_text("91 beats a minute")
    page.click("#coloured input")
    visitor.compose()
    expect(page.locator("#facts")).not_to_contain_text("91 beats a minute")

    page.click("#dice")
    expect(page.locator("#seed input")).not_to_have_value("5")


def test_a_link_brings_the_settings_back(visit):
    visitor = visit()
    visitor.page.locator("#shelf button").nth(1).click()
    expect(visitor.page.locator("#reading")).to_contain_text("%")
    visitor.set("notes", 48)
    visitor.set("temperature", 0.8)
    visitor.set("seed", 31)
    visitor.compose()
    guest = visit(link=visitor.copied_link())
    expect(guest.page.locator("#reading")).to_contain_text("%")  # the example poster came along
    expect(guest.page.locator("#seed input")).to_have_value("31")
    expect(guest.page.locator("#temperature input[type=number]")).to_have_value("0.8")
    guest.compose()
    assert guest.midi() == visitor.midi()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_accessible_in_both_themes(visit, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe was not installed").Axe()
    visitor = visit(color_scheme=scheme)
    page = visitor.page
    page.locator("#shelf button").first.click()
    expect(page.locator("#reading")).to_contain_text("%")
    visitor.set("notes", 40)
    visitor.compose()
    visitor.compose("#another")
    page.click("#show-heatmap")
    page.click("#engrave")
    expect(page.locator(".pages img").first).to_be_visible()
    expect(page.locator("#heat img")).to_be_visible()
    page.click("#advanced .fold")
    page.click("#about .fold")
    expect(page.locator(".about").last).to_be_visible()
    found = [v for v in axe.run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert not found, [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in found]


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
    assert page.locator(".takes .listen").count() == 2  # the same music twice is one take
    page.locator(".takes .listen").nth(1).click()
    expect(page.locator("#facts b").first).to_have_text("77")


def test_stop_stops_and_the_page_goes_on(visit, poster):
    visitor = visit()
    page = visitor.page
    visitor.upload(poster)
    visitor.set("notes", 2000)
    page.click("#compose")
    expect(page.locator("#stage")).to_contain_text("of 2000 notes")
    page.click("#stop")
    expect(page.locator("#stop")).not_to_be_visible()
    expect(page.locator("#compose")).to_be_visible()
    page.wait_for_timeout(1000)  # what was under way when Stop was pressed has arrived by then
    expect(page.locator("#stage")).to_contain_text("Stopped")
    expect(page.locator(".roll")).to_have_attribute("data-state", "empty")
    visitor.set("notes", 40)
    visitor.compose()


def test_a_missing_poster_gets_a_sentence(visit):
    page = visit().page
    page.click("#compose")
    expect(page.locator("#poster-said .said")).to_contain_text("Add a poster or choose a genre first")
    expect(page.locator("#compose")).to_be_visible()
    expect(page.locator("#stop")).not_to_be_visible()
    expect(page.locator("#stage")).to_be_empty()


def test_a_phone_needs_no_sideways_scrolling(visit, poster):
    visitor = visit(**PHONE)
    page = visitor.page
    assert page.evaluate(SIDEWAYS) <= 0
    visitor.upload(poster)
    expect(page.locator("#reading")).to_contain_text("%")
    box = page.locator("#compose").bounding_box()
    assert box["y"] + box["height"] <= PHONE["viewport"]["height"]  # to be pressed without scrolling
    visitor.set("notes", 40)
    visitor.compose()
    visitor.compose("#another")
    first, second = (page.locator(".takes .listen").nth(place).bounding_box() for place in (0, 1))
    assert first["x"] + first["width"] <= second["x"] and first["y"] == second["y"]
    strip, below = page.locator("#takes").bounding_box(), page.locator("#advanced").bounding_box()
    assert strip["y"] + strip["height"] <= below["y"]
    page.click("#engrave")
    expect(page.locator(".pages img").first).to_be_visible()
    page.click("#advanced .fold")
    page.click("#about .fold")
    expect(page.locator(".about").last).to_be_visible()
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
    assert one.page.locator(".takes .listen").count() == two.page.locator(".takes .listen").count() == 1
