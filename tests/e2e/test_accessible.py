"""What axe-core finds in the states that the page passes through, wide and narrow, by day and by night."""

import re

import pytest
from playwright.sync_api import expect

from tests.served import served

WIDTHS = (390, 820, 1440)


@pytest.fixture
def found_none(request):
    """A function that fails where axe-core finds something serious, at each width."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe was not installed").Axe()

    def check(page, state, widths=WIDTHS):
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            found = [one for one in axe.run(page).response["violations"] if one["impact"] in ("serious", "critical")]
            assert not found, (state, width, [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found])

    return check


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_take_its_mixer_and_bars_and_a_refused_file_are_accessible(visit, found_none, tmp_path, scheme):
    visitor = visit(link=served() + "?comedy=1&notes=64&seed=3&poster=comedy", color_scheme=scheme)
    page = visitor.page
    expect(page.locator("#words .words")).to_be_visible()
    expect(page.locator("#words .words")).not_to_contain_text("Reading its words")
    visitor.compose(".invitation .begin")
    page.locator(".roll .mute").first.click()
    page.locator(".roll .solo").last.click()
    page.get_by_label("First bar to be written anew").fill("x")
    page.locator(".parts button").first.click()
    expect(page.locator("#compose-said .said")).to_be_visible()
    bad = tmp_path / "holiday.jpg"
    bad.write_text("not a picture at all")
    visitor.upload(bad)
    expect(page.locator("#poster-said .said")).to_be_visible()
    expect(page.locator("#poster img")).to_have_attribute("src", re.compile("comedy"))
    expect(page.locator(".html-container.pending")).to_have_count(0)  # dim while the former poster is taken back
    page.evaluate("document.querySelector('.roll audio').pause()")
    found_none(page, "take, mixer, bars, refusal")
    visitor.errors.clear()  # the browser says that it could not show the picture, which is so


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_composing_and_rewriting_are_accessible(visit, found_none, scheme):
    visitor = visit(link=served() + "?horror=1&notes=2000&seed=5", color_scheme=scheme)
    page = visitor.page
    page.click("#compose")
    page.wait_for_selector(".roll[data-state=live]")
    found_none(page, "live", (1440,))
    page.wait_for_selector(".roll[data-state=ready]")
    page.evaluate("document.querySelector('.roll audio').pause()")
    page.locator(".parts button").first.click()
    page.wait_for_selector("#stop", state="visible")
    found_none(page, "rewriting", (390,))
