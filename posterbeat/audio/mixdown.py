"""Mixdown: where each instrument sits, how loud, and how far back in the hall."""

import copy

import pretty_midi

from posterbeat.errors import RenderError
from posterbeat.instruments import DRUMS, FAMILIES, family_of

VOLUME, PAN, REVERB, CHORUS = 7, 10, 91, 93  # General MIDI controller numbers
MELODIC_CHANNELS = 15  # the sixteenth, number 10, is the drums'

# family: (volume, pan, reverb, chorus), each 0 to 127. Pan 64 is the centre, less is left, as the audience hears it.
# Bass and drums stay in the centre and nearly dry, since low notes with reverb blur the beat.
_FAMILY = dict(zip(FAMILIES, (
    (104, 56, 48, 0),    # piano
    (92, 42, 64, 0),     # chromatic percussion
    (80, 64, 56, 8),     # organ
    (96, 82, 44, 16),    # guitar
    (104, 64, 16, 0),    # bass
    (100, 48, 72, 0),    # strings
    (92, 54, 76, 8),     # ensemble
    (94, 80, 68, 0),     # brass
    (94, 68, 60, 0),     # reed
    (96, 52, 68, 0),     # pipe
    (80, 64, 48, 24),    # synth lead
    (76, 64, 72, 40),    # synth pad
    (72, 72, 72, 24),    # synth effects
    (90, 84, 60, 0),     # ethnic
    (86, 58, 48, 0),     # percussive
    (70, 64, 56, 0),     # sound effects
    (102, 64, 28, 0),    # drums
)))
# Single seats of the usual (American) orchestra seating, where they differ from the family's.
_SEAT = {
    40: 38, 41: 74, 42: 82, 43: 72,          # violin, viola, cello, contrabass
    45: 70, 46: 34, 47: 62,                  # pizzicato, harp, timpani
    49: 74, 52: 64, 53: 64, 54: 64,          # second strings, choirs
    57: 88, 58: 86, 60: 44,                  # trombone, tuba, horns
    68: 58, 69: 60, 70: 72, 71: 50, 72: 46,  # oboe, English horn, bassoon, clarinet, piccolo
}


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
    taken: set[int] = set()
    for track in melodic + drums:
        family = FAMILIES[family_of(DRUMS if track.is_drum else track.program)]
        volume, pan, reverb, chorus = _FAMILY[family]
        if not track.is_drum:
            pan = _SEAT.get(track.program, pan)
        while pan != 64 and pan in taken and 12 <= pan <= 116:
            pan += 12 if pan > 64 else -12
        taken.add(pan)
        present = {change.number for change in track.control_changes}
        track.control_changes[:0] = [
            pretty_midi.ControlChange(number, value, 0.0)
            for number, value in ((VOLUME, volume), (PAN, pan), (REVERB, reverb), (CHORUS, chorus))
            if number not in present
        ]
    mixed.instruments = melodic + drums  # the writer gives channels by position, so drums must not take a place
    return mixed


def _fit_channels(tracks: list[pretty_midi.Instrument]) -> list[pretty_midi.Instrument]:
    tracks = list(tracks)
    while len(tracks) > MELODIC_CHANNELS:
        smallest = min(tracks, key=lambda track: len(track.notes))
        tracks.remove(smallest)
        nearest = min(tracks, key=lambda track: abs(track.program - smallest.program))
        nearest.notes = sorted(nearest.notes + smallest.notes, key=lambda note: (note.start, note.pitch))
    return tracks
