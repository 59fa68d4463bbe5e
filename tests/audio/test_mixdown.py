"""Mixdown: every track gets its place, and MIDI's sixteen channels are enough."""

import io

import pretty_midi
import pytest

from posterbeat.audio.mixdown import CHORUS, PAN, REVERB, VOLUME, mixdown
from posterbeat.errors import RenderError


def piece(*programs: int, drums: bool = False) -> pretty_midi.PrettyMIDI:
    midi = pretty_midi.PrettyMIDI()
    if drums:
        kit = pretty_midi.Instrument(0, is_drum=True)
        kit.notes.append(pretty_midi.Note(90, 36, 0, 0.1))
        midi.instruments.append(kit)
    for index, program in enumerate(programs):
        track = pretty_midi.Instrument(program)
        track.notes = [pretty_midi.Note(90, 60, second, second + 0.5) for second in range(index + 1)]
        midi.instruments.append(track)
    return midi


def controller(track, number):
    values = [change.value for change in track.control_changes if change.number == number]
    assert len(values) == 1
    return values[0]


def test_every_program_has_a_place_within_midi():
    for program in range(128):
        (track,) = mixdown(piece(program)).instruments
        assert all(0 <= controller(track, number) <= 127 for number in (VOLUME, PAN, REVERB, CHORUS)), program


def test_bass_and_drums_stay_in_the_centre_and_nearly_dry():
    bass, drums = mixdown(piece(33, drums=True)).instruments
    assert [controller(bass, PAN), controller(drums, PAN)] == [64, 64]
    violin = mixdown(piece(40)).instruments[0]
    assert max(controller(bass, REVERB), controller(drums, REVERB)) < controller(violin, REVERB)


def test_two_tracks_with_one_seat_move_apart():
    first, second = mixdown(piece(24, 25)).instruments
    assert abs(controller(first, PAN) - controller(second, PAN)) >= 12


def test_what_a_track_already_sets_is_left():
    midi = piece(40)
    midi.instruments[0].control_changes.append(pretty_midi.ControlChange(PAN, 100, 0.0))
    assert controller(mixdown(midi).instruments[0], PAN) == 100


def test_more_than_fifteen_instruments_keep_their_notes_and_their_sounds():
    midi = piece(*range(0, 120, 6), drums=True)
    mixed = mixdown(midi)
    assert sum(len(track.notes) for track in mixed.instruments) == sum(len(track.notes) for track in midi.instruments)
    written = io.BytesIO()
    mixed.write(written)
    again = pretty_midi.PrettyMIDI(io.BytesIO(written.getvalue()))
    sounds = [(track.program, track.is_drum, len(track.notes)) for track in mixed.instruments]
    assert [(track.program, track.is_drum, len(track.notes)) for track in again.instruments] == sounds
    assert len(sounds) == 16 and sounds[-1][1]


def test_no_notes_is_an_error():
    with pytest.raises(RenderError, match="no note"):
        mixdown(pretty_midi.PrettyMIDI())
