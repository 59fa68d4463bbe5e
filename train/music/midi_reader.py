"""The MIDI files that are learned from, by the thousand: what `Score.from_midi` reads of them, in a fraction of the time.

symusic reads a song some fifty times faster than pretty_midi, but dies of damaged files: strangers' files are not for it.
"""

import numpy as np
import symusic

from posterbeat.errors import ScoreError
from posterbeat.instruments import DRUMS
from posterbeat.music.score import STEPS_PER_BEAT, Score, bar_of, longest_lasting

MAX_GRID_ERROR = 0.12  # mean distance of onsets from the grid, in twelfths of a beat: more, and its grid is not musical
MIN_NOTES = 32  # of a piece that is learned from
MOST_BARS = 1500  # no piece that people wrote comes near; one stray note at the end of time would need gigabytes
MOST_NOTES = 100_000


def read_piece(data: bytes) -> tuple[Score, float]:
    """A MIDI file as a score, each track a part, and its onsets' mean distance from the grid in twelfths of a beat.

    Tempo and metre are those that last longest.

    Raises
    ------
    ScoreError
        There is no note, or the piece is out of bounds. Files that are no MIDI raise what symusic raises.
    """
    midi = symusic.Score.from_midi(data)
    step = midi.ticks_per_quarter / STEPS_PER_BEAT
    columns = []
    for number, part in enumerate(midi.tracks):
        notes = part.notes.numpy()
        size = len(notes["time"])
        if size:
            program = DRUMS if part.is_drum else min(max(part.program, 0), 127)
            columns.append(np.stack([notes["time"], notes["duration"], notes["pitch"], notes["velocity"],
                                     np.full(size, program), np.full(size, number)]).astype(np.float64))
    if not columns:
        raise ScoreError("no notes")
    time, length, pitch, velocity, program, number = np.concatenate(columns, axis=1)
    end = time.max() + 1
    tempi = [(one.time, one.qpm) for one in midi.tempos] or [(0, 120.0)]
    tempo = float(np.clip(longest_lasting([qpm for _, qpm in tempi], [at for at, _ in tempi], end), 30, 300))
    metres = [(one.time, (one.numerator, one.denominator)) for one in midi.time_signatures] or [(0, (4, 4))]
    bar = bar_of(*longest_lasting([metre for _, metre in metres], [at for at, _ in metres], end))
    onset = np.round(time / step)
    if len(onset) > MOST_NOTES:
        raise ScoreError(f"more than {MOST_NOTES:,} notes")
    if onset.max() >= MOST_BARS * bar:
        raise ScoreError(f"longer than {MOST_BARS:,} bars")
    duration = np.maximum(1, np.round((time + length) / step) - onset)
    score = Score(onset, duration, np.clip(pitch, 0, 127), np.clip(velocity, 1, 127), program, tempo, bar, number)
    return score, float(np.abs(time / step - onset).mean())
