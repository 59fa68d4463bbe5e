"""The example posters, as a component of the page."""

from pathlib import Path
from typing import Any

import gradio as gr

_SCRIPT = """
const shelf = element.querySelector(".shelf");
function show() {
  shelf.replaceChildren(...(props.value || []).map((sample, index) => {
    const button = document.createElement("button"), picture = document.createElement("img");
    button.type = "button"; button.setAttribute("aria-label", "Take the example poster: " + sample.name);
    picture.src = sample.poster.url; picture.alt = ""; picture.loading = "lazy";
    button.append(picture);
    button.onclick = () => trigger("click", { index });
    return button;
  }));
}
watch("value", show);
show();
"""


class Samples(gr.HTML):
    """A shelf of posters to pick from; a click carries the `index` of the poster.

    gr.Examples would serve, but its pictures are buttons without a name for screen readers.
    """

    def __init__(self, posters: list[Path], **settings: Any):
        super().__init__(
            [{"name": path.stem, "poster": gr.FileData(path=str(path)).model_dump()} for path in posters],
            html_template='<div class="shelf" role="group" aria-label="Example posters"></div>',
            js_on_load=_SCRIPT,
            apply_default_css=False,
            **settings,
        )
