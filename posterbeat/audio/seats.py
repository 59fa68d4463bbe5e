"""Seats: where each instrument sits, how loud, and how far back in the hall."""

from collections.abc import Sequence
from dataclasses import dataclass

from posterbeat.instruments import FAMILIES, family_of

VOLUME, PAN, REVERB, CHORUS = 7, 10, 91, 93  # General MIDI controller numbers

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


@dataclass(frozen=True)
class Seat:
    """Who plays and where: a program 0 to 127 or `DRUMS`, and General MIDI's controllers, 0 to 127 each."""

    name: str
    program: int
    volume: int
    pan: int
    reverb: int
    chorus: int


def seats(players: Sequence[tuple[str, int]]) -> tuple[Seat, ...]:
    """A seat for each name and program, in their order; two that would share one move apart, except in the centre."""
    taken: set[int] = set()
    found = []
    for name, program in players:
        volume, pan, reverb, chorus = _FAMILY[FAMILIES[family_of(program)]]
        pan = _SEAT.get(program, pan)
        while pan != 64 and pan in taken and 12 <= pan <= 116:
            pan += 12 if pan > 64 else -12
        taken.add(pan)
        found.append(Seat(name, program, volume, pan, reverb, chorus))
    return tuple(found)
