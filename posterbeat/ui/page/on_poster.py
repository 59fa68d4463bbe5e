"""What happens on the page at a poster: it is read, steers the controls, and shows what it was read from."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import gradio as gr

from posterbeat.errors import PosterBeatError, PosterError
from posterbeat.genres import GENRES
from posterbeat.ui.components.poster_ways import PosterWays
from posterbeat.ui.components.poster_words import PosterWords
from posterbeat.ui.error_messages import spoken
from posterbeat.ui.heat_overlay import heat_file
from posterbeat.ui.page import scripts, text
from posterbeat.ui.page.events import PRIVATE, QUIET
from posterbeat.ui.studio import PosterReading, Studio
from posterbeat.ui.turns import AT_ONCE, READING

if TYPE_CHECKING:  # this pulls in torch, which the page need not wait for
    from posterbeat.colours import PosterColours


def wire(studio: Studio, w: SimpleNamespace) -> None:
    """Connect the poster's widgets, those of `layout.lay_out`, with what they do."""

    @spoken
    def read(path, chosen, steered_by, last_poster, with_words):
        # No generator: gradio would set all of its last word twice, the second time over what came in between.
        if path == last_poster:  # the browser says twice that a poster took another's place
            return {w.last_poster: last_poster}
        hidden = gr.update(visible=False)
        nothing = {w.last_poster: path, w.reading: None, w.genre_label: hidden, w.poster_words: PosterWords.nothing(),
                   w.outlines: "", w.poster_said: PosterWays.say(""),
                   w.show_heatmap: gr.update(visible=False, value=text.SHOW_HEATMAP),
                   w.heatmap: gr.update(visible=False, value=""), w.colours_read: text.colours_line(None)}
        if path is None:
            return {**nothing, w.steered_by: False}
        try:
            found = studio.read(path)
        except PosterError as error:  # the poster before stays, with all that was read on it
            return {w.poster_said: PosterWays.refuse(str(error), path, last_poster)}
        colours = found.colours
        shown = {**nothing, w.steered_by: True, **_said(w, found, chosen),
                 w.poster_words: PosterWords.reading() if with_words else PosterWords.nothing(),
                 w.show_heatmap: gr.update(value=text.SHOW_HEATMAP, visible=True), w.colours_read: text.colours_line(colours)}
        if steered_by != text.LINKED:  # what a link asked for stays
            shown |= {getattr(w, name): value for name, value in steering_of(colours).items()}
        return shown

    @spoken
    def read_words(path, found, with_words):
        if found is None or found.path != path:  # another poster took its place, or none: its own reading has its words read
            return None
        if found.lines is None:
            return studio.read_words(found) if with_words else found
        return found if with_words else studio.without_words(found)

    def join(path, joint, chosen):
        if joint is None or joint.path != path:  # the words of a poster that is no longer here
            return {w.joint: None}
        return {w.joint: None, **_said(w, joint, chosen)}

    @spoken
    def correct(found, chosen, event: gr.EventData):
        if found is None or found.lines is None:
            raise PosterBeatError(text.NO_POSTER)
        return _said(w, studio.correct(found, int(event.index), str(event.text)), chosen)

    def choose(chosen, found):
        if chosen in GENRES:
            return spread(w, {name: float(name == chosen) for name in GENRES})
        return spread(w, found.genres.probabilities) if chosen == text.OWN and found else {w.mix: gr.skip()}

    @spoken
    def explain(path, found, asked):
        if asked == text.SHOW_POSTER:
            return gr.update(visible=False), text.SHOW_HEATMAP
        if not path or not found:
            raise PosterBeatError(text.NO_POSTER)
        lit = text.heat(Path(heat_file(studio.beat.classifier, path)).read_bytes(), found.genres.genre)
        return gr.update(value=lit, visible=True), text.SHOW_POSTER

    said = [w.reading, w.genre_label, w.poster_words, w.outlines, w.mix, *w.shares]
    in_turn = {"concurrency_limit": AT_ONCE, "concurrency_id": READING, **PRIVATE}
    reading = w.poster.change(
        read, [w.poster, w.genre, w.steered_by, w.last_poster, w.read_words],
        [w.poster, w.poster_said, w.last_poster, *said, w.steered_by, w.show_heatmap, w.heatmap, w.colours_read, w.tempo, w.mode,
         w.density],
        show_progress="minimal", show_progress_on=[w.genre_label], **in_turn)
    reading.success(None, [w.poster, w.poster_said], w.poster, js=scripts.TAKE_BACK)
    # The picture's reading is on the screen by now; the words join it, if its poster is still there when they are read.
    wishes = [w.poster, w.reading, w.read_words]
    words = {"show_progress": "hidden", "concurrency_limit": 2, "trigger_mode": "always_last", **PRIVATE}
    found, shown = [w.poster, w.joint, w.genre], [w.joint, *said]
    joint = reading.success(read_words, wishes, w.joint, **words).success(join, found, shown, **QUIET)
    w.read_words.input(read_words, wishes, w.joint, **words).success(join, found, shown, **QUIET)
    w.poster_words.click(correct, [w.reading, w.genre], said, show_progress="hidden", concurrency_limit=4, **PRIVATE)
    joint.success(None, [w.compose_at_once, w.poster], None, js=scripts.COMPOSE_AT_ONCE)
    w.example_posters.click(None, None, w.poster, js=scripts.PICKED)
    w.genre.input(choose, [w.genre, w.reading], [w.mix, *w.shares], **QUIET)
    for share in w.shares:
        share.input(lambda: (text.MIXED, None), None, [w.genre, w.mix], **QUIET)
    for control in (w.tempo, w.mode, w.density):
        control.input(lambda: True, None, w.steered_by, **QUIET)
    w.show_heatmap.click(explain, [w.poster, w.reading, w.show_heatmap], [w.heatmap, w.show_heatmap], **in_turn)


def _said(w: SimpleNamespace, found: PosterReading, chosen: str) -> dict:
    """What was read, on the widgets that show it."""
    genres, lines = found.genres, found.lines
    shown = {w.reading: found, w.genre_label: gr.update(value=text.genres_read(genres.probabilities), visible=True),
             w.poster_words: PosterWords.nothing() if lines is None else PosterWords.show(genres, lines),
             w.outlines: text.outlines(lines or (), genres.words.loudest if genres.words else (), found.size)}
    return shown | (spread(w, genres.probabilities) if chosen == text.OWN else {})


def spread(w: SimpleNamespace, mix: dict[str, float]) -> dict:
    """A mixture over the sliders of the genres, and in full where it is kept."""
    return {w.mix: mix, **{share: round(100 * mix[name], 1) for name, share in zip(GENRES, w.shares)}}


def steering_of(colours: "PosterColours") -> dict:
    """The music that a poster's colours stand for, as the sliders show it."""
    return {"tempo": round(colours.tempo), "mode": colours.mode, "density": round(colours.density, 2)}
