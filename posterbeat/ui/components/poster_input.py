"""The poster's place on the page."""

from typing import Any

import gradio as gr
from gradio.data_classes import ImageData

from posterbeat.ui.page import text
from posterbeat.ui.server.uploads import uploaded


class _Named(ImageData):
    """A file as a caller names it; what is no such thing is answered with our own sentence."""

    @classmethod
    def model_validate(cls, obj: Any, **settings: Any) -> "_Named":
        try:
            return super().model_validate(obj, **settings)
        except ValueError as error:
            raise gr.Error(text.NOT_UPLOADED, print_exception=False) from error


class PosterInput(gr.Image):
    """An image whose file reaches the handlers as it was uploaded.

    gr.Image opens the file itself and answers a broken one with a message that helps nobody;
    opening posters, and saying what is wrong with them, is the work of `posterbeat.poster`.
    """

    is_template = True  # the browser shows it as gr.Image
    data_model = _Named

    def __init__(self, **settings: Any):
        super().__init__(type="filepath", **settings)

    def get_config(self, cls: type | None = None) -> dict[str, Any]:
        """What the browser gets: everything that it expects of a gr.Image."""
        return super().get_config(gr.Image)

    def preprocess(self, payload: Any) -> str | None:
        """Path of the uploaded file, or None.

        Raises
        ------
        gr.Error
            The path is not that of an upload. gradio looks at paths only where the caller marked them as files.
        """
        if payload is None or not payload.path:
            return None
        if not uploaded(payload.path):
            raise gr.Error(text.NOT_UPLOADED, print_exception=False)
        return payload.path
