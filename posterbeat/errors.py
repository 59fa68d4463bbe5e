"""Errors that a user can cause. Each message is a sentence that says what to do."""


class PosterBeatError(Exception):
    """Base of every error that input, settings or files of the user can cause."""


class PosterError(PosterBeatError):
    """The poster is missing, is not a picture, or is too large to be read."""


class ParameterError(PosterBeatError, ValueError):
    """A control (genre, mixture, notes, temperature, seed, ...) is outside its allowed range."""


class WeightsError(PosterBeatError):
    """A model's files are missing, damaged, foreign, or could not be fetched."""


class ScoreError(PosterBeatError):
    """A MIDI file cannot be read, or a score cannot be written."""


class RenderError(PosterBeatError):
    """The score could not be made audible: no renderer, no soundfont, or a silent result."""


class SaveError(PosterBeatError):
    """A file could not be written: no such folder, no right to it, or no room."""
