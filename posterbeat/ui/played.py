"""Playing a track, and saying what really played it."""

import logging
import threading
from collections.abc import Callable

from posterbeat.pipeline import Track


class _Fallback(logging.Filter):
    """Notices that the renderer, in this thread, told of a failure of FluidSynth: the sampler played then.

    A filter that lets everything pass: with a handler of its own the log would no longer tell the others.
    """

    def __init__(self):
        super().__init__()
        self.happened = False
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        self.happened |= record.thread == self._thread and record.levelno >= logging.WARNING
        return True


def play(track: Track, progress: Callable[[float], None] | None = None) -> str:
    """Render a track that was not rendered before, as `Track.render` does; returns what played it, as it is shown.

    Raises
    ------
    RenderError
        Nothing can play the score here, or the result is silent.
    """
    from posterbeat.audio import render

    log, fallback = logging.getLogger(render.__name__), _Fallback()
    name = render.renderer_name()
    log.addFilter(fallback)
    try:
        track.render(progress)
    finally:
        log.removeFilter(fallback)
    return "symusic, as FluidSynth failed" if fallback.happened else name
