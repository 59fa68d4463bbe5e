"""The poster's place on the page."""

from typing import Any

import gradio as gr
from gradio.data_classes import ImageData

from posterbeat.ui.components.uploaded_file import named, path_of


class PosterInput(gr.Image):
    """An image whose file reaches the handlers as it was uploaded.

    gr.Image opens the file itself and answers a broken one with a message that helps nobody;
    opening posters, and saying what is wrong with them, is the work of `posterbeat.poster`.
    """

    is_template = True  # the browser shows it as gr.Image
    data_model = named(ImageData)

    def __init__(self, **settings: Any):
        super().__init__(type="filepath", **settings)

    def get_config(self, cls: type | None = None) -> dict[str, Any]:
        """What the browser gets: everything that it expects of a gr.Image."""
        return super().get_config(gr.Image)

    def preprocess(self, payload: Any) -> str | None:
        """Path of the uploaded file, or None; raises gr.Error as `uploaded_file.path_of` does."""
        return path_of(payload)
