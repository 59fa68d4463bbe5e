"""Composing as people do it: in a hurry, by the keyboard, again and again."""

import pytest
from playwright.sync_api import expect

from tests.served import served

SHORT = "?horror=1&notes=32"  # a link that asks for a short piece
LONG = "?horror=1&notes=2000"
FOCUSED = "() => { const at = document.activeElement; return at.id || at.className || at.tagName; }"


@pytest.mark.parametrize("gap", [60, 150, 300])
def test_a_double_click_on_compose_composes(visit, gap):
    visitor = visit(link=served() + SHORT)
    page = visitor.page
    box = page.locator("#compose").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(2):
        page.mouse.down()
        page.mouse.up()
        page.wait_for_timeout(gap)
    page.wait_for_selector(".roll[data-state=ready]")
    expect(page.locator("#stage")).not_to_contain_text("Stopped")


def test_compose_again_makes_another_piece_unless_the_seed_was_typed(visit):
    visitor = visit(link=served() + SHORT)
    page = visitor.page
    visitor.compose()
    first = visitor.seed
    expect(page.locator("#seed input")).to_have_value("")  # it was drawn, and is told below the music
    visitor.compose()
    assert visitor.seed != first
    visitor.set("seed", 7)
    visitor.compose()
    visitor.compose()
    assert visitor.seed == "7" and page.locator(".takes .take").count() == 3  # no twin in the strip
    page.click("#dice")
    expect(page.locator("#seed input")).to_have_value("")


def test_a_seed_typed_while_it_composes_is_kept_and_a_take_brings_its_settings_back_only_when_asked(visit):
    visitor = visit(link=served() + "?horror=0.75&comedy=0.25&notes=300&seed=5&temperature=0.8&tempo=91&mode=minor&density=0.3")
    page = visitor.page
    page.click("#compose")
    page.wait_for_selector("#stop", state="visible")
    page.fill("#seed input", "1234")
    page.wait_for_selector(".roll[data-state=ready]")
    expect(page.locator("#seed input")).to_have_value("1234")
    page.click("#genre input")
    page.get_by_role("option", name="Comedy").click()
    visitor.set("notes", 40)
    visitor.compose()
    page.locator(".takes .listen").nth(1).click()
    expect(page.locator("#facts b").first).to_have_text("5")
    visitor.has("notes", "40")
    expect(page.locator("#seed input")).to_have_value("1234")
    page.click("#use-settings")
    visitor.has("notes", "300")
    expect(page.locator("#temperature input[type=number]")).to_have_value("0.8")
    expect(page.locator("#seed input")).to_have_value("5")
    expect(page.locator("#genre input")).to_have_value("As in that take")
    before = visitor.midi()
    visitor.compose()
    assert visitor.midi() == before


def test_a_sample_poster_and_compose_at_once_uses_the_new_posters_colours(visit):
    visitor = visit(link=served() + "?notes=32")
    page = visitor.page
    page.click("#advanced .fold")
    page.locator("#coloured input").check()
    page.locator("#shelf button").nth(2).click()
    expect(page.locator("#reading")).to_contain_text("%")
    former = page.locator("#tempo input[type=number]").input_value()
    page.evaluate("document.querySelectorAll('#shelf button')[4].click(); document.querySelector('#compose').click()")
    page.wait_for_selector(".roll[data-state=ready]")
    used = page.locator("#facts p").text_content()
    expect(page.locator("#facts summary")).to_contain_text("horror")
    expect(page.locator("#tempo input[type=number]")).not_to_have_value(former)
    assert f"{page.locator('#tempo input[type=number]').input_value()} beats a minute" in used


def test_the_focus_follows_what_happens_and_the_music_is_announced(visit):
    visitor = visit(link=served() + "?horror=1&notes=300")
    page = visitor.page
    page.focus("#compose")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'stop'")
    page.wait_for_selector(".roll[data-state=ready]")
    page.wait_for_function("document.activeElement.className === 'play'")
    expect(page.locator(".roll .live")).to_contain_text("The music is ready: Music for a horror film")
    visitor.set("notes", 32)
    page.focus("#another")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.takes .take').length === 2")
    page.wait_for_function("document.activeElement.className === 'play'")
    page.locator(".takes .listen").nth(1).press("Enter")
    expect(page.locator(".takes .listen").nth(1)).to_have_attribute("aria-current", "true")
    expect(page.locator(".takes .listen").nth(1)).to_be_focused()
    page.focus("#engrave")
    page.keyboard.press("Enter")
    expect(page.locator(".pages img").first).to_be_visible()
    page.focus("#hide-sheet")
    page.keyboard.press("Enter")
    expect(page.locator("#engrave")).to_be_focused()
    for control in ("#temperature input[type=range]", "#seed input"):
        page.focus("#genre input")
        page.focus(control)
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", control


def test_the_genres_list_closes_when_it_is_left(visit):
    page = visit().page
    page.focus("#genre input")
    expect(page.locator("#genre .options")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.locator("#genre .options")).to_have_count(0)
    page.click("#genre input")
    expect(page.locator("#genre .options")).to_have_count(1)
    page.click("#masthead h1")
    expect(page.locator("#genre .options")).to_have_count(0)


def test_what_was_read_is_no_stop_for_the_keyboard(visit):
    page = visit().page
    page.locator("#shelf button").nth(1).click()
    expect(page.locator("#reading")).to_contain_text("%")
    assert page.locator("#reading button, #reading [tabindex]").count() == 0


def test_space_plays_and_pauses_from_anywhere_and_the_player_has_a_volume_and_a_loop(visit):
    visitor = visit(link=served() + SHORT)
    page = visitor.page
    visitor.compose()
    page.wait_for_function("!document.querySelector('.roll audio').paused")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('.roll audio').paused")
    page.focus("#seed input")
    page.keyboard.press("Space")
    assert page.evaluate("document.querySelector('.roll audio').paused")  # typing is typing
    page.focus("#temperature input[type=range]")
    page.keyboard.press("Space")
    page.wait_for_function("!document.querySelector('.roll audio').paused")
    page.locator(".roll .volume").fill("0.5")
    page.click(".roll .loop")
    assert page.locator(".roll audio").evaluate("audio => [audio.volume, audio.loop]") == [0.5, True]
    assert page.evaluate("navigator.mediaSession.metadata.title") == "Music for a horror film"


def test_who_waits_is_told_the_place_and_the_time(visit):
    three = [visit(link=served() + LONG) for _ in range(3)]
    for visitor in three:
        visitor.page.click("#compose")
        visitor.page.wait_for_selector("#stop", state="visible")
    expect(three[2].page.locator("#stage")).to_contain_text("The composer is busy. Yours is next")
    assert three[2].page.locator("#stage .now").count() == 0  # no step is lit before it has begun
    for visitor in three:
        visitor.page.click("#stop")
        expect(visitor.page.locator("#compose")).to_be_visible()


def test_the_poster_of_the_music_is_shown_with_it(visit):
    visitor = visit(link=served() + "?animation=1&notes=32&poster=animation")
    page = visitor.page
    expect(page.locator("#reading")).to_contain_text("%")
    visitor.compose()
    shown = page.locator(".roll .cover")
    expect(shown).to_be_visible()
    before = shown.get_attribute("src")
    page.locator("#shelf button").nth(4).click()
    expect(page.locator("#reading h2")).to_have_text("horror")
    assert shown.get_attribute("src") == before  # the music is still that of the former one
