"""Files that callers name in place of an upload: what is no upload is answered with our own sentence."""

from typing import Any

import gradio as gr
from gradio.data_classes import GradioModel

from posterbeat.ui.page import text
from posterbeat.ui.server.uploads import uploaded


def named(kind: type[GradioModel]) -> type[GradioModel]:
    """A data model of gradio's, `FileData` or `ImageData`, that refuses in our words what is no such thing."""

    class Named(kind):
        @classmethod
        def model_validate(cls, obj: Any, **settings: Any) -> "Named":
            try:
                return super().model_validate(obj, **settings)
            except ValueError as error:
                raise gr.Error(text.NOT_UPLOADED, print_exception=False) from error

    return Named


def path_of(payload: Any) -> str | None:
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
