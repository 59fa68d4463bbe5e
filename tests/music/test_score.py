import io

import numpy as np
import pytest

from posterbeat.errors import ScoreError
from posterbeat.instruments import DRUMS
from posterbeat.music.score import Score
from tests.music.made import chance, tune


def _through_midi(score: Score) -> Score:
    file = io.BytesIO()
    score.to_midi().write(file)
    return Score.from_midi(file.getvalue())


@pytest.mark.parametrize("seed", range(20))
def test_a_score_survives_midi_on_the_grid(seed):
    score = chance(seed)
    again = _through_midi(score)
    for name in ("onset", "duration", "pitch", "velocity", "program"):
        np.testing.assert_array_equal(getattr(again, name), getattr(score, name), err_msg=name)
    assert again.tempo == pytest.approx(score.tempo, abs=0.01)
    assert again.bar == score.bar


@pytest.mark.parametrize("bar", [24, 36, 48, 60, 42])
def test_the_metre_survives_midi(bar):
    score = tune()
    score = Score(score.onset, score.duration, score.pitch, score.velocity, score.program, tempo=90, bar=bar)
    assert _through_midi(score).bar == bar


def test_notes_are_kept_in_order_of_onset_family_and_pitch():
    score = Score([12, 0, 0, 0], [1] * 4, [60, 64, 40, 38], [80] * 4, [0, 0, 33, DRUMS])
    assert score.onset.tolist() == [0, 0, 0, 12]
    assert score.family.tolist() == [0, 4, 16, 0]


def test_overlapping_notes_of_one_pitch_become_two_that_touch():
    score = Score([0, 6], [24, 24], [60, 60], [80, 80], [0, 0])
    assert _through_midi(score).duration.tolist() == [6, 24]


def test_drums_stay_drums_and_instruments_keep_their_programs():
    midi = tune().to_midi()
    assert {(track.program, track.is_drum) for track in midi.instruments} == {(73, False), (33, False), (0, True)}


@pytest.mark.parametrize("data", [b"", b"MThd", b"not midi at all", tuple()])
def test_what_is_not_midi_is_refused_in_a_sentence(data, tmp_path):
    source = tmp_path / "missing.mid" if data == tuple() else data
    with pytest.raises(ScoreError, match="not a readable MIDI file"):
        Score.from_midi(source)


def test_midi_without_notes_is_refused():
    import pretty_midi

    with pytest.raises(ScoreError, match="no note"):
        Score.from_midi(pretty_midi.PrettyMIDI())


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(ScoreError, match="one length"):
        Score([0, 1], [1], [60], [80], [0])
