"""The pieces that come with the project, to be listened to on the page."""

from pathlib import Path
from typing import Any

import gradio as gr

from posterbeat.ui.server.uploads import lasting_folder

# Five a genre, seeds 0 to 4, nothing picked; an installed package comes without them.
PIECES = sorted((Path(__file__).resolve().parents[3] / "examples" / "soundtracks").glob("*-*.mid"))

class ExamplePieces(gr.HTML):
    """Buttons, one a piece, and a player; a click carries the `index` of the piece, whose sound the value then has."""

    def __init__(self, **settings: Any):
        super().__init__(
            _value(),
            html_template='<div class="pieces"></div><p role="status"></p><audio controls hidden></audio>',
            js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **settings,
        )


def listen_to(index: int) -> dict[str, Any]:
    """The value of `ExamplePieces` with the sound of one piece, rendered once and then kept as long as visitors' files are.

    Raises
    ------
    RenderError
        Nothing can play it here.
    """
    from posterbeat.audio.export import save
    from posterbeat.audio.perform import perform
    from posterbeat.audio.render import render
    from posterbeat.music.score import Score

    path = PIECES[index]
    target = lasting_folder("pieces") / path.with_suffix(".mp3").name
    if not target.exists():
        score = Score.from_midi(path)
        save(target, score.to_midi(), render(perform(score, int(path.stem.split("-")[1]))))
    return {**_value(), "chosen": index, "audio": gr.FileData(path=str(target)).model_dump()}


def _value() -> dict[str, Any]:
    named = [path.stem.split("-") for path in PIECES]
    return {"pieces": [{"genre": genre.capitalize(), "seed": seed} for genre, seed in named]}
