"""A real browser (Debian's Chromium) on the real app."""

import os
import urllib.request
from contextlib import contextmanager

import pytest

from tests.served import CHROMIUM, await_answer, draw_poster, free_port, served, start

try:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=120_000)  # the machine may be busy
except ImportError:
    sync_playwright = None


def pytest_collection_modifyitems(items):
    for item in items:
        if "e2e" in item.path.parts:  # a browser that hangs is asked once more; what fails in any other way fails
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["Timeout"]))
    missing = "pytest-playwright" if sync_playwright is None else "Chromium (apt-get install chromium)"
    if (CHROMIUM and sync_playwright) or os.environ.get("CI"):
        return  # in CI a missing browser is a failure, not a skip
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(
                pytest.mark.skip(reason=f"THE PAGE WAS NOT TESTED IN A BROWSER: {missing} is not installed")
            )


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


class Visitor:
    """A browser profile of its own on the page, with what went wrong there."""

    def __init__(self, chromium, link="", address="", **settings):
        self.address, self.foreign, self.errors = address or served(), [], []
        self.context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        self.page = self.context.new_page()
        self.page.set_default_timeout(120_000)
        self.page.on("request", self._request)
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(link or self.address)
        self.page.wait_for_selector("#compose")
        self.page.wait_for_function("document.body.dataset.arrived")  # what a link asks for is set

    def _request(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def upload(self, path):
        self.page.set_input_files("#poster input[type=file]", str(path))

    @contextmanager
    def field(self, control):
        """Where a control's value is typed; Advanced is unfolded for one that stands there, and then is as it was."""
        field = self.page.locator(
            f"#{control} input[type=number], #{control} textarea, #{control} input[type=text], #{control} input:not([type])"
        ).first
        folded = not field.is_visible()
        if folded:
            self.page.click("#advanced .fold")
        yield field
        if folded:
            self.page.click("#advanced .fold")

    def set(self, control, value):
        """Type a value."""
        with self.field(control) as field:
            field.fill(str(value))
            field.press("Tab")

    def has(self, control, value):
        """Wait until a control has a value."""
        with self.field(control) as field:
            expect(field).to_have_value(value)

    def compose(self, button="#compose"):
        """Press, and wait until the take is there."""
        before = self.page.evaluate("document.querySelector('.roll audio').src")
        self.page.click(button)
        self.page.wait_for_function(
            "before => { const audio = document.querySelector('.roll audio');"
            " return audio.src && audio.src !== before && audio.readyState > 0; }",
            arg=before,
        )
        self.page.wait_for_selector("#compose", state="visible")

    def download(self, button, kind):
        """The bytes behind a button, whose file ends in `kind`."""
        with self.page.expect_download() as download:
            self.page.click(button)
        assert download.value.suggested_filename.endswith(f".{kind}")
        return download.value.path().read_bytes()

    def midi(self):
        """The bytes behind the MIDI button."""
        return self.download("#midi", "mid")

    def copied_link(self):
        """What Copy link puts on the clipboard."""
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page.click("#copy-link")
        expect(self.page.locator("#copy-link")).to_have_text("Link copied")
        return self.page.evaluate("navigator.clipboard.readText()")

    @property
    def seed(self):
        return self.page.locator("#facts b").first.inner_text()


@pytest.fixture
def visit(chromium):
    """Open the page: visit() or visit(viewport=...); what goes wrong in the browser fails the test."""
    visitors = []

    def open_page(**settings):
        visitors.append(Visitor(chromium, **settings))
        return visitors[-1]

    yield open_page
    for visitor in visitors:
        visitor.context.close()
    for visitor in visitors:
        assert not visitor.foreign, f"requests left the origin: {visitor.foreign}"
        assert not visitor.errors, f"errors in the console: {visitor.errors}"


@pytest.fixture
def another_app(tmp_path):
    """Start the app once more, with other settings: another_app(NAME="value") is its address."""
    started = []

    def run(**environment):
        port, log = free_port(), tmp_path / "log"
        started.append(start(port, log, GRADIO_TEMP_DIR=str(tmp_path / "cache"), **environment))
        address = f"http://127.0.0.1:{port}"
        await_answer(started[-1], log, lambda: urllib.request.urlopen(address + "/config", timeout=10).read())
        return address

    yield run
    for process in started:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def poster(tmp_path_factory):
    return draw_poster(tmp_path_factory.mktemp("posters") / "red.png")
