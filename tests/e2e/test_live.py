"""A piece is heard and seen while it is written, stopped in the midst of it, and kept as far as it went."""

import io
import re

import numpy as np
import pretty_midi
import pytest
import soundfile
from playwright.sync_api import expect

from posterbeat import Track
from tests.served import served

LONG = "?horror=1&notes=2000&seed=5"
# What is set side by side: when, for when, from which second of its buffer, how long that is; and the first one's left side.
LISTEN = """() => {
  window.set = []; window.wave = null;
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (when, offset, ...more) {
    window.set.push({ now: this.context.currentTime, when, offset, length: this.buffer.length });
    window.wave ??= Array.from(this.buffer.getChannelData(0).subarray(0, 15000), (value) => Math.round(32768 * value)).join();
    return start.call(this, when, offset, ...more);
  };
}"""
HEARD = """() => { const roll = document.querySelector(".roll"), audio = roll.querySelector("audio");
  return roll.dataset.state === "live" && audio.currentTime > 0.2 && !audio.paused; }"""
STOPPED = f"() => ({HEARD})() && (document.querySelector('#stop').click(), true)"  # before it is written to its end


def test_a_piece_is_heard_while_it_is_written_and_goes_on_when_it_is_whole(visit):
    visitor = visit(link=served() + "?horror=1&notes=300&seed=5")
    page = visitor.page
    page.evaluate(LISTEN)
    page.click("#compose")
    page.wait_for_function(HEARD)
    expect(page.locator(".roll .title")).to_have_text("Music for a horror film")
    at = page.evaluate("document.querySelector('.roll audio').currentTime")
    page.wait_for_selector(".roll[data-state=ready]")
    page.wait_for_selector("#compose", state="visible")
    page.wait_for_function("at => document.querySelector('.roll audio').currentTime > at", arg=at)
    expect(page.locator(".roll .score")).to_have_attribute("aria-label", re.compile("Piano roll: 300 notes"))
    wave, rate = soundfile.read(io.BytesIO(visitor.download("#wav", "wav")), dtype="int16")
    assert abs(page.evaluate("document.querySelector('.roll audio').duration") - len(wave) / rate) < 0.01
    heard = page.evaluate("window.set")
    for before, after in zip(heard, heard[1:]):
        end = before["when"] + before["length"] / rate - before["offset"]
        assert abs(after["when"] - end) < 1e-6 or after["now"] > end - 0.02  # on the sample, if it was there in time
    first = np.array(page.evaluate("window.wave").split(","), int)
    assert np.array_equal(first, wave[:len(first), 0])


def test_what_was_written_before_stop_can_be_kept(visit):
    visitor = visit(link=served() + LONG)
    page = visitor.page
    page.click("#compose")
    page.wait_for_function(STOPPED)
    expect(page.locator("#stage")).to_contain_text("can be kept")
    expect(page.locator(".roll")).to_have_attribute("data-state", "invited")
    assert page.evaluate("document.querySelector('.roll audio').paused")
    keep = page.locator("#keep")
    seconds = int(re.fullmatch(r"Keep these (\d+) seconds", keep.inner_text())[1])
    keep.click()
    page.wait_for_selector(".roll[data-state=ready]")
    expect(keep).to_be_hidden()
    midi = visitor.midi()
    assert pretty_midi.PrettyMIDI(io.BytesIO(midi)).get_end_time() == pytest.approx(seconds, abs=0.6)
    track = Track.from_midi(midi)
    assert [str(step).partition(":")[0] for step in track.steps] in (["cut"], [])  # or all was written, and not yet heard
    assert track.seed == 5
    assert soundfile.info(io.BytesIO(visitor.download("#wav", "wav"))).duration > seconds - 1


def test_stop_brings_the_take_before_back(visit):
    visitor = visit(link=served() + "?horror=1&notes=32&seed=6")
    page = visitor.page
    visitor.compose()
    page.evaluate("document.querySelector('.roll audio').pause()")
    visitor.set("notes", 2000)
    page.click("#compose")
    page.wait_for_function(STOPPED)
    expect(page.locator(".roll")).to_have_attribute("data-state", "ready")
    expect(page.locator(".roll .score")).to_have_attribute("aria-label", re.compile("Piano roll: 32 notes"))
    assert page.evaluate("document.querySelector('.roll audio').paused")
