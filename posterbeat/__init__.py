"""posterbeat: a film poster in, its soundtrack out."""

from importlib import import_module

from posterbeat.errors import (
    ParameterError,
    PosterBeatError,
    PosterError,
    RenderError,
    SaveError,
    ScoreError,
    WeightsError,
)
from posterbeat.genres import GENRES, mixture

# Where each name lives. They are imported when first asked for (PEP 562), so that `import posterbeat` does not
# wait for torch.
_LATE = {
    "PosterBeat": "posterbeat.pipeline",
    "Track": "posterbeat.track",
    "PosterClassifier": "posterbeat.vision.classifier",
    "GenreReading": "posterbeat.vision.reading",
    "BiLSTMComposer": "posterbeat.composer.model",
    "Score": "posterbeat.music.score",
    "PosterColours": "posterbeat.colours",
    "open_poster": "posterbeat.poster",
    "read_colours": "posterbeat.colours",
}

__all__ = [
    "GENRES",
    "ParameterError",
    "PosterBeatError",
    "PosterError",
    "RenderError",
    "SaveError",
    "ScoreError",
    "WeightsError",
    "mixture",
    *_LATE,
]


def __getattr__(name):
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_LATE])
