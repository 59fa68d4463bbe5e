"""What the page is told of a piece while it is written, and what is kept of one that is stopped."""

import itertools

import numpy as np
import pytest
import soundfile

from posterbeat import PosterBeat
from posterbeat.audio.fluidsynth import library
from posterbeat.controls import Controls
from posterbeat.genres import mixture
from posterbeat.steps import Cut
from posterbeat.ui.live import Live
from tests.test_hearing import BARS, Composer

MIX = mixture("horror")


@pytest.fixture
def live_of(tmp_path, monkeypatch):
    """A function from a composer to a studio's models and a piece that is being written by them."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr("posterbeat.hearing._EVERY", 0)

    def begin(composer):
        beat = PosterBeat(None, composer)
        hearing = beat.stream(MIX, seed=3)
        return beat, hearing, Live(hearing, MIX, Controls(seed=3), None)

    return begin


def test_notes_and_sound_grow_until_the_file_is_the_takes(live_of):
    beat, hearing, live = live_of(Composer())
    told = []
    for value in live.values():
        assert live.wav.stat().st_size == 44 + 4 * value["samples"] and value["live"]
        told.append(value)
        beat.composer.heard.set()
    samples = [value["samples"] for value in told]
    assert samples == sorted(set(samples)) and live.share == 1
    assert all(value["longest"] > value["seconds"] >= hearing.track.score.seconds for value in told)
    assert len(told[0]["notes"]) <= len(told[-1]["notes"]) == 5 * len(hearing.track.score)
    assert np.array_equal(soundfile.read(live.wav, dtype="int16")[0], hearing.track.audio)
    assert live.wav.read_bytes() == hearing.track.save(live.wav.with_name("saved.wav")).read_bytes()


@pytest.mark.skipif(not library(), reason="FluidSynth's library plays while it is written: it is not installed here")
def test_what_was_written_when_it_stopped_is_composed_again_by_its_recipe(live_of):
    beat, hearing, live = live_of(Composer())
    assert live.written("") is None
    for _ in itertools.islice(live.values(), 1):
        written = live.written("")
    beat.composer.heard.set()
    assert written.steps == (Cut(5),) and 5 < BARS
    assert written.score.plan.bars == 5 and written.score.seconds <= written.score.second(5 * written.score.bar)
    again = beat.again(written.recipe)
    assert again.score == written.score and again.score.plan == written.score.plan


def test_all_of_it_needs_no_cut(live_of):
    beat, hearing, live = live_of(Composer(by_bars=False))
    for _ in live.values():
        pass
    assert live.written("").steps == () and live.written("").score == hearing.track.score
