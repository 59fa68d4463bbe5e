"""What is learned from is read as the product reads it."""

import io

import numpy as np
import pretty_midi
import pytest

pytest.importorskip("symusic")

from posterbeat.composer.finished_piece import finished  # noqa: E402
from posterbeat.genres import mixture  # noqa: E402
from posterbeat.music.score import Score, bar_of  # noqa: E402
from tests.music.made import chance, tune  # noqa: E402
from train.music.midi_reader import read_piece  # noqa: E402
from train.music.piece_arrays import from_arrays, to_arrays  # noqa: E402


def file_of(midi):
    file = io.BytesIO()
    midi.write(file)
    return file.getvalue()


@pytest.mark.parametrize("seed", range(8))
def test_both_readers_find_the_same_notes_tempo_and_metre(seed):
    data = file_of(chance(seed).to_midi())
    quick, error = read_piece(data)
    plain = Score.from_midi(data)
    for name in ("onset", "duration", "pitch", "velocity", "program"):
        np.testing.assert_array_equal(getattr(quick, name), getattr(plain, name), err_msg=name)
    assert quick.bar == plain.bar and quick.tempo == pytest.approx(plain.tempo, abs=0.01) and error < 1e-6


def test_both_take_the_metre_that_lasts_longest():
    midi = chance(3).to_midi()
    end = midi.get_end_time()
    midi.time_signature_changes = [pretty_midi.TimeSignature(2, 4, 0.0), pretty_midi.TimeSignature(3, 4, 0.2 * end)]
    data = file_of(midi)
    assert Score.from_midi(data).bar == read_piece(data)[0].bar == 36


@pytest.mark.parametrize("metre, bar", [((4, 4), 48), ((6, 8), 36), ((1, 8), 48), ((17, 4), 48), ((4, 0), 48)])
def test_no_metre_is_too_short_or_too_long(metre, bar):
    assert bar_of(*metre) == bar


def test_tracks_stay_apart():
    score, _ = read_piece(file_of(chance(5).to_midi()))
    assert len(set(score.part.tolist())) == len(set(zip(score.program.tolist(), score.part.tolist()))) > 1


@pytest.mark.parametrize("sound", [tune(bars=8), chance(5)])
def test_a_piece_comes_back_from_its_arrays_as_it_was(sound):
    piece = finished(sound, mixture("drama"))
    again = from_arrays(to_arrays(piece, 0, 2, len(sound)).__getitem__)
    assert again.piece.parts == piece.piece.parts and again.piece.bar == piece.piece.bar
    for one, other in ((again.piece, piece.piece), (again.plan, piece.plan)):
        for name in ("notes", "start") if one is again.piece else ("copy", "chord", "bass", "cells"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert again.view.keys() == piece.view.keys()
    for name, values in piece.view.items():
        np.testing.assert_array_equal(again.view[name], values, err_msg=name)
    assert (again.tempo, again.density) == pytest.approx((piece.tempo, piece.density), rel=1e-6)
    assert (again.minor, again.shift, again.mix.tolist()) == (piece.minor, piece.shift, piece.mix.tolist())
