"""MP3: the same bytes however the sound comes, none of it lost, and heard where it should be."""

import io

import numpy as np
import pytest
import soundfile

from posterbeat.audio.mp3 import Mp3, encoded

RATE = 44100


@pytest.fixture(scope="module")
def sound():
    time = np.arange(int(3.3 * RATE)) / RATE
    sweep = np.sin(2 * np.pi * (200 * time + 400 * time ** 2))
    return np.round(np.stack([sweep, 0.5 * sweep], axis=1) * 20000).astype(np.int16)


@pytest.mark.parametrize("size", [64, 1000, 16384, 10 ** 6])
def test_how_the_sound_is_divided_changes_no_byte(sound, size):
    mp3 = Mp3(RATE)
    for start in range(0, len(sound), size):
        mp3.write(sound[start:start + size])
    assert mp3.finish() == encoded(sound, RATE)


def test_it_reads_back_as_long_and_in_place(sound):
    again, rate = soundfile.read(io.BytesIO(encoded(sound, RATE)))
    assert rate == RATE and len(again) == len(sound)
    error = again - sound / 32768
    assert np.sqrt((error ** 2).mean()) < 0.04 * np.sqrt(((sound / 32768) ** 2).mean())


def test_its_bit_rate_is_that_of_good_music(sound):
    assert len(encoded(sound, RATE)) * 8 / (len(sound) / RATE) == pytest.approx(192_000, rel=0.05)
