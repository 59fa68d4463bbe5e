"""Instruments: General MIDI's families and the drum kit, their colours and names, named ensembles."""

import numpy as np

from posterbeat.errors import ParameterError
from posterbeat.text import said

FAMILIES = (
    "piano", "chromatic percussion", "organ", "guitar", "bass", "strings", "ensemble", "brass", "reed",
    "pipe", "synth lead", "synth pad", "synth effects", "ethnic", "percussive", "sound effects", "drums",
)  # General MIDI's sixteen families of eight programs, then the drum kit
BASS, PERCUSSIVE, DRUM_FAMILY = (FAMILIES.index(name) for name in ("bass", "percussive", "drums"))
PROGRAMS = 128  # General MIDI's, 0 to 127
DRUMS = PROGRAMS  # the value of `program` that marks the drum kit
PITCHES = 128  # MIDI's, 0 to 127
TONES = 2 * PITCHES  # what can sound: pitches, then the numbers of the drum kit's instruments, which are no pitches

# One colour an instrument family, to be told apart on black; those often heard together lie far apart.
COLOURS = (
    "#f0bd5b",  # piano
    "#9be7d8",  # chromatic percussion
    "#c98bf0",  # organ
    "#8ecf6b",  # guitar
    "#ef6f5e",  # bass
    "#6fb5ff",  # strings
    "#b8a6ff",  # ensemble
    "#ffa04d",  # brass
    "#ff8fb3",  # reed
    "#7fe3f5",  # pipe
    "#e8f06a",  # synth lead
    "#7f8cff",  # synth pad
    "#5fd6a0",  # synth effects
    "#d9a06e",  # ethnic
    "#f5c3a2",  # percussive
    "#a3b8c2",  # sound effects
    "#cfc6ba",  # drums
)

# What a user may ask for; the families that play.
ENSEMBLES = {
    "orchestra": ("strings", "ensemble", "brass", "reed", "pipe", "percussive"),
    "chamber": ("piano", "strings", "reed", "pipe"),
    "piano": ("piano",),
    "band": ("piano", "guitar", "bass", "brass", "drums"),
    "rock": ("guitar", "bass", "organ", "drums"),
    "electronic": ("synth lead", "synth pad", "bass", "drums"),
    "music box": ("chromatic percussion", "strings", "pipe"),
}


def family_of(program):
    """Index into `FAMILIES` of a program, 0 to 127 or `DRUMS`; an int or an array of them."""
    return program // (PROGRAMS // DRUM_FAMILY)


def on_keyboard(pitch):
    """Pitches that transposition took out of 0 to 127, moved back by an octave; an array of them."""
    return np.where(pitch < 0, pitch + 12, np.where(pitch >= PITCHES, pitch - 12, pitch))


def note_key(onset, family, pitch):
    """One number for a note that sorts as (onset, family, pitch) do; ints, or arrays of int64.

    `note_key(steps, 0, 0)` is how far apart the keys of two notes lie that differ by `steps` in their onset alone.
    """
    return (onset * 32 + family) * PITCHES + pitch  # 32: the families' number, rounded up to a power of two


def families_of(ensemble: str) -> np.ndarray:
    """np.ndarray of bool, shape (families,): the families of a named ensemble.

    Raises
    ------
    ParameterError
        No ensemble of that name.
    """
    if not isinstance(ensemble, str) or ensemble not in ENSEMBLES:
        raise ParameterError(f"Unknown ensemble {said(ensemble)}: choose from {', '.join(ENSEMBLES)}.")
    return np.isin(FAMILIES, ENSEMBLES[ensemble])


def program_name(program: int) -> str:
    """General MIDI's name of a program, 0 to 127, or of `DRUMS`."""
    import pretty_midi  # only where names are told: learning needs numbers alone

    return "Drum kit" if program == DRUMS else pretty_midi.program_to_instrument_name(program)


def numbered_names(names: list[str]) -> list[str]:
    """The same names, one that comes again with its number: Violin, Violin 2."""
    count: dict[str, int] = {}
    told = []
    for name in names:
        count[name] = count.get(name, 0) + 1
        told.append(f"{name} {count[name]}" if count[name] > 1 else name)
    return told
