"""The plan above the roll, in a real browser."""

from playwright.sync_api import expect

from tests.served import served

LIT = """() => { const strip = document.querySelector(".roll .plan");
  const pixels = strip.getContext("2d").getImageData(0, 0, strip.width, strip.height).data;
  let lit = 0; for (let k = 0; k < pixels.length; k += 4) lit += pixels[k] > 60; return lit; }"""


def test_the_plan_stands_above_the_roll(visit):
    visitor = visit(link=f"{served()}?drama=1&notes=64&seed=3")
    page = visitor.page
    expect(page.locator(".roll .plan")).to_be_hidden()
    visitor.compose()
    plan = page.locator(".roll .plan")
    expect(plan).to_be_visible()
    words = plan.get_attribute("aria-label")
    assert words.startswith("The plan: A from bar 1 to ") and "Chords: " in words and "parts: " in words
    roll = page.locator(".roll .score").bounding_box()
    strip = plan.bounding_box()
    assert strip["y"] + strip["height"] <= roll["y"] and abs(strip["width"] - roll["width"]) < 1
    assert page.evaluate(LIT) > 100
