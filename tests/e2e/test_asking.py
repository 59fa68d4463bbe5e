"""What a musician asks for on the page: a length, players, chords, a key; what cannot be is said beside Compose."""

import io
import re

import pretty_midi
import pytest
from playwright.sync_api import expect

from posterbeat.controls import Controls
from posterbeat.recipe import Recipe
from posterbeat.ui.link import link_to
from tests.served import served

DRAMA = {"action": 0, "animation": 0, "comedy": 0, "drama": 1, "horror": 0}


def instruments(midi):
    return {"Drums" if one.is_drum else pretty_midi.program_to_instrument_class(one.program)
            for one in pretty_midi.PrettyMIDI(io.BytesIO(midi)).instruments}


def test_a_length_is_kept_and_told_as_minutes_and_notes_take_its_place_only_where_they_are_given(visit):
    visitor = visit(link=served() + "?drama=1&seed=4")
    page = visitor.page
    expect(page.locator("#seconds input[type=number]")).to_have_value("60")
    visitor.has("notes", "")
    visitor.set("seconds", 15)
    told = """getComputedStyle(document.querySelector("#seconds label span"), "::after").content"""
    page.wait_for_function(f"""{told}.endsWith('0:15"')""")
    visitor.compose()
    expect(page.locator("#facts p")).to_contain_text("15 seconds")
    assert 14.5 < pretty_midi.PrettyMIDI(io.BytesIO(visitor.midi())).get_end_time() < 19  # the last chord rings
    visitor.set("notes", 40)
    expect(page.locator("#seconds input[type=range]")).to_be_disabled()
    visitor.compose()
    expect(page.locator(".roll .score")).to_have_attribute("aria-label", re.compile("Piano roll: 40 notes"))


def test_exactly_who_was_chosen_plays_over_the_chords_that_were_typed(visit):
    visitor = visit(link=served() + "?drama=1&seed=4&seconds=20")
    page = visitor.page
    page.click("#advanced .fold")
    page.fill("#instruments input", "band")
    page.get_by_role("option", name="Band: piano").click()
    expect(page.locator("#instruments .token")).to_have_text(["Piano", "Guitar", "Bass", "Brass", "Drums"])
    for name in ("Guitar", "Brass"):
        page.locator("#instruments .token", has_text=name).locator(".token-remove").click()
    page.keyboard.press("Escape")
    visitor.set("chords", "Am F C G")
    visitor.compose()
    assert instruments(visitor.midi()) == {"Piano", "Bass", "Drums"}
    expect(page.locator("#facts p")).to_contain_text("Am F C G")
    assert "Chords: Am, F, C, G" in page.get_attribute(".roll .plan", "aria-label")
    guest = visit(link=visitor.copied_link())
    guest.has("chords", "Am F C G")
    guest.compose()
    assert guest.midi() == visitor.midi()


def test_a_link_of_before_with_an_ensemble_brings_back_its_players_and_its_notes(visit):
    plain = visit(link=served() + link_to(Recipe(DRAMA, Controls(60, seed=4, instruments="piano, strings, reed, pipe"))))
    plain.compose()
    ensemble = visit(link=served() + link_to(Recipe(DRAMA, Controls(60, seed=4, ensemble="chamber"))))
    ensemble.page.click("#advanced .fold")
    expect(ensemble.page.locator("#instruments .token")).to_have_text(["Piano", "Strings", "Reed", "Pipe"])
    ensemble.compose()
    assert ensemble.midi() == plain.midi()


@pytest.mark.parametrize(("control", "value", "said"), [
    ("chords", "Am H", "'H'"), ("key", "X major", "'X major'"), ("notes", "7", "not 7"), ("notes", "many", "not 'many'"),
    ("seed", "-1", "Seed must be a whole number"),
])
def test_what_cannot_be_is_said_beside_compose_and_nothing_is_composed(visit, control, value, said):
    visitor = visit(link=served() + "?drama=1")
    page = visitor.page
    visitor.set(control, value)
    page.click("#compose")
    line = page.locator("#compose-said .said")
    expect(line).to_contain_text(said)
    expect(page.locator("#compose")).to_be_visible()
    expect(page.locator(".roll")).not_to_have_attribute("data-state", "ready")
    button, told = page.locator("#compose").bounding_box(), line.bounding_box()
    assert 0 <= told["y"] - button["y"] - button["height"] < 40
    visitor.set(control, "")
    visitor.set("notes", 32)
    visitor.compose()
    expect(line).to_have_count(0)


def test_an_unknown_instrument_is_said_and_a_key_may_stand_beside_the_posters_colours(visit):
    visitor = visit(link=served() + "?notes=48")
    page = visitor.page
    page.locator("#shelf button").nth(2).click()
    expect(page.locator("#reading")).to_contain_text("%")
    page.click("#advanced .fold")
    page.fill("#instruments input", "theremin")
    page.keyboard.press("Enter")
    page.click("#compose")
    expect(page.locator("#compose-said .said")).to_contain_text("'theremin'")
    page.locator("#instruments .token .token-remove").first.click()
    page.keyboard.press("Escape")
    page.check("#coloured input")
    for key in ("C minor", "C major"):  # whichever mode the colours stand for
        visitor.set("key", key)
        visitor.compose()
        expect(page.locator("#facts p")).to_contain_text(key)
