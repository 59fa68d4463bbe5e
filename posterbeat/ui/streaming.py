"""The API's endpoint that hands a soundtrack on while it is written."""

from collections.abc import Iterator

import numpy as np
import soundfile

from posterbeat.hearing import Hearing
from posterbeat.ui.server.uploads import folder

_PIECE = 1.5  # seconds of sound that are handed on together; the first piece comes as soon as there is any


def pieces(hearing: Hearing) -> Iterator[tuple[str, float, float]]:
    """A piece's sound as WAV files that follow each other without a gap: path, from which second, and how many seconds."""
    target, start = folder(), 0
    for number, (rate, samples) in enumerate(gathered(hearing)):
        path = target / f"{number:04}.wav"
        soundfile.write(path, samples, rate, subtype="PCM_16")
        yield str(path), start / rate, len(samples) / rate
        start += len(samples)


def gathered(hearing: Hearing) -> Iterator[tuple[int, np.ndarray]]:
    """As iterating over `hearing`, in longer blocks: the first as soon as there is any sound, then 1.5 s each."""
    waiting: list[np.ndarray] = []
    first = True
    for rate, block in hearing:
        waiting.append(block)
        if first or sum(map(len, waiting)) >= _PIECE * rate:
            yield rate, np.concatenate(waiting)
            waiting, first = [], False
    if waiting:
        yield rate, np.concatenate(waiting)
