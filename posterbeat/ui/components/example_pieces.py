"""The pieces that come with the project, to be listened to on the page."""

from pathlib import Path
from typing import Any

import gradio as gr

from posterbeat.ui.server.uploads import folder

# Five a genre, seeds 0 to 4, nothing picked; an installed package comes without them.
PIECES = sorted((Path(__file__).resolve().parents[3] / "examples" / "soundtracks").glob("*-*.mid"))

_SCRIPT = """
const list = element.querySelector(".pieces"), audio = element.querySelector("audio"), said = element.querySelector("p");
let buttons = [], chosen = -1;
const mark = () => buttons.forEach((button, index) => {
  button.setAttribute("aria-pressed", String(index === chosen && !audio.paused));
});
function begin() {
  const rows = new Map();
  buttons = props.value.pieces.map((piece, index) => {
    if (!rows.has(piece.genre)) {
      const row = document.createElement("div"), name = document.createElement("b");
      row.setAttribute("role", "group"); row.setAttribute("aria-label", piece.genre);
      name.textContent = piece.genre; row.append(name); list.append(row); rows.set(piece.genre, row);
    }
    const button = document.createElement("button");
    button.type = "button"; button.textContent = piece.seed;
    button.setAttribute("aria-label", piece.genre + ", seed " + piece.seed);
    button.onclick = () => {
      if (index === chosen && audio.src) { if (audio.paused) audio.play(); else audio.pause(); return; }
      chosen = index; audio.pause(); audio.hidden = true; audio.removeAttribute("src");
      said.textContent = "The orchestra plays " + piece.genre + ", seed " + piece.seed + " ..."; mark();
      trigger("click", { index });
    };
    rows.get(piece.genre).append(button);
    return button;
  });
}
function show() {
  const value = props.value;
  if (!buttons.length) begin();
  if (!value.audio || value.chosen !== chosen) return;  // another was pressed meanwhile
  said.textContent = value.pieces[chosen].genre + ", seed " + value.pieces[chosen].seed;
  audio.src = value.audio.url; audio.hidden = false; audio.play().catch(() => {});
}
for (const change of ["play", "pause", "ended"]) audio.addEventListener(change, mark);
document.addEventListener("play", (event) => {  // one sound at a time on this page
  for (const other of document.querySelectorAll("audio")) if (other !== event.target) other.pause();
}, true);
watch("value", show);
show();
"""


class Listening(gr.HTML):
    """Buttons, one a piece, and a player; a click carries the `index` of the piece, whose sound the value then has."""

    def __init__(self, **settings: Any):
        super().__init__(
            _value(),
            html_template='<div class="pieces"></div><p role="status"></p><audio controls hidden></audio>',
            js_on_load=_SCRIPT,
            apply_default_css=False,
            **settings,
        )


def heard(index: int) -> dict[str, Any]:
    """The value of `Listening` with the sound of one piece, rendered now.

    Raises
    ------
    RenderError
        Nothing can play it here.
    """
    import pretty_midi

    from posterbeat.audio.export import save
    from posterbeat.audio.perform import humanise
    from posterbeat.audio.render import render

    path = PIECES[index]
    midi = pretty_midi.PrettyMIDI(str(path))
    samples, rate = render(humanise(midi, int(path.stem.split("-")[1])))
    target = folder() / path.with_suffix(".mp3").name
    save(target, midi, samples, rate)
    return {**_value(), "chosen": index, "audio": gr.FileData(path=str(target)).model_dump()}


def _value() -> dict[str, Any]:
    named = [path.stem.split("-") for path in PIECES]
    return {"pieces": [{"genre": genre.capitalize(), "seed": seed} for genre, seed in named]}
