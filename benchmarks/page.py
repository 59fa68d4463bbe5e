"""How soon the page is heard, in a real browser."""

import sys
from typing import Any

from benchmarks.timing import spread
from tests.served import CHROMIUM

_ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
_PATIENCE = 60_000  # milliseconds that a browser is waited for

# Milliseconds from the press on Compose until the first stretch of sound leaves for the loudspeaker.
_LISTEN = """() => {
  window.sounded = 0;
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (when, ...more) {
    window.sounded ||= performance.now() + 1000 * Math.max(0, when - this.context.currentTime);
    return start.call(this, when, ...more);
  };
  document.querySelector("#compose").addEventListener("click", () => { window.pressed = performance.now(); }, { capture: true });
}"""


def first_sound(address: str, rounds: int, seconds: int) -> dict[str, float] | None:
    """Seconds from Compose to the first sound of a piece of so many seconds, on a page that is opened anew each time.

    None, and a word about it, where there is no browser or nothing to drive it; round 0 is not counted.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if not (CHROMIUM and sync_playwright):
        print("The first sound on the page is NOT MEASURED: it takes Chromium and pytest-playwright.", file=sys.stderr)
        return None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        waits = [_wait(browser, f"{address}?action=1&seconds={seconds}&seed={index}") for index in range(rounds + 1)]
        browser.close()
    return spread(waits[1:])


def _wait(browser: Any, link: str) -> float:
    with browser.new_context() as visit:
        page = visit.new_page()
        page.set_default_timeout(_PATIENCE)
        page.goto(link)
        page.wait_for_function("document.body.dataset.arrived")  # what a link asks for is set
        page.evaluate(_LISTEN)
        page.click("#compose")
        page.wait_for_function("window.sounded")
        waited = page.evaluate("window.sounded - window.pressed") / 1000
        page.wait_for_selector(".roll[data-state=ready]")  # whole before the next one asks
        return waited
