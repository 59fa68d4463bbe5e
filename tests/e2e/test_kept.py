"""What lasts when the page is loaded again, in the visitor's own browser, and what is made on demand."""

import json

from playwright.sync_api import expect

from tests.served import served


def test_takes_and_settings_survive_a_reload_and_a_take_is_composed_again_note_for_note(visit, poster):
    visitor = visit()
    page = visitor.page
    visitor.upload(poster)
    expect(page.locator("#reading")).to_contain_text("%")
    visitor.set("notes", 48)
    visitor.set("temperature", 0.8)
    visitor.compose()
    midi, title = visitor.midi(), page.locator(".roll .title").inner_text()
    page.locator(".takes .take").or_(page.locator("#takes")).first.wait_for(state="attached")
    page.reload()
    page.wait_for_selector(".takes .take")
    visitor.has("notes", "48")
    expect(page.locator("#temperature input[type=number]")).to_have_value("0.8")
    expect(page.locator("#poster img")).to_be_visible()
    expect(page.locator("#reading")).to_contain_text("%")
    page.locator(".takes .star").click()
    expect(page.locator(".takes .star")).to_have_attribute("aria-pressed", "true")
    page.once("dialog", lambda dialog: dialog.accept("Sunday <b>night</b>"))
    page.locator(".takes .rename").click()
    visitor.set("notes", 40)
    visitor.compose(".takes .listen")
    assert visitor.midi() == midi and page.locator(".roll .title").inner_text() == title
    visitor.has("notes", "40")  # the settings are left alone
    page.reload()
    expect(page.locator(".takes .listen b")).to_have_text("Sunday <b>night</b>")
    expect(page.locator(".takes .star")).to_have_attribute("aria-pressed", "true")


def test_whatever_lies_in_the_storage_the_page_works(visit):
    visitor = visit()
    page = visitor.page
    for kept in ("{", '{"a": 1}', json.dumps([None, 3, {"link": "javascript:alert(1)"}, {"link": "?horror=inf&notes=1"}])):
        page.evaluate("kept => { localStorage['posterbeat-takes'] = kept; localStorage['posterbeat-settings'] = kept; }", kept)
        page.reload()
        page.wait_for_selector(".roll[data-state=empty]")
        expect(page.locator("#seconds input[type=number]")).to_have_value("60")
    expect(page.locator(".takes .take")).to_have_count(1)
    page.locator(".takes .listen").click()
    expect(page.locator(".toast-body")).to_contain_text("too little to compose it again")
    expect(page.locator("#compose")).to_be_visible()
    # gradio says that it could not read what lay there, and goes on
    gradios = [error for error in visitor.errors if error.startswith("Error reading from localStorage")]
    assert gradios
    visitor.errors[:] = [error for error in visitor.errors if error not in gradios]


def test_a_file_made_on_demand_says_so_and_is_made_once(visit):
    visitor = visit(link=served() + "?horror=1&notes=64")
    page = visitor.page
    visitor.compose()
    for button, words, label in (("#mp3", "Making the MP3", "MP3"), ("#mp4", "Making the film", "MP4 film")):
        files = []
        page.on("download", lambda download, files=files: files.append(download))
        with page.expect_download():
            page.evaluate("button => { for (let press = 0; press < 3; press++) document.querySelector(button).click(); }", button)
            expect(page.locator(button)).to_contain_text(words)
            expect(page.locator(button)).to_be_disabled()
        expect(page.locator(button)).to_have_text(label)
        expect(page.locator(button)).to_be_enabled()
        page.wait_for_timeout(500)
        assert len(files) == 1
