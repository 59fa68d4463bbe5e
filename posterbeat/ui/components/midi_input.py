"""The place of a MIDI file in a call over the API."""

from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from posterbeat.ui.components.uploaded_file import named, path_of


class MidiInput(gr.File):
    """A file that reaches the handlers as it was uploaded; reading it, and what is wrong with it, is `Track.from_midi`'s."""

    is_template = True  # the browser shows it as gr.File

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self.data_model = named(FileData)  # gr.File sets its own there, as one or several files are wanted

    def get_config(self, cls: type | None = None) -> dict[str, Any]:
        """What the browser gets: everything that it expects of a gr.File."""
        return super().get_config(gr.File)

    def preprocess(self, payload: Any) -> str | None:
        """Path of the uploaded file, or None; raises gr.Error as `uploaded_file.path_of` does."""
        return path_of(payload)
