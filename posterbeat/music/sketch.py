"""Sketch: a plan as a score with about as many notes, as high and as loud as the piece will have, before any is written."""

import numpy as np

from posterbeat.instruments import DRUMS
from posterbeat.music.events import VELOCITY_BINS
from posterbeat.music.outline import Outline
from posterbeat.music.score import Score

_BEAT = (36, 42, 38, 42)  # bass drum, hi-hat, snare drum, hi-hat


def sketch(plan: Outline, bar: int, tempo: float) -> Score:
    """The notes of each cell (a part in a bar) spread evenly over the bar, at their mean pitch and loudness.

    Parameters
    ----------
    plan : with its `programs` and `levels`
    bar : twelfths of a beat
    tempo : beats a minute
    """
    counts, registers, loudness = np.array(plan.levels, int).transpose(2, 0, 1)
    number, part = (np.repeat(where, counts.reshape(-1)) for where in np.indices(counts.shape).reshape(2, -1))
    place = np.arange(len(number)) - np.repeat(np.cumsum(counts.reshape(-1)) - counts.reshape(-1), counts.reshape(-1))
    count, program = counts[number, part], np.array(plan.programs)[part]
    pitch = np.where(program == DRUMS, np.array(_BEAT)[place % len(_BEAT)], registers[number, part] * 4 + 2)
    width = 128 // VELOCITY_BINS
    return Score(number * bar + place * bar // count, np.maximum(1, bar // count), pitch,
                 loudness[number, part] * width + width // 2, program, tempo=tempo, bar=bar, part=part)
