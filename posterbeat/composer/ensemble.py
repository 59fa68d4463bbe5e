"""Which General MIDI program plays each instrument family, by genre, mixture and seed."""

import numpy as np

from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES
from posterbeat.music.score import DRUMS, FAMILIES

# Programs (0-based) that suit each family in each genre, most typical first.
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


def families_of(ensemble: str) -> np.ndarray:
    """np.ndarray of bool, shape (17,): the families of a named ensemble.

    Raises
    ------
    ParameterError
        No ensemble of that name.
    """
    if ensemble not in ENSEMBLES:
        raise ParameterError(f"Unknown ensemble {str(ensemble)[:40]!r}: choose from {', '.join(ENSEMBLES)}.")
    return np.isin(FAMILIES, ENSEMBLES[ensemble])


def choose_programs(random: np.random.Generator, mix: dict[str, float]) -> np.ndarray:
    """np.ndarray of int, shape (17,): a program for each family, of a genre drawn by its weight in the mixture."""
    weights = np.array([mix[genre] for genre in GENRES])
    programs = np.full(len(FAMILIES), DRUMS)
    for index, family in enumerate(FAMILIES[:-1]):
        genre = GENRES[random.choice(len(GENRES), p=weights)]
        choices = _BY_GENRE[genre].get(family, _ANY[family])
        # The most typical sound comes half of the time or more often.
        programs[index] = choices[min(int(random.geometric(0.55)) - 1, len(choices) - 1)]
    return programs
