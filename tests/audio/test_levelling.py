"""Levelling: a known gain, and a limiter that nothing passes and nobody hears at work."""

import numpy as np
import pytest

from posterbeat.audio.levelling import BLOCK, PEAK, Limiter, along, ending, gain_of, gains_of, peaks_of

RATE = 44100


def tone(seconds, level, pitch=220.0):
    return np.tile(level * np.sin(2 * np.pi * pitch * np.arange(int(seconds * RATE)) / RATE), (2, 1))


def limited(sound, chunk=None):
    """Gains along a sound, pushed whole or in chunks of so many blocks."""
    peaks, limiter = peaks_of(sound), Limiter()
    size = chunk or len(peaks)
    pieces = [limiter.push(peaks[start:start + size], last=start + size >= len(peaks)) for start in range(0, len(peaks), size)]
    return along(np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])]))


@pytest.fixture
def bursts():
    """Noise with sudden loud passages, up to 17 dB too loud."""
    random = np.random.default_rng(0)
    sound = random.normal(size=(2, 64 * 4096)) * 0.2
    loud = np.repeat(random.random(4096) > 0.97, 64)
    return np.where(loud, 4 * sound, sound)


def test_nothing_passes_the_limiter(bursts):
    assert np.abs(bursts).max() > 2
    assert np.abs(bursts * limited(bursts)).max() <= PEAK * (1 + 1e-6)


def test_what_is_not_too_loud_is_left_alone():
    assert np.all(limited(tone(1, 0.8)[:, :640 * BLOCK]) == 1)


@pytest.mark.parametrize("chunk", [1, 3, 128])
def test_sound_that_comes_in_pieces_is_limited_as_sound_that_comes_whole(bursts, chunk):
    assert limited(bursts, chunk) == pytest.approx(limited(bursts), abs=1e-6)


def test_the_gain_glides_and_comes_back_slowly():
    sound = np.concatenate([tone(0.5, 0.5), tone(0.2, 3.0), tone(2.5, 0.5)], axis=1)
    gains = limited(sound[:, :sound.shape[1] // BLOCK * BLOCK])
    assert np.abs(np.diff(gains)).max() < 0.002  # a step that is heard as a click is 50 times that
    back = np.flatnonzero(gains > 0.999)
    assert back[back > 0.8 * RATE][0] / RATE == pytest.approx(0.7 + 10.5 / 41, abs=0.1)
    first = np.flatnonzero(gains < 0.999)[0]
    assert 0.48 < first / RATE < 0.5


def test_a_limited_tone_stays_a_tone():
    sound = tone(2, 1.5, 55.0)
    sound = sound[:, :sound.shape[1] // BLOCK * BLOCK]
    out = (sound * limited(sound))[0, RATE:2 * RATE - 100]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out)))) ** 2
    near = np.abs(np.fft.rfftfreq(len(out), 1 / RATE) - 55) < 6
    assert spectrum[~near].sum() < 1e-3 * spectrum.sum()


def test_the_gain_brings_a_passage_to_level_and_its_peaks_near_full_scale():
    random = np.random.default_rng(0)
    soft = random.normal(size=(2, RATE)) * 0.003
    level = np.sqrt(np.mean((gain_of(soft) * soft) ** 2))
    assert 20 * np.log10(level) == pytest.approx(-16, abs=3)
    click = np.zeros((2, RATE))
    click[:, 100] = 0.01
    assert gain_of(click) * 0.01 == pytest.approx(2 * PEAK)
    square = np.sign(tone(1, 1.0)) * 0.5
    assert gain_of(square) * 0.5 == pytest.approx(PEAK)


def test_a_whole_piece_keeps_its_length_and_fades_at_its_end():
    sound = np.concatenate([tone(2, 0.1), tone(1, 0.1) * np.exp(-np.arange(RATE) / 4000)], axis=1).T
    gains = gains_of(sound, 2.0, RATE)
    assert 2 * RATE <= len(gains) < 3 * RATE
    assert abs(gains[-1]) < 1e-6 and gains[RATE] > 1


def test_silence_after_the_last_note_is_cut_and_the_note_is_not():
    sound = np.concatenate([tone(1, 0.5), np.zeros((2, RATE))], axis=1)
    assert len(ending(sound, RATE, RATE)) == pytest.approx(RATE, abs=50)
    assert len(ending(np.zeros((2, 2 * RATE)), RATE, RATE)) == RATE
