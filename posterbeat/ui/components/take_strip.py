"""The strip of a visitor's last takes, as a component of the page."""

from typing import Any

import gradio as gr

# Built with DOM calls, never as markup: file names of visitors end up in here.
_SCRIPT = """
const strip = element.querySelector(".takes");
function show() {
  const takes = props.value || [];
  strip.hidden = takes.length < 2;
  strip.replaceChildren(...takes.map((take, index) => {
    const button = document.createElement("button"), words = document.createElement("div");
    const name = document.createElement("b"), seed = document.createElement("span");
    button.type = "button"; button.dataset.index = index;
    button.setAttribute("aria-current", String(take.current));
    button.setAttribute("aria-label", "Play: " + take.title + ", " + take.about);
    const picture = document.createElement(take.poster ? "img" : "div"), frame = document.createElement("i");
    if (take.poster) { picture.src = take.poster.url; picture.alt = ""; } else picture.className = "blank";
    name.textContent = take.genre; seed.textContent = take.about;
    frame.append(picture); words.append(name, seed); button.append(frame, words);
    button.onclick = () => trigger("click", { index });
    return button;
  }));
}
watch("value", show);
show();
"""


class TakeStrip(gr.HTML):
    """The last takes as buttons; a click carries the `index` of the take."""

    def __init__(self, **settings: Any):
        super().__init__(
            [],
            html_template='<div class="takes" role="group" aria-label="Your last takes" hidden></div>',
            js_on_load=_SCRIPT,
            apply_default_css=False,
            **settings,
        )

    @staticmethod
    def show(takes: list[dict[str, Any]], current: int) -> list[dict[str, Any]]:
        """The strip's value for these takes, newest first, with one of them on the screen."""
        return [
            {
                "title": take["roll"]["title"],
                "genre": take["genre"].capitalize(),
                "current": index == current,
                "about": f"seed {take['seed']}",
                "poster": gr.FileData(path=take["poster"]).model_dump() if take["poster"] else None,
            }
            for index, take in enumerate(takes)
        ]
