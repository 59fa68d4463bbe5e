"""Mixdown: a copy of MIDI with each track on its seat, for renderers that read MIDI."""

import copy

import pretty_midi

from posterbeat.audio.seats import CHORUS, PAN, REVERB, VOLUME, seats
from posterbeat.errors import RenderError
from posterbeat.instruments import DRUMS

MELODIC_CHANNELS = 15  # the sixteenth, number 10, is the drums'


def mixdown(midi: pretty_midi.PrettyMIDI) -> pretty_midi.PrettyMIDI:
    """A copy of `midi` with volume, pan, reverb and chorus set on each track, drums last.

    Controllers that a track already sets are left as they are. Two tracks with one seat move apart, except
    in the centre. Beyond fifteen melodic tracks MIDI has no channel left: the tracks of fewest notes join
    the track of the nearest program.

    Raises
    ------
    RenderError
        The score holds no note.
    """
    mixed = copy.deepcopy(midi)
    drums = [track for track in mixed.instruments if track.notes and track.is_drum]
    melodic = _fit_channels([track for track in mixed.instruments if track.notes and not track.is_drum])
    if not drums and not melodic:
        raise RenderError("This score holds no note, so there is nothing to play: compose at least one note.")
    tracks = melodic + drums
    for track, seat in zip(tracks, seats([(track.name, DRUMS if track.is_drum else track.program) for track in tracks])):
        present = {change.number for change in track.control_changes}
        track.control_changes[:0] = [
            pretty_midi.ControlChange(number, value, 0.0)
            for number, value in ((VOLUME, seat.volume), (PAN, seat.pan), (REVERB, seat.reverb), (CHORUS, seat.chorus))
            if number not in present
        ]
    mixed.instruments = tracks  # the writer gives channels by position, so drums must not take a place
    return mixed


def _fit_channels(tracks: list[pretty_midi.Instrument]) -> list[pretty_midi.Instrument]:
    tracks = list(tracks)
    while len(tracks) > MELODIC_CHANNELS:
        smallest = min(tracks, key=lambda track: len(track.notes))
        tracks.remove(smallest)
        nearest = min(tracks, key=lambda track: abs(track.program - smallest.program))
        nearest.notes = sorted(nearest.notes + smallest.notes, key=lambda note: (note.start, note.pitch))
    return tracks
