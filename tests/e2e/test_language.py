"""The page is English throughout, whatever the visitor's browser prefers."""


def test_a_browser_that_prefers_german_gets_a_page_that_says_that_it_is_english(visit):
    page = visit(locale="de-DE").page
    assert page.evaluate("document.documentElement.lang") == "en"
    words = page.inner_text("body").lower()
    assert "upload" in words or "choose one" in words
    assert not [word for word in ("hochladen", "einstellungen", "hier ablegen", "verwendet") if word in words]


def test_film_fans_are_offered_no_tools_of_developers(visit):
    footer = visit().page.locator("footer").inner_text().lower()
    assert "api" in footer
    assert not [word for word in ("settings", "record", "history", "install") if word in footer]
