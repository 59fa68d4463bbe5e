"""Humanising: small, repeatable, and never a note lost."""

import numpy as np
import pretty_midi
import pytest

from posterbeat.audio.perform import humanise


@pytest.fixture
def midi():
    midi = pretty_midi.PrettyMIDI()
    for program, drums in ((0, False), (33, False), (0, True)):
        track = pretty_midi.Instrument(program, is_drum=drums)
        track.notes = [pretty_midi.Note(80, 60 + index % 3, 0.25 * index, 0.25 * index + 0.75) for index in range(200)]
        midi.instruments.append(track)
    return midi


def starts(midi, track):
    return np.array([note.start for note in midi.instruments[track].notes])


def test_notes_move_a_few_milliseconds_and_the_bass_less(midi):
    moved = [np.abs(starts(humanise(midi, 3), track) - starts(midi, track)) for track in range(3)]
    assert 0.002 < moved[0].mean() < 0.008 and moved[0].max() <= 0.018 + 1e-9
    assert moved[1].mean() < 0.6 * moved[0].mean() and moved[2].mean() < 0.6 * moved[0].mean()


def test_the_seed_decides_and_the_score_is_left_alone(midi):
    before = starts(midi, 0).copy()
    assert np.array_equal(starts(humanise(midi, 1), 0), starts(humanise(midi, 1), 0))
    assert not np.array_equal(starts(humanise(midi, 1), 0), starts(humanise(midi, 2), 0))
    assert np.array_equal(before, starts(midi, 0))


def test_every_note_stays_and_none_sounds_into_the_next_of_its_pitch(midi):
    for track in humanise(midi, 5).instruments:
        assert len(track.notes) == 200
        for pitch in (60, 61, 62):
            line = sorted((note.start, note.end) for note in track.notes if note.pitch == pitch)
            assert all(start < end for start, end in line)
            assert all(end <= after for (_, end), (after, _) in zip(line, line[1:]))
        assert all(note.start >= 0 and 1 <= note.velocity <= 127 for note in track.notes)
