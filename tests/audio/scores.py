"""Small scores that the tests of sound share."""

import numpy as np

from posterbeat.music.score import Score

BAR = 48


def score(bars: int = 8, seed: int = 1, tempo: float = 150.0) -> Score:
    """Two violins, a bass, a pad with long notes, and drums; the violins repeat pitches and overlap themselves."""
    random = np.random.default_rng(seed)
    rows = []
    for bar in range(bars):
        for part, program, low, notes, length in (
            (0, 128, 36, 6, 6), (1, 33, 36, 3, 12), (2, 40, 60, 5, 20), (3, 40, 62, 4, 12), (4, 89, 48, 1, 90),
        ):
            for onset in np.sort(random.choice(8, notes, replace=False)) * 6:
                rows.append((bar * BAR + onset, length, low + random.choice([0, 4, 7]), random.integers(50, 110), program, part))
    onset, duration, pitch, velocity, program, part = np.array(rows).T
    return Score(onset, duration, pitch, velocity, program, tempo=tempo, bar=BAR, part=part)


def beginning(whole: Score, bars: int) -> Score:
    """Its first bars, whatever those behind them hold."""
    rows = whole.onset < bars * whole.bar
    return Score(*(getattr(whole, name)[rows] for name in ("onset", "duration", "pitch", "velocity", "program")),
                 tempo=whole.tempo, bar=whole.bar, part=whole.part[rows])
