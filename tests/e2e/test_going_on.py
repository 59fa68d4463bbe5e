"""A take is taken further on the page: it goes on, a part is written anew, back again, and its link brings all of it back."""

import io

import pretty_midi
import pytest
from playwright.sync_api import expect

from tests.served import served

BASE = "?drama=1&notes=60&seed=3&instruments=piano,+bass,+violin"


def end(midi):
    return pretty_midi.PrettyMIDI(io.BytesIO(midi)).get_end_time()


def notes(midi):
    """Of each program its notes as (onset in ms, pitch)."""
    return {one.program: [(round(1000 * note.start), note.pitch) for note in one.notes]
            for one in pretty_midi.PrettyMIDI(io.BytesIO(midi)).instruments}


@pytest.fixture
def further(visit):
    """A function that presses a button and waits for the take that comes of it."""
    def press(visitor, button):
        count = visitor.page.locator(".takes .take").count()
        visitor.compose(button)
        expect(visitor.page.locator(".takes .take")).to_have_count(max(2, count + 1))
        return visitor.midi()
    return press


def test_a_take_goes_on_is_partly_written_anew_and_undone_and_its_link_brings_the_notes_back(visit, further):
    visitor = visit(link=served() + BASE)
    page = visitor.page
    visitor.compose()
    expect(page.locator("#undo")).to_be_hidden()
    first = visitor.midi()
    longer = further(visitor, "#go-on")
    assert 20 < end(longer) - end(first) < 40
    expect(page.locator("#facts p")).to_contain_text("30 s longer")
    rewrite = page.get_by_role("button", name="Rewrite this part: Violin")
    rewrite.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".takes .take")).to_have_count(3)
    expect(page.locator("#facts p")).to_contain_text("Violin anew")
    anew = visitor.midi()
    before, after = notes(longer), notes(anew)
    assert before.keys() == after.keys() and [one for one in before if before[one] != after[one]] == [40]  # the violin's
    guest = visit(link=visitor.copied_link())
    guest.compose(".invitation .begin")
    assert guest.midi() == anew
    for former in (longer, first):
        page.click("#undo")
        expect(page.locator("#undo")).to_be_visible(visible=former is longer)
        assert visitor.midi() == former
    page.reload()  # what the browser kept holds the steps, too
    page.wait_for_selector(".takes .take")
    visitor.compose(".takes .take:has-text('Violin anew') .listen")
    assert visitor.midi() == anew


def test_some_bars_of_a_part_are_written_anew_by_keyboard_and_link_and_undo_hold_them(visit, further):
    visitor = visit(link=served() + BASE)
    page = visitor.page
    visitor.compose()
    before = visitor.midi()
    first, last = page.get_by_label("First bar to be written anew"), page.get_by_label("Last bar to be written anew")
    expect(first).to_have_attribute("placeholder", "1")
    bars = int(last.get_attribute("placeholder"))
    rewrite = page.get_by_role("button", name="Rewrite this part: Violin")
    for typed, said in ((("many", "2"), "Bars ('many', 2) are none"), (("3", "2"), "Bars (3, 2) are the wrong way round"),
                        (("2", str(bars + 1)), f"Bars 2 to {bars + 1} are not all there")):
        first.fill(typed[0])
        last.fill(typed[1])
        rewrite.click()
        expect(page.locator("#compose-said .said")).to_contain_text(said)
        expect(page.locator("#compose")).to_be_visible()
    page.evaluate("document.querySelector('.roll audio').pause()")
    for place, field, value in (("Home", first, "1"), ("End", last, str(bars))):
        page.locator(".roll .map").press(place)
        page.wait_for_function("before => document.querySelector('.roll').dataset.cursor > 1 === before", arg=place == "End")
        page.get_by_role("button", name="Section that plays").click()
        expect(field).to_have_value(value)
    first.fill("2")
    last.fill("3")
    last.press("Shift+Tab")
    expect(first).to_be_focused()
    rewrite.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#facts p")).to_contain_text("Violin in bars 2 to 3 anew")
    expect(page.locator("#compose-said .said")).to_have_count(0)
    anew = visitor.midi()
    midi = pretty_midi.PrettyMIDI(io.BytesIO(before))
    bar = 4 * 60 / midi.get_tempo_changes()[1][0]
    old, new = notes(before), notes(anew)
    assert [one for one in old if old[one] != new[one]] == [40]
    outside = [[note for note in one[40] if not bar - 0.2 <= note[0] / 1000 < 3 * bar] for one in (old, new)]
    assert outside[0] == outside[1]
    expect(first).to_have_value("2")  # to be asked for once more
    guest = visit(link=visitor.copied_link())
    guest.compose(".invitation .begin")
    assert guest.midi() == anew
    page.click("#undo")
    expect(page.locator("#undo")).to_be_hidden()
    assert visitor.midi() == before


def test_a_link_of_other_weights_says_so_and_a_new_seed_composes(visit):
    visitor = visit(link=served() + BASE + "&weights=0123456789")
    page = visitor.page
    page.click(".invitation .begin")
    expect(page.locator("#compose-said .said")).to_contain_text("Another version of the composer wrote this take")
    expect(page.locator(".roll")).to_have_attribute("data-state", "invited")
    page.click("#dice")
    visitor.compose()


def test_hostile_steps_in_a_link_are_told(visit):
    page = visit(link=served() + BASE + "&steps=dance:1:2").page
    expect(page.locator("#stage")).to_contain_text("Step 'dance:1:2' is not known")
