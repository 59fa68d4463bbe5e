"""A performance: notes played by people, who are no clocks. For the sound only; the saved MIDI stays on its grid."""

import copy
from collections.abc import Callable, Collection

import numpy as np
import pretty_midi

from posterbeat.audio.render import Rendering, render
from posterbeat.instruments import DRUMS, family_of

_SPREAD = 0.006  # seconds, standard deviation of a melodic player; below what is heard as late
_TIGHT = 0.0025  # of drums and bass, which hold the beat together
_TOUCH = 2.5  # standard deviation of velocity
_TIGHT_PROGRAMS = range(32, 40)  # General MIDI's basses


def perform(midi: pretty_midi.PrettyMIDI, seed: int, *, silent: Collection[int] = (),
            progress: Callable[[float], None] | None = None) -> Rendering:
    """Have a piece played by people (see `humanise`).

    Parameters
    ----------
    seed : of the players' small deviations; a piece's own
    silent : indices into `instruments.FAMILIES` of players who stay silent; the others play as they would with them
    progress : as in `render`

    Raises
    ------
    RenderError
        Nothing can play it here, or the result is silent.
    """
    played = humanise(midi, seed)
    played.instruments = [track for track in played.instruments
                          if family_of(DRUMS if track.is_drum else track.program) not in silent]
    return render(played, progress=progress)


def humanise(midi: pretty_midi.PrettyMIDI, seed: int) -> pretty_midi.PrettyMIDI:
    """A copy whose notes start a few milliseconds early or late and are struck a little softer or harder.

    Deviations follow each other slowly within a track, as a player's do, and depend on `seed` alone. No note moves by
    more than three standard deviations, starts before 0, or sounds into the next one of its pitch.
    """
    played = copy.deepcopy(midi)
    random = np.random.default_rng(seed)
    for track in played.instruments:
        track.notes.sort(key=lambda note: (note.start, note.pitch))
        spread = _TIGHT if track.is_drum or track.program in _TIGHT_PROGRAMS else _SPREAD
        drift, following = 0.0, {}
        for note in track.notes:
            drift = 0.8 * drift + 0.6 * random.normal()
            shift = spread * float(np.clip(drift, -3, 3))
            length = note.end - note.start
            note.start = max(0.0, note.start + shift)
            note.end = note.start + length
            note.velocity = int(np.clip(note.velocity + round(_TOUCH * random.normal()), 1, 127))
        for note in reversed(track.notes):
            note.end = min(note.end, following.get(note.pitch, note.end))
            following[note.pitch] = note.start
    return played
