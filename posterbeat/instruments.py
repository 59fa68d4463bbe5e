"""Instruments: General MIDI's families and the drum kit, their colours, who plays what in which genre, named ensembles."""

import numpy as np

from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES
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

# Programs (0-based) of each family, most typical first: those that suit any genre, and where it has others a genre's own.
_ANY = {
    "piano": (0, 1, 4), "chromatic percussion": (9, 11, 13), "organ": (19, 16), "guitar": (24, 25, 27), "bass": (33, 32, 35),
    "strings": (40, 42, 45, 46), "ensemble": (48, 49, 52), "brass": (60, 56, 57), "reed": (68, 71, 65), "pipe": (73, 75, 74),
    "synth lead": (80, 81), "synth pad": (89, 91, 88), "synth effects": (99, 96), "ethnic": (105, 108, 104),
    "percussive": (115, 112, 114), "sound effects": (122, 119),
}
_BY_GENRE = {
    "action": {
        "piano": (0, 2), "chromatic percussion": (14, 11), "guitar": (30, 29, 28), "bass": (34, 38, 33), "strings": (47, 40, 44),
        "ensemble": (48, 50, 55), "brass": (61, 60, 57), "reed": (65, 66), "synth lead": (81, 87), "synth pad": (90, 93),
        "percussive": (116, 117, 118),
    },
    "animation": {
        "piano": (0, 3), "chromatic percussion": (9, 13, 10), "organ": (22, 16), "guitar": (24, 25), "bass": (32, 33),
        "strings": (45, 46, 40), "ensemble": (49, 48), "brass": (60, 56), "reed": (71, 68), "pipe": (73, 72, 78),
        "synth lead": (80, 82), "synth pad": (88, 94), "percussive": (112, 115),
    },
    "comedy": {
        "piano": (3, 0), "chromatic percussion": (13, 12, 9), "organ": (21, 16), "guitar": (25, 26), "bass": (32, 33),
        "strings": (45, 40), "ensemble": (48, 49), "brass": (58, 56, 59), "reed": (71, 70, 68), "pipe": (72, 78, 73),
        "synth lead": (80, 82), "percussive": (115, 113),
    },
    "drama": {
        "piano": (0, 1), "chromatic percussion": (11, 8), "organ": (19, 20), "guitar": (24, 25), "bass": (32, 35),
        "strings": (42, 40, 46), "ensemble": (48, 49, 52), "brass": (60,), "reed": (68, 69, 71), "pipe": (73, 74),
        "synth pad": (89, 91), "percussive": (114,),
    },
    "horror": {
        "piano": (0, 1), "chromatic percussion": (8, 14, 10), "organ": (19, 20), "guitar": (27, 31), "bass": (32, 39),
        "strings": (43, 44, 42), "ensemble": (52, 53, 49), "brass": (57, 58), "reed": (70, 69), "pipe": (77, 79),
        "synth pad": (91, 92, 95), "synth effects": (97, 99, 101), "percussive": (117, 116), "synth lead": (85, 86),
    },
}
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


def tone(pitch, family):
    """A number below `TONES` for a pitch of a family; ints, arrays or tensors of them."""
    return pitch + PITCHES * (family == DRUM_FAMILY)


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


def choose_programs(random: np.random.Generator, mix: dict[str, float]) -> np.ndarray:
    """np.ndarray of int, shape (families,): a program for each family, of a genre drawn by its weight in the mixture."""
    weights = np.array([mix[genre] for genre in GENRES])
    programs = np.full(len(FAMILIES), DRUMS)
    for index, family in enumerate(FAMILIES[:-1]):
        genre = GENRES[random.choice(len(GENRES), p=weights)]
        choices = _BY_GENRE.get(genre, {}).get(family, _ANY[family])
        # The most typical sound comes half of the time or more often.
        programs[index] = choices[min(int(random.geometric(0.55)) - 1, len(choices) - 1)]
    return programs
