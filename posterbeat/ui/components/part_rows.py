"""The parts of the take on the screen, as a component of the page: each can be written anew."""

from pathlib import Path
from typing import Any

import gradio as gr


class PartRows(gr.HTML):
    """A button a part; a select carries the name of the `part` that is to be written anew, and its `bars`: the first and the last
    as they were typed, or None for all."""

    def __init__(self, **settings: Any):
        super().__init__(
            self.show(None),
            html_template='<div class="parts" role="group" aria-label="Rewrite a part" hidden></div>',
            js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **settings,
        )

    @staticmethod
    def show(roll: dict[str, Any] | None) -> dict[str, Any]:
        """The value for a take's roll (`piano_roll.roll_value`): its parts that sound; none where nothing was planned."""
        plan = roll and roll["plan"]
        sounding = [part for part in plan["parts"] if part["cells"].strip("·")] if plan else []
        value: dict[str, Any] = {"parts": [{"name": part["name"], "colour": part["colour"]} for part in sounding]}
        if plan:
            value |= {"bars": len(plan["chords"]), "bar": plan["bar"], "sections": plan["sections"]}
        return value
