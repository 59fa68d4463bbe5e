"""The line that folds and unfolds what stands below it, as a component of the page.

In gradio's accordion widgets are made when it is first unfolded, and then set to what they were before: whatever was typed in
between is lost. What this line folds is made with the page, and it says aloud whether it is unfolded.
"""

from pathlib import Path
from typing import Any

import gradio as gr


class Fold(gr.HTML):
    """A button with a title; page.css hides the second child of its column until it is pressed."""

    def __init__(self, title: str, **settings: Any):
        super().__init__(
            title,
            html_template='<button type="button" class="fold" aria-expanded="false"></button>',
            js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **settings,
        )
