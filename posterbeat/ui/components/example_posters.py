"""The example posters, as a component of the page."""

from pathlib import Path
from typing import Any

import gradio as gr

# The posters drawn for this project, one a genre; an installed package comes without them.
EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples" / "posters").glob("*.jpg"))

class ExamplePosters(gr.HTML):
    """A shelf of posters to pick from; a click carries the `index` of the poster.

    gr.Examples would serve, but its pictures are buttons without a name for screen readers.
    """

    def __init__(self, **settings: Any):
        super().__init__(
            [{"name": path.stem, "poster": gr.FileData(path=str(path)).model_dump()} for path in EXAMPLES],
            html_template='<div class="shelf" role="group" aria-label="Example posters"></div>',
            js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **settings,
        )
