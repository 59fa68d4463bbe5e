"""Playing as people do: small deviations, repeatable, never a note lost, and the future changes nothing of the past."""

import numpy as np
import pytest
from scores import BAR, beginning, score

from posterbeat.audio.perform import LATEST, perform
from posterbeat.errors import RenderError
from posterbeat.music.score import Score


@pytest.fixture
def plain():
    onset = np.tile(np.arange(200) * 6, 3)
    return Score(onset, np.full(600, 18), 60 + onset // 6 % 3, np.full(600, 80), np.repeat([0, 33, 128], 200), tempo=120)


def of(performance, seat):
    rows = performance.seat == seat
    return performance.start[rows], performance.end[rows], performance.pitch[rows]


def test_notes_move_a_few_milliseconds_and_the_bass_and_drums_less(plain):
    performance = perform(plain, 3)
    moved = [np.abs(of(performance, seat)[0] - np.arange(200) * 0.25) for seat in range(3)]
    assert 0.002 < moved[0].mean() < 0.008 and moved[0].max() <= 0.018 + 1e-9
    assert moved[1].mean() < 0.6 * moved[0].mean() and moved[2].mean() < 0.6 * moved[0].mean()


def test_the_seed_decides_and_each_part_has_its_own_deviations(plain):
    assert np.array_equal(perform(plain, 1).start, perform(plain, 1).start)
    assert not np.array_equal(perform(plain, 1).start, perform(plain, 2).start)
    alone = Score(*(array[plain.program == 0] for array in (plain.onset, plain.duration, plain.pitch, plain.velocity,
                                                            plain.program)), tempo=120)
    assert np.array_equal(of(perform(alone, 1), 0)[0], of(perform(plain, 1), 0)[0])


def test_every_note_stays_and_none_sounds_into_the_next_of_its_pitch(plain):
    performance = perform(plain, 5)
    assert len(performance.start) == len(plain) and performance.start.min() >= 0
    assert performance.velocity.min() >= 1 and performance.velocity.max() <= 127
    for seat in range(3):
        start, end, pitch = of(performance, seat)
        for one in set(pitch.tolist()):
            rows = pitch == one
            assert np.all(start[rows][1:] > start[rows][:-1]) and np.all(end[rows][:-1] <= start[rows][1:] + 1e-9)


def test_notes_keep_their_order_at_any_tempo():
    onset = np.arange(300)
    fast = Score(onset, np.ones(300), np.full(300, 60), np.full(300, 80), np.zeros(300), tempo=220)
    start = perform(fast, 1).start
    assert np.all(np.diff(start) > 0)


def test_a_score_whose_overlaps_were_cut_is_played_as_before():
    whole = score()
    cut = whole.without_overlaps()
    assert (cut.duration.sum() < whole.duration.sum())
    assert np.array_equal(perform(whole, 7).events(1000), perform(cut, 7).events(1000))


@pytest.mark.parametrize("bars", [1, 3, 7])
def test_what_comes_later_changes_nothing_of_what_was_played(bars):
    whole = score()
    until = bars * BAR / 12 * 60 / whole.tempo - LATEST
    events, early = perform(whole, 7).events(10000), perform(beginning(whole, bars), 7, whole.tracks()).events(10000)
    assert np.array_equal(events[events[:, 0] < until * 10000], early[early[:, 0] < until * 10000])
    assert len(early) < len(events)


def test_players_of_one_instrument_are_numbered():
    assert [seat.name for seat in perform(score(), 1).seats] == ["Drum kit", "Electric Bass (finger)", "Violin", "Violin 2",
                                                                 "Pad 2 (warm)"]


def test_no_notes_is_an_error():
    with pytest.raises(RenderError, match="no note"):
        perform(Score(*[np.zeros(0, int)] * 5), 1)
