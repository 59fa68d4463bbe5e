"""Measures on small made pieces whose figures are known."""

import numpy as np
import pytest

from posterbeat import evaluation
from posterbeat.instruments import DRUMS
from posterbeat.music.score import Score


def tune(pitches, steps=12, program=0, tempo=120.0, bar=48):
    """A melody, one note after another; `steps` is one onset step or one for each note."""
    steps = np.broadcast_to(steps, (len(pitches),))
    onset = np.concatenate([[0], np.cumsum(steps[:-1])])
    return Score(onset, steps, np.array(pitches), np.full(len(pitches), 80), np.full(len(pitches), program),
                 tempo=tempo, bar=bar)


def together(*scores):
    """Several scores at once."""
    fields = ("onset", "duration", "pitch", "velocity", "program")
    return Score(*(np.concatenate([getattr(score, name) for score in scores]) for name in fields),
                 tempo=scores[0].tempo, bar=scores[0].bar)


def wander(seed, notes, low=48, high=84):
    """A random tune with random rhythm."""
    rng = np.random.default_rng(seed)
    return tune(rng.integers(low, high, notes), rng.choice([3, 6, 9, 12, 18, 24], notes))


def cut(score, start, stop, shift=0):
    """Notes `start` to `stop` of a tune, transposed."""
    return tune(score.pitch[start:stop] + shift, score.duration[start:stop])


# copying

@pytest.fixture(scope="module")
def index():
    return evaluation.CopyIndex([evaluation.melody_pairs(wander(seed, 400)) for seed in range(20)])


@pytest.mark.parametrize("shift", [-11, 0, 5])
def test_a_transposed_excerpt_of_a_training_piece_is_caught_with_its_length(index, shift):
    stolen = cut(wander(7, 400), 100, 151, shift)
    own = wander(1000, 120)
    piece = tune(np.concatenate([own.pitch[:60], stolen.pitch, own.pitch[60:]]),
                 np.concatenate([own.duration[:60], stolen.duration, own.duration[60:]]))
    length, where = index.matches(evaluation.melody_pairs(piece))
    assert length.max() == 50  # fifty-one notes are fifty pairs
    assert length.argmax() == 60
    assert where[60] == 7
    assert index.longest(piece) == 50
    assert index.share(piece) == pytest.approx(43 / (171 - 1 - 7))  # 50 pairs hold 43 runs of eight


def test_a_copied_tune_is_caught_under_a_new_accompaniment_with_the_same_onsets(index):
    stolen = cut(wander(3, 400), 10, 60)
    below = Score(stolen.onset, stolen.duration, stolen.pitch - 24, stolen.velocity, np.full(50, 40))
    assert index.longest(together(stolen, below)) == 49


def test_another_rhythm_is_not_a_copy(index):
    stolen = cut(wander(7, 400), 100, 160)
    slower = tune(stolen.pitch, stolen.duration * 2)
    assert index.longest(slower) < 8
    assert index.share(slower) == 0


def test_a_whole_training_piece_is_copied_from_end_to_end(index):
    piece = wander(12, 400)
    assert index.longest(piece) == 399
    assert index.share(piece) == 1


def test_a_match_does_not_run_from_one_training_piece_into_the_next():
    first, second = wander(1, 50), wander(2, 50)
    index = evaluation.CopyIndex([evaluation.melody_pairs(first), evaluation.melody_pairs(second)])
    joined = np.concatenate([evaluation.melody_pairs(first), evaluation.melody_pairs(second)])
    length, _ = index.matches(joined)
    assert length.max() == 49
    assert length[0] == 49


def test_matches_agree_with_a_plain_search():
    rng = np.random.default_rng(5)
    melodies = [rng.integers(1, 4, rng.integers(0, 40)).astype(np.uint16) for _ in range(12)]
    index = evaluation.CopyIndex(melodies)
    piece = rng.integers(1, 5, 60).astype(np.uint16)
    texts = ["".join(map(chr, melody)) for melody in melodies]
    asked = "".join(map(chr, piece))
    length, where = index.matches(piece)
    for start in range(len(asked)):
        longest = max((end for end in range(len(asked) - start + 1)
                       if any(asked[start:start + end] in text for text in texts)), default=0)
        assert length[start] == longest
        assert asked[start:start + longest] in texts[where[start]]


def test_an_index_comes_back_from_its_file(index, tmp_path):
    index.save(tmp_path / "index.npz")
    again = evaluation.CopyIndex.load(tmp_path / "index.npz")
    assert len(again) == 20
    assert again.longest(wander(12, 400)) == 399


def test_the_skyline_is_the_highest_note_at_every_onset_without_drums():
    piece = together(tune([60, 64, 67]), tune([72, 50, 40]), tune([100, 100, 100], program=DRUMS))
    onset, pitch = evaluation.skyline(piece)
    assert onset.tolist() == [0, 12, 24]
    assert pitch.tolist() == [72, 64, 67]


def test_a_piece_for_drums_has_no_melody(index):
    drums = tune([36] * 20, program=DRUMS)
    assert len(evaluation.melody_pairs(drums)) == 0
    assert index.longest(drums) == 0


# collapse

def test_a_piece_of_one_pitch_is_collapsed():
    assert evaluation.collapsed(tune([60] * 40))
    assert evaluation.collapsed(tune([60, 60, 62] * 20, steps=[9, 12, 15] * 20))


def test_half_of_the_notes_on_one_pitch_is_not_collapsed():
    rng = np.random.default_rng(0)
    other = rng.integers(61, 80, 40)
    pitches = np.stack([np.full(40, 60), other], 1).ravel()
    assert not evaluation.collapsed(tune(pitches, steps=np.tile([9, 6], 40)))


def test_a_bar_nine_times_on_end_is_collapsed_and_eight_times_is_not():
    bar = [60, 64, 67, 72]
    before, after = [61, 63, 66, 70] * 2, [59, 62, 65, 69] * 2
    assert evaluation.longest_repeat(tune(before + bar * 9 + after)) == 9
    assert evaluation.collapsed(tune(before + bar * 9 + after))
    assert not evaluation.collapsed(tune(before + bar * 8 + after))


def test_drums_do_not_collapse_a_piece_that_plays_on():
    drums = tune([42] * 100, steps=4, program=DRUMS)
    assert not evaluation.collapsed(together(wander(1, 40), drums))


# MusPy's figures

def test_pitch_class_entropy_counts_even_classes():
    assert evaluation.pitch_class_entropy(tune([60, 72, 48])) == 0
    assert evaluation.pitch_class_entropy(tune([60, 62, 64, 65])) == pytest.approx(2)
    assert evaluation.pitch_class_entropy(tune(range(60, 72))) == pytest.approx(np.log2(12))
    assert np.isnan(evaluation.pitch_class_entropy(tune([36, 38], program=DRUMS)))


def test_scale_consistency_is_the_best_scales_share():
    assert evaluation.scale_consistency(tune([62, 64, 66, 67, 69, 71, 73])) == 1  # D major
    assert evaluation.scale_consistency(tune(range(60, 72))) == pytest.approx(7 / 12)


def test_groove_consistency_tells_steady_from_changing_bars():
    steady = Score([0, 12, 48, 60], [6] * 4, [60] * 4, [80] * 4, [0] * 4)
    changing = Score([0, 12, 54, 66], [6] * 4, [60] * 4, [80] * 4, [0] * 4)
    assert evaluation.groove_consistency(steady) == 1
    assert evaluation.groove_consistency(changing) == pytest.approx(1 - 4 / 48)


def test_onsets_are_told_by_their_place_in_the_beat():
    places = evaluation.onset_places(Score([0, 6, 12, 15, 48], [3] * 5, [60] * 5, [80] * 5, [0] * 5))
    assert places == pytest.approx({"beat": 0.6, "half": 0.2, "elsewhere": 0.2, "bar": 0.4})


# voices

def test_voices_count_families_sounding_notes_and_bass():
    high = Score([0, 0, 48], [24, 24, 24], [72, 76, 72], [80] * 3, [0, 0, 40])
    bass = Score([0], [24], [36], [80], [33])
    drums = Score([48], [6], [36], [80], [DRUMS])
    playing = evaluation.voices(together(high, bass, drums))
    assert playing["families"] == 4  # piano, strings, bass, drums
    assert playing["at_once"] == pytest.approx((3 * 24 + 24) / 48)
    assert playing["bass"] == 0.5  # a kick drum is no bass note


# form

def test_a_theme_that_returns_is_seen():
    theme, middle = [60, 64, 67, 72, 71, 67, 65, 62], [61, 63, 66, 68, 70, 73, 75, 78] * 3
    piece = tune(theme + middle + theme)
    assert evaluation.opening_returns(piece)
    assert not evaluation.opening_returns(tune(theme + middle))
    assert evaluation.opening_returns(tune(theme + middle + [64, 64] + theme, steps=[12] * 32 + [24, 24] + [12] * 8))


def test_a_theme_an_octave_higher_returns_all_the_same():
    theme, middle = [60, 64, 67, 72, 71, 67, 65, 62], list(wander(4, 24).pitch)
    assert evaluation.opening_returns(tune(theme + middle + [pitch + 12 for pitch in theme]))


def test_a_repetition_at_once_is_no_return_of_the_opening():
    theme = [60, 64, 67, 72, 71, 67, 65, 62]
    assert not evaluation.opening_returns(tune(theme + theme + list(wander(4, 24).pitch)))


def test_returning_bars_are_counted_from_the_fifth():
    first = [[60 + number] * 4 for number in range(4)]
    later = [first[1], [70] * 4, first[2], [71] * 4]
    assert evaluation.returning_bars(tune(np.concatenate(first + later))) == 0.5
    assert np.isnan(evaluation.returning_bars(tune(np.concatenate(first))))


def test_bars_that_share_too_little_do_not_match():
    one, other = [60, 62, 64, 65], [60, 62, 69, 70]  # two of six in common
    assert evaluation.returning_bars(tune(one + [71, 73] * 6 + other)) == 0


@pytest.mark.parametrize(("last", "ended"), [
    (Score([96, 96, 96], [36] * 3, [48, 64, 67], [80] * 3, [0] * 3), True),  # the tonic's chord, held
    (Score([96, 96, 96], [6] * 3, [48, 64, 67], [80] * 3, [0] * 3), True),  # struck, then a rest
    (Score([96, 96, 96], [12] * 3, [50, 65, 69], [80] * 3, [0] * 3), False),  # a chord without the tonic
    (Score([96, 108, 120, 132], [12] * 4, [67, 65, 64, 60], [80] * 4, [0] * 4), False),  # it plays on
])
def test_an_ending_is_one_chord_with_the_tonic(last, ended):
    before = tune([60, 64, 67, 72, 60, 67, 64, 60])
    assert evaluation.ends(together(before, last)) is ended


# overlapped area

def make_set(seed, number, low, high):
    rng = np.random.default_rng(seed)
    pieces = []
    for _ in range(number):
        centre = rng.integers(low, high)
        pieces.append(tune(centre + rng.integers(-6, 7, 60), rng.choice([6, 12], 60)))
    return [evaluation.overlap_features(piece) for piece in pieces]


def test_pieces_of_one_kind_overlap_and_others_do_not():
    real, like = make_set(1, 40, 55, 65), make_set(2, 40, 55, 65)
    stuck = [evaluation.overlap_features(tune([60] * 60, 1)) for _ in range(40)]
    same, other = evaluation.overlapped_area(like, real), evaluation.overlapped_area(stuck, real)
    assert same["mean"] > 0.85
    assert other["mean"] < 0.5
    assert all(0 <= area <= 1.0001 for area in (*same.values(), *other.values()))


# style

def test_style_does_not_change_with_the_key():
    piece = together(tune([60, 62, 64, 65, 67, 69, 71, 72] * 4), tune([48, 48, 53, 55] * 8, program=33))
    higher = Score(piece.onset, piece.duration, piece.pitch + 2, piece.velocity, piece.program)
    names = evaluation.STYLE_FEATURES
    for name, one, two in zip(names, evaluation.style_features(piece), evaluation.style_features(higher)):
        if name.startswith(("degree", "minor", "share", "on ", "melody s", "pitch-class")):
            assert one == pytest.approx(two), name


@pytest.mark.parametrize("piece", [tune([60]), tune([36, 38], program=DRUMS), wander(1, 500)])
def test_style_is_finite_for_every_piece(piece):
    features = evaluation.style_features(piece)
    assert features.shape == (len(evaluation.STYLE_FEATURES),)
    assert np.isfinite(features).all()
    assert len(set(evaluation.STYLE_FEATURES)) == len(evaluation.STYLE_FEATURES)
