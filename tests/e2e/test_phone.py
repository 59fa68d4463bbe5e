"""On a phone and in narrow windows: what is pressed next is in view, wide enough, and nothing is cut off."""

import pytest
from playwright.sync_api import expect

from tests.served import served

IN_VIEW = """selector => { const box = document.querySelector(selector).getBoundingClientRect();
  return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth; }"""
SMALL = """() => [...document.querySelectorAll("button, a[href], summary")]
  .filter((one) => one.checkVisibility() && !one.closest("footer, .words"))
  .map((one) => [one.getAttribute("aria-label") || one.textContent.trim(), one.getBoundingClientRect()])
  .filter(([name, box]) => box.width && box.height && (box.width < 43 || box.height < 43) && box.width * box.height < 43 * 120)
  .map(([name, box]) => `${name}: ${Math.round(box.width)} x ${Math.round(box.height)}`)"""

CUT = """() => [...document.querySelectorAll("#take-actions button, #take-actions a, .source-selection button, #use-settings")]
  .filter((one) => one.checkVisibility())
  .filter((one) => { const box = one.getBoundingClientRect(), area = one.parentElement.getBoundingClientRect();
    return one.scrollWidth > one.clientWidth + 1 || box.left < area.left - 1 || box.right > area.right + 1 || box.height > 62; })
  .map((one) => one.textContent || one.ariaLabel)"""


def phone(width, height=844):
    return {"viewport": {"width": width, "height": height}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 640)])
def test_stop_and_pause_are_in_view_and_stay_within_reach(visit, width, height):
    visitor = visit(link=served() + "?notes=300", **phone(width, height))
    page = visitor.page
    page.locator("#shelf button").nth(1).tap()
    expect(page.locator("#reading")).to_contain_text("%")
    page.locator("#compose").tap()
    page.wait_for_selector("#stop", state="visible")
    page.wait_for_timeout(900)  # what scrolls has come to rest
    assert page.evaluate(IN_VIEW, "#stop") and page.evaluate(IN_VIEW, ".roll .play")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(200)
    assert page.evaluate(IN_VIEW, "#stop")
    page.wait_for_selector(".roll[data-state=ready]")
    page.wait_for_function(IN_VIEW, arg=".roll .play")
    page.wait_for_timeout(1500)  # words that join, and whatever else moves the page
    assert page.evaluate(IN_VIEW, ".roll .play")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    pause = page.locator(".roll .mini button")
    expect(pause).to_be_visible()
    assert page.evaluate(IN_VIEW, ".roll .mini button")
    pause.tap()
    assert page.evaluate("document.querySelector('.roll audio').paused")


def test_what_is_pressed_is_wide_enough_for_a_finger(visit):
    visitor = visit(link=served() + "?horror=1&notes=32", **phone(390))
    page = visitor.page
    page.locator("#shelf button").nth(1).tap()
    expect(page.locator("#reading")).to_contain_text("%")
    visitor.compose()
    visitor.compose("#another")
    page.click("#about .fold")
    expect(page.locator(".pieces button").first).to_be_visible()
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("width", [320, 390, 820, 1280])
def test_no_button_is_cut_off_or_wraps(visit, width):
    visitor = visit(link=served() + "?horror=1&notes=32", viewport={"width": width, "height": 844})
    page = visitor.page
    page.locator("#shelf button").nth(1).click()
    expect(page.locator("#reading")).to_contain_text("%")
    visitor.compose()
    visitor.compose("#another")
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
