"""The place of a MIDI file in a call over the API."""

from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from posterbeat.ui.page import text
from posterbeat.ui.server.uploads import uploaded


class _Named(FileData):
    """A file as a caller names it; what is no such thing is answered with our own sentence."""

    @classmethod
    def model_validate(cls, obj: Any, **settings: Any) -> "_Named":
        try:
            return super().model_validate(obj, **settings)
        except ValueError as error:
            raise gr.Error(text.NOT_UPLOADED, print_exception=False) from error


class MidiInput(gr.File):
    """A file that reaches the handlers as it was uploaded; reading it, and what is wrong with it, is `Track.from_midi`'s."""

    is_template = True  # the browser shows it as gr.File
    data_model = _Named

    def get_config(self, cls: type | None = None) -> dict[str, Any]:
        """What the browser gets: everything that it expects of a gr.File."""
        return super().get_config(gr.File)

    def preprocess(self, payload: Any) -> str | None:
        """Path of the uploaded file, or None.

        Raises
        ------
        gr.Error
            The path is not that of an upload.
        """
        if payload is None or not payload.path:
            return None
        if not uploaded(payload.path):
            raise gr.Error(text.NOT_UPLOADED, print_exception=False)
        return payload.path
