"""The words that were read on a poster, as a component of the page: each can be corrected or struck out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:  # these pull in torch, which the page need not wait for
    from posterbeat.vision.reading import GenreReading
    from posterbeat.vision.text_reader import TextLine


class PosterWords(gr.HTML):
    """The lines of a poster, those first that spoke for its genre.

    A correction is a click that carries the line's `index` and its `text`, which is empty where it was struck out.
    """

    def __init__(self, **settings: Any):
        super().__init__(
            None,
            html_template='<div class="words" role="group" aria-label="Words on the poster" hidden></div>',
            js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **settings,
        )

    @staticmethod
    def nothing() -> dict[str, Any]:
        """The value where no words are wanted, or there is no poster."""
        return {"said": "", "lines": [], "genre": ""}

    @staticmethod
    def reading() -> dict[str, Any]:
        """The value while the words are being read."""
        return {"said": "Reading its words ...", "lines": [], "genre": ""}

    @staticmethod
    def show(reading: GenreReading, lines: Sequence[TextLine]) -> dict[str, Any]:
        """The value for the lines that were read and the reading that they gave."""
        loud = reading.words.loudest if reading.words else ()
        order = [*loud, *(index for index in range(len(lines)) if index not in loud)]
        said = "" if loud else "Its words say little of the genre." if reading.words else (
            "No words that can be read: the picture speaks alone.")
        return {"said": said, "genre": reading.genre if loud else "",
                "lines": [{"index": index, "text": lines[index].text, "loud": index in loud} for index in order]}
