"""The parts of a take are mixed while it plays, and taken away apart or as they were mixed."""

import io
import zipfile

import numpy as np
import soundfile
from playwright.sync_api import expect

from tests.served import served

LINK = "?comedy=1&notes=200&seed=3"
# How loud is what leaves the page: whatever is connected to the loudspeaker is measured, too.
METER = """() => {
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      window.meter = new AnalyserNode(this.context, { fftSize: 8192 }); connect.call(this, window.meter); }
    return connect.call(this, to, ...more);
  };
  window.loudness = () => { const wave = new Float32Array(8192); window.meter?.getFloatTimeDomainData(wave);
    return Math.max(...wave.map(Math.abs)); };
}"""
SILENT, HEARD = "() => window.meter && window.loudness() < 1e-4", "() => window.loudness() > 2e-3"


def test_parts_are_silenced_heard_alone_and_made_softer_while_it_plays(visit):
    visitor = visit(link=served() + LINK)
    page = visitor.page
    page.evaluate(METER)
    visitor.compose()
    page.click(".roll .loop")
    page.wait_for_function("document.querySelector('.roll audio').currentTime > 0.3")
    length = page.evaluate("document.querySelector('.roll audio').duration")
    mutes = page.locator(".roll .mute")
    assert mutes.count() > 1
    for mute in mutes.all():
        mute.click()
        expect(mute).to_have_attribute("aria-pressed", "false")
    page.wait_for_function("document.querySelector('.roll audio').src.startsWith('blob:')")  # what is heard is mixed here
    page.wait_for_function(SILENT)
    assert not page.evaluate("document.querySelector('.roll audio').paused")
    solo = page.locator(".roll .solo").first
    solo.click()
    expect(solo).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(HEARD)
    page.locator(".roll .level").first.fill("0")
    page.wait_for_function(SILENT)
    page.locator(".roll .level").first.fill("1")
    page.wait_for_function(HEARD)
    page.locator(".roll .volume").fill("0")
    page.wait_for_function(SILENT)
    assert abs(page.evaluate("document.querySelector('.roll audio').duration") - length) < 0.01


def test_parts_can_be_downloaded_apart_and_as_they_were_mixed(visit):
    visitor = visit(link=served() + LINK)
    page = visitor.page
    visitor.compose()
    whole, _ = soundfile.read(io.BytesIO(visitor.download("#wav", "wav")), dtype="int16")
    archive = zipfile.ZipFile(io.BytesIO(visitor.download("#stems", "zip")))
    parts = {name.removesuffix(".wav"): soundfile.read(io.BytesIO(archive.read(name)), dtype="int16")[0].astype(int)
             for name in archive.namelist()}
    assert np.square(sum(parts.values()) - whole, dtype=float).sum() < 0.005 * np.square(whole, dtype=float).sum()
    expect(page.locator("#mix-wav")).to_be_hidden()
    silent = page.locator(".roll .part").first
    silent.locator(".mute").click()
    expect(page.locator("#mix-wav")).to_be_visible()
    mixed, _ = soundfile.read(io.BytesIO(visitor.download("#mix-wav", "wav")), dtype="int16")
    others = sum(sound for name, sound in parts.items() if name != silent.get_attribute("aria-label"))
    assert np.abs(mixed - np.clip(others, -32768, 32767)).max() <= 1
