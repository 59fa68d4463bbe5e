"""A link brings back the very take, on the page of whoever opens it, or says what it cannot."""

import pytest
from playwright.sync_api import expect

from tests.served import served

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_the_link_of_an_uploaded_poster_plays_the_same_bytes_and_shows_its_small_copy(visit, poster):
    visitor = visit(link=served() + "?notes=96")
    visitor.upload(poster)
    expect(visitor.page.locator("#reading")).to_contain_text("%")
    expect(visitor.page.locator("#words")).not_to_contain_text("Reading its words")
    visitor.compose()
    link = visitor.copied_link()
    assert "#poster=" in link and len(link) < 4000
    guest = visit(link=link, **PHONE)
    page, asked = guest.page, []
    page.on("request", lambda request: asked.append(request.url + (request.post_data or "")))
    expect(page.locator(".roll .title")).to_have_text(visitor.page.locator(".roll .title").inner_text())
    expect(page.locator(".roll .time")).to_contain_text("Press Play")
    expect(page.locator(".invitation img")).to_be_visible()
    begin = page.locator(".invitation .begin").bounding_box()
    assert begin["y"] + begin["height"] < 844
    guest.compose(".invitation .begin")
    assert guest.midi() == visitor.midi() and guest.download("#wav", "wav") == visitor.download("#wav", "wav")
    expect(page.locator(".roll .cover")).to_be_visible()
    code = link.split("#poster=")[1]
    assert not [one for one in asked if code[:60] in one]  # it never leaves the browser
    assert guest.copied_link() == link


@pytest.mark.parametrize(("query", "said"), [
    ("horror=inf", "The share of horror must be a number of 0 or more, not 'inf'"),
    ("horror=1&tempo=nan", "Tempo must be a number from 40 to 220, not nan"),
    ("horror=1&notes=99999", "not 99999"),
    ("horror=1&seed=many", "not 'many'"),
    ("poster=unknown", "no example poster 'unknown'"), ("drama=1&chords=H", "'H'"), ("drama=1&metre=7/8", "'7/8'"),
])
def test_what_makes_no_sense_in_a_link_is_told(visit, query, said):
    page = visit(link=f"{served()}?{query}").page
    expect(page.locator("#stage")).to_contain_text(said)
    page.click("#compose")  # and something is heard of Compose, whatever the link was
    expect(page.locator("#stop, #poster-said .said:not([hidden]), .toast-body").first).to_be_visible()


def test_a_link_is_shared_where_the_browser_can(visit):
    visitor = visit(link=served() + "?horror=1&notes=32&seed=3")
    visitor.compose()
    expect(visitor.page.locator("#share-link")).to_be_hidden()
    visitor.context.add_init_script("navigator.share = async (what) => { window.shared = what; }")
    visitor.page.reload()
    visitor.page.wait_for_selector(".roll[data-state=invited]")
    visitor.compose(".invitation .begin")
    visitor.page.click("#share-link")
    assert visitor.page.evaluate("window.shared.url") == visitor.copied_link()
