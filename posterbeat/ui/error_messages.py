"""Errors as a visitor of the page or a caller of the API is told of them: a sentence, and nothing of the server."""

import errno
import functools
import inspect
import logging
from collections.abc import Callable

import gradio as gr

from posterbeat.errors import PosterBeatError, RenderError, SaveError, WeightsError
from posterbeat.ui.page import text
from posterbeat.ui.server.quiet_log import place
from posterbeat.ui.turns import Stopped

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_log = logging.getLogger(__name__)


def spoken(function: Callable) -> Callable:
    """A handler whose errors reach the visitor, or the client, as a sentence: a PosterBeatError's own, or that it failed."""
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def handler(*args, **kwargs):
            try:
                yield from function(*args, **kwargs)
            except Exception as error:
                raise _told(error) from error
    else:

        @functools.wraps(function)
        def handler(*args, **kwargs):
            try:
                return function(*args, **kwargs)
            except Exception as error:
                raise _told(error) from error

    return handler


def _told(error: Exception) -> gr.Error:
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, SaveError) or getattr(error, "errno", None) in _NO_ROOM:  # whose own words tell the server's folders
        sentence = text.NO_ROOM
    elif isinstance(error, RenderError | WeightsError):  # so do theirs
        sentence = text.SILENT
        _log.error("%s", error)
    elif isinstance(error, PosterBeatError):
        sentence = str(error)
    elif isinstance(error, Stopped):
        sentence = text.ENDING
    else:
        sentence = text.FAULT
        _log.error("A request failed: %s", place(error))
    return gr.Error(sentence, title="That did not work", print_exception=False)
