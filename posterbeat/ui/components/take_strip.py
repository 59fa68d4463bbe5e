"""The strip of a visitor's last takes, as a component of the page; the browser keeps it from one visit to the next."""

from pathlib import Path
from typing import Any

import gradio as gr

from posterbeat.ui.page import text


class TakeStrip(gr.HTML):
    """The last takes as buttons.

    A click carries the `link` of a take of this visit, which can be shown at once; a select that of an earlier one, which is to
    be composed again. The browser keeps what the strip shows, the name and the star that a visitor gives a take included.
    """

    def __init__(self, **settings: Any):
        super().__init__(
            {"takes": [], "current": ""},
            html_template='<div class="takes" role="group" aria-label="Your last takes" hidden></div>',
            js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **settings,
        )

    @staticmethod
    def show(takes: list, current: int) -> dict[str, Any]:
        """The strip's value for these takes (`take.Take`), newest first, with one of them on the screen."""
        return {
            "current": takes[current].link,
            "takes": [
                {
                    "link": take.link,
                    "title": take.title,
                    "genre": take.genre.capitalize(),
                    "about": text.done(take.steps[-1]) if take.steps else f"seed {take.controls.seed}",
                    "cover": take.cover,
                }
                for take in takes
            ],
        }
