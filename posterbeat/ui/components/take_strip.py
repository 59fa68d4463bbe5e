"""The strip of a visitor's last takes, as a component of the page."""

from pathlib import Path
from typing import Any

import gradio as gr


class TakeStrip(gr.HTML):
    """The last takes as buttons; a click carries the `index` of the take."""

    def __init__(self, **settings: Any):
        super().__init__(
            [],
            html_template='<div class="takes" role="group" aria-label="Your last takes" hidden></div>',
            js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **settings,
        )

    @staticmethod
    def show(takes: list, current: int) -> list[dict[str, Any]]:
        """The strip's value for these takes (`take.Take`), newest first, with one of them on the screen."""
        return [
            {
                "title": take.title,
                "genre": take.genre.capitalize(),
                "current": index == current,
                "about": f"seed {take.controls.seed}",
                "poster": gr.FileData(path=take.poster).model_dump() if take.poster else None,
            }
            for index, take in enumerate(takes)
        ]
