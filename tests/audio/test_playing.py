"""Playing apart: parts that add up, sound before the piece is written, and a process that may fail."""

import logging
import os
import sys
import threading
import time

import numpy as np
import pytest
from scores import BAR, beginning, score

from posterbeat.audio import playing
from posterbeat.audio.perform import perform
from posterbeat.audio.render import render
from posterbeat.audio.stream import Stream
from posterbeat.errors import RenderError
from posterbeat.music.score import Score

SEED = 7


@pytest.fixture(scope="module")
def piece():
    return score(8)


@pytest.fixture(scope="module")
def whole(piece):
    return render(perform(piece, SEED))


def seconds_of(bars, piece):
    return bars * BAR / 12 * 60 / piece.tempo


def energy(sound):
    return float(np.square(sound, dtype=np.float64).sum())


def test_parts_add_up_to_the_whole(each_renderer, piece):
    sound = render(perform(piece, SEED), stems=True)
    stems = sound.stems.read()
    assert list(stems) == ["Drum kit", "Electric Bass (finger)", "Violin", "Violin 2", "Pad 2 (warm)"]
    assert all(stem.dtype == np.int16 and stem.shape == sound.samples.shape and stem.any() for stem in stems.values())
    difference = sum(stem.astype(int) for stem in stems.values()) - sound.samples
    assert energy(difference) < 0.005 * energy(sound.samples)
    alone = render(perform(piece, SEED), stems=False)
    assert np.array_equal(alone.samples, sound.samples)


def test_stems_lie_on_disk_as_long_as_they_are_wanted(with_fluidsynth, piece):
    sound = render(perform(piece, SEED), stems=True)
    files = sound.stems.files
    assert sum(file.stat().st_size for file in files) < 0.6 * len(sound.stems.names) * sound.samples.nbytes
    del sound
    assert not any(file.exists() for file in files)


def test_the_number_of_cores_changes_no_byte(with_fluidsynth, piece, whole):
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system does not let a process choose its cores")
    cores = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(cores)})
        assert np.array_equal(render(perform(piece, SEED)).samples, whole.samples)
    finally:
        os.sched_setaffinity(0, cores)


def test_a_piece_that_is_played_while_it_is_written_is_the_same(with_fluidsynth, piece, whole):
    stream = Stream(perform(piece, SEED))
    heard = threading.Event()

    def compose():
        for bars in range(1, 8):
            stream.feed(perform(beginning(piece, bars), SEED, piece.tracks()), seconds_of(bars, piece))
            if bars == 4:
                assert heard.wait(60)  # sound comes though half of the piece does not exist
        stream.feed(perform(piece, SEED))

    composer = threading.Thread(target=compose)
    composer.start()
    blocks = []
    for block in stream.blocks():
        blocks.append(block)
        heard.set()
    composer.join()
    assert len(blocks) > 10
    assert np.array_equal(np.concatenate(blocks), whole.samples)


def test_bars_of_silence_at_the_end_are_not_played_before_it_is_known_that_notes_follow(with_fluidsynth, piece, whole):
    stream = Stream(perform(piece, SEED))
    stream.feed(perform(piece, SEED, piece.tracks()), seconds_of(20, piece))  # twelve bars in which nobody plays
    stream.feed(perform(piece, SEED))
    assert np.array_equal(np.concatenate(list(stream.blocks())), whole.samples)


def test_a_composer_that_fails_is_heard_by_who_listens(each_renderer, piece):
    stream = Stream(perform(piece, SEED))
    stream.feed(perform(beginning(piece, 2), SEED, piece.tracks()), seconds_of(2, piece))
    stream.fail(ZeroDivisionError("no bar left"))
    with pytest.raises(ZeroDivisionError, match="no bar left"):
        list(stream.blocks())


def test_who_stops_listening_ends_the_process(with_fluidsynth, piece):
    stream = Stream(perform(piece, SEED))
    stream.feed(perform(piece, SEED))
    blocks = stream.blocks()
    next(blocks)
    process = stream._playing._process
    blocks.close()
    assert process.poll() is not None


def test_more_parts_than_midi_has_channels_are_all_heard(with_fluidsynth):
    one = score(2)
    rows = [np.tile(array, 20) for array in (one.onset, one.duration, one.pitch, one.velocity)]
    part = np.repeat(np.arange(20), len(one))
    crowd = Score(*rows, 40 + part, tempo=one.tempo, part=part)
    stems = render(perform(crowd, SEED), stems=True).stems.read()
    assert len(stems) == 20 and all(np.abs(stem.astype(int)).max() > 50 for stem in stems.values())


# A process that misbehaves: the sampler plays instead, and the log says why

@pytest.fixture
def instead(with_fluidsynth, monkeypatch):
    """Has a Python script run in place of the process that plays."""

    def put(script):
        monkeypatch.setattr(playing, "_COMMAND", [sys.executable, "-c", script])

    return put


HALF = "import sys, struct, time; sys.stdout.buffer.write(struct.pack('>cI', b'S', 4000) + bytes(range(200)) * 20); " \
       "sys.stdout.buffer.flush(); "


@pytest.mark.parametrize(("script", "reason"), [
    ("import os; os.abort()", "ended before"),
    ("import sys; sys.exit(3)", "ended before"),
    ("import time; time.sleep(60)", "played nothing for 2 s"),
    ("import sys; sys.stdout.buffer.write(bytes(3))", "ended before"),
    ("import sys, struct; sys.stdout.buffer.write(struct.pack('>cI', b'E', 8) + b'No sound')", "No sound"),
], ids=["crashes", "fails", "hangs", "is cut off", "says why"])
def test_when_the_process_fails_the_sampler_plays(instead, monkeypatch, piece, caplog, script, reason):
    monkeypatch.setattr(playing, "_STALL", 2.0)
    instead(script)
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        sound = render(perform(piece, SEED), stems=True)
    assert reason in caplog.text and "sampler plays instead" in caplog.text
    assert sound.renderer == "symusic, as FluidSynth failed" and np.abs(sound.samples.astype(int)).max() > 20000
    assert len(sound.stems.read()) == 5
    assert time.monotonic() - began < 60


def test_a_process_that_fails_after_the_first_sound_is_an_error(instead, piece):
    instead(HALF)
    blocks = Stream(perform(piece, SEED))
    blocks.feed(perform(piece, SEED))
    heard = blocks.blocks()
    assert next(heard).shape == (1000, 2)
    with pytest.raises(RenderError, match="ended before the piece did"):
        next(heard)


def test_without_room_the_stems_are_refused_in_a_sentence(with_fluidsynth, piece, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(RenderError, match="room"):
        render(perform(piece, SEED), stems=True)
