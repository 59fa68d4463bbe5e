"""How a poster comes to the page: chosen, pasted, dropped, photographed; and what is said where one does not."""

from base64 import b64encode

import pytest
from playwright.sync_api import expect

from tests.served import served

SAID = "#poster-said .said"
GIVEN = """([event, name, kind, content]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name, { type: kind }));
  const settings = { bubbles: true, cancelable: true };
  const given = event === "paste" ? new ClipboardEvent("paste", { ...settings, clipboardData: carried })
    : new DragEvent(event, { ...settings, dataTransfer: carried });
  (event === "paste" ? document.activeElement : document.querySelector("#masthead")).dispatchEvent(given);
  return given.defaultPrevented;
}"""


def give(page, event, path, kind="image/png"):
    """Paste a file, or drop it beside the box."""
    return page.evaluate(GIVEN, [event, path.name, kind, b64encode(path.read_bytes()).decode()])


@pytest.mark.parametrize("width", [320, 1280])
def test_a_bad_file_leaves_the_good_poster_and_is_told_once_below_it(visit, tmp_path, width):
    visitor = visit(viewport={"width": width, "height": 844})
    page = visitor.page
    page.locator("#shelf button").nth(1).click()
    expect(page.locator("#reading")).to_contain_text("%")
    read, shown = page.locator("#reading h2").text_content(), page.locator("#poster img").get_attribute("src")
    bad = tmp_path / "holiday.jpg"
    bad.write_text("not a picture at all")
    visitor.upload(bad)
    expect(page.locator(SAID)).to_contain_text("holiday.jpg' is not a picture that can be read")
    expect(page.locator("#poster img")).to_have_attribute("src", shown)
    expect(page.locator("#reading h2")).to_have_text(read)
    assert page.locator(".toast-body").count() == 0
    box, line = page.locator("#poster").bounding_box(), page.locator(SAID).bounding_box()
    assert 0 <= line["y"] - box["y"] - box["height"] < 40 and line["y"] + line["height"] <= 844
    page.locator("#shelf button").nth(4).click()
    expect(page.locator("#reading h2")).to_have_text("horror")
    expect(page.locator(SAID)).to_be_hidden()
    visitor.errors.clear()  # the browser says that it could not show the picture, which is so


# Once a condition holds, and not a moment later, an example poster is pressed.
PRESS = """([condition, wait]) => new Promise((pressed) => {
  const look = () => setTimeout(() => { if (!eval(condition)) return look();
    setTimeout(() => { document.querySelectorAll("#shelf button")[4].click(); pressed(); }, wait); }, 1);
  look();
})"""
LEFT = "document.querySelector('#poster img')?.src.includes('holiday')"  # the bad file is in the box, and looked at
TOLD = "!document.querySelector('#poster-said .said').hidden"


@pytest.mark.parametrize(("condition", "wait"), [(LEFT, 0), (TOLD, 0), (TOLD, 100)])
def test_an_example_pressed_while_a_bad_file_is_refused_is_the_poster(visit, tmp_path, condition, wait):
    visitor = visit()
    page = visitor.page
    page.locator("#shelf button").nth(1).click()
    expect(page.locator("#reading")).to_contain_text("%")
    bad = tmp_path / "holiday.jpg"
    bad.write_text("not a picture at all")
    visitor.upload(bad)
    page.evaluate(PRESS, [condition, wait])
    expect(page.locator("#reading h2")).to_have_text("horror")
    expect(page.locator("#words input").first).to_be_visible()
    page.wait_for_timeout(1500)  # and whatever else was on its way
    assert "horror" in page.locator("#poster img").get_attribute("src")
    expect(page.locator("#reading h2")).to_have_text("horror")
    visitor.errors.clear()  # the browser says that it could not show the picture, which is so


@pytest.mark.parametrize("gap", [0, 40, 400, 1200])
def test_of_two_examples_pressed_in_a_moment_the_second_is_read_with_its_words(visit, gap):
    page = visit().page
    former, latter = page.locator("#shelf button").nth(1), page.locator("#shelf button").nth(4)
    page.evaluate("""([former, latter, gap]) => { former.click(); setTimeout(() => latter.click(), gap); }""",
                  [former.element_handle(), latter.element_handle(), gap])
    page.wait_for_function("document.querySelector('#poster img')?.src.includes('horror')")
    expect(page.locator("#reading h2")).to_have_text("horror")
    expect(page.locator("#words .words")).to_be_visible()
    expect(page.locator("#words .words")).not_to_contain_text("Reading its words")
    page.wait_for_timeout(1500)  # and whatever else was on its way
    expect(page.locator("#reading h2")).to_have_text("horror")
    assert "horror" in page.locator("#poster img").get_attribute("src")


def test_a_picture_is_pasted_or_dropped_anywhere(visit, poster, tmp_path):
    page = visit().page
    assert give(page, "paste", poster)
    expect(page.locator("#reading")).to_contain_text("%")
    first = page.locator("#poster img").get_attribute("src")
    other = tmp_path / "other.png"
    other.write_bytes(poster.read_bytes() + b"other")  # behind the end of a PNG: another file with the same picture
    assert give(page, "dragover", other) and give(page, "drop", other)  # or the browser would open it in place of the page
    page.wait_for_function("src => document.querySelector('#poster img')?.src !== src", arg=first)
    assert give(page, "drop", poster, "application/pdf")
    expect(page.locator(SAID)).to_contain_text("is no picture")


def test_the_paste_button_without_permission_and_the_camera_without_a_device_say_so(visit):
    page = visit().page
    page.get_by_role("button", name="Paste from clipboard").click()
    expect(page.locator(SAID)).to_contain_text("press Ctrl+V")
    page.get_by_role("button", name="Capture from camera").click()
    expect(page.locator(SAID)).to_contain_text("No camera was found")


def test_a_missing_poster_is_told_where_it_belongs_on_a_phone(visit):
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).page
    page.locator("#compose").tap()
    expect(page.locator(SAID)).to_contain_text("Add a poster or choose a genre first")
    page.wait_for_function("document.querySelector('#poster').getBoundingClientRect().top >= 0")  # it scrolls there
    page.wait_for_timeout(300)  # and stays
    box, line = page.locator("#poster").bounding_box(), page.locator(SAID).bounding_box()
    assert box["y"] >= 0 and line["y"] + line["height"] <= 844
    expect(page.locator("#compose")).to_be_visible()


def test_two_pieces_asked_for_in_a_moment_and_the_second_is_heard(visit):
    page = visit(link=served() + "?horror=1").page
    page.click("#about .fold")
    page.get_by_role("button", name="Horror, seed 2").click()
    page.get_by_role("button", name="Comedy, seed 1").click()
    page.wait_for_function("document.querySelector('#pieces audio').currentTime > 0.2")
    assert "comedy-1" in page.evaluate("document.querySelector('#pieces audio').src")
