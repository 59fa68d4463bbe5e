"""Playing a track, and saying what really played it."""

import logging
import threading
from collections.abc import Callable

from posterbeat.pipeline import Track


class _Fallback(logging.Handler):
    """Notices that the renderer, in this thread, told of a failure of FluidSynth: the sampler played then."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.happened = False
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        self.happened |= record.thread == self._thread


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
    log.addHandler(fallback)
    try:
        track.render(progress)
    finally:
        log.removeHandler(fallback)
    return "symusic, as FluidSynth failed" if fallback.happened else name
