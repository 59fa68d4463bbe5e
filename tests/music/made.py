"""Small pieces made for the tests."""

import numpy as np

from posterbeat.instruments import DRUMS
from posterbeat.music.score import Score


def tune(bars: int = 8, *, tempo: float = 120.0) -> Score:
    """Melody over bass and drums in C major, 4/4; two bars of melody, repeated."""
    melody = [(0, 12, 72), (12, 6, 74), (18, 6, 76), (24, 24, 79), (48, 18, 77), (66, 6, 76), (72, 24, 74)]
    notes = []
    for pair in range(bars // 2):
        start = pair * 96
        notes += [(start + onset, length, pitch, 92, 73) for onset, length, pitch in melody]
        notes += [(start + 24 * beat, 24, 36 + 7 * (beat % 2), 84, 33) for beat in range(4)]
        notes += [(start + 12 * beat, 3, 36 if beat % 2 == 0 else 38, 100, DRUMS) for beat in range(8)]
    onset, duration, pitch, velocity, program = np.array(notes).T
    return Score(onset, duration, pitch, velocity, program, tempo=tempo, bar=48)


def chance(seed: int, notes: int = 200, programs=(0, 33, 48, DRUMS)) -> Score:
    """Notes by chance, no two of one program and pitch overlapping."""
    random = np.random.default_rng(seed)
    rows, busy = [], {}
    onset = 0
    while len(rows) < notes:
        onset += int(random.integers(0, 8))
        program, pitch = int(random.choice(programs)), int(random.integers(30, 100))
        length = int(random.integers(1, 50))
        if busy.get((program, pitch), -1) <= onset:
            busy[program, pitch] = onset + length
            rows.append((onset, length, pitch, int(random.integers(1, 128)), program))
    onset, duration, pitch, velocity, program = np.array(rows).T
    return Score(onset, duration, pitch, velocity, program, tempo=float(random.integers(50, 200)), bar=48)
