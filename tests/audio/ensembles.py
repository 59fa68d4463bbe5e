"""A small piece and a soundfont that the tests of sound share."""

from pathlib import Path

import numpy as np
import pretty_midi

BUNDLED = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")


def ensemble(seconds: float = 3.0, seed: int = 1) -> pretty_midi.PrettyMIDI:
    """Five parts: piano, strings, bass, horn, drums."""
    rng = np.random.default_rng(seed)
    midi = pretty_midi.PrettyMIDI(initial_tempo=120)
    for program, drums, low in ((0, False, 60), (48, False, 55), (33, False, 36), (60, False, 50), (0, True, 36)):
        track = pretty_midi.Instrument(program, is_drum=drums)
        for index in range(int(seconds * 2)):
            pitch = int((36, 42, 38, 42)[index % 4] if drums else low + rng.choice([0, 2, 4, 5, 7, 9, 11]))
            track.notes.append(pretty_midi.Note(int(rng.integers(50, 112)), pitch, index / 2, index / 2 + 0.48))
        midi.instruments.append(track)
    return midi
