"""The ways to a poster beside its box, pasting and dropping it anywhere on the page, and what is said where one fails."""

import time
from pathlib import Path
from typing import Any

import gradio as gr


class PosterWays(gr.HTML):
    """A line below the poster that says what is wrong with it, or nothing."""

    def __init__(self, **settings: Any):
        super().__init__(
            self.say(""),
            html_template='<p class="said" role="alert" hidden></p>',
            js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **settings,
        )

    @staticmethod
    def say(sentence: str) -> dict[str, Any]:
        """The value that says a sentence, once more if it was said before; an empty one clears the line."""
        return {"said": sentence, "when": time.time()}

    @classmethod
    def refuse(cls, sentence: str, path: str, former: str | None) -> dict[str, Any]:
        """The value that says why the poster in `path` is refused, and which one was there before it, for `scripts.TAKE_BACK`."""
        return {**cls.say(sentence), "refused": path, "former": gr.FileData(path=former).model_dump() if former else None}
