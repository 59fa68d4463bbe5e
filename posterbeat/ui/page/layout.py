"""The page's widgets and where they stand: the poster on the left, the music on the right."""

from types import SimpleNamespace

import gradio as gr

from posterbeat.controls import COMPOSER_KINDS, DENSITY, SECONDS, TEMPERATURE, TEMPO
from posterbeat.genres import GENRES
from posterbeat.hub import weights_are_there
from posterbeat.notation.metres import METRES
from posterbeat.ui.components.example_pieces import PIECES, ExamplePieces
from posterbeat.ui.components.example_posters import EXAMPLES, ExamplePosters
from posterbeat.ui.components.fold import Fold
from posterbeat.ui.components.part_rows import PartRows
from posterbeat.ui.components.piano_roll import PianoRoll
from posterbeat.ui.components.poster_input import PosterInput
from posterbeat.ui.components.poster_ways import PosterWays
from posterbeat.ui.components.poster_words import PosterWords
from posterbeat.ui.components.take_strip import TakeStrip
from posterbeat.ui.page import about, text, who_plays


def lay_out() -> SimpleNamespace:
    """Create all widgets inside the Blocks that is being built; each is an attribute of what is returned.

    Of one visitor's session: `last_poster` the poster that was read last, `reading` what was read on it, `joint` the same
    with its words until that is shown, `take` the take on the screen, `takes` the last ones, `steered_by` whether (and by what)
    tempo, mode and density were set, `mix` the mixture that the sliders of the genres stand for, in full, until one is moved,
    `linked_mix` that of a link or a take, `asked_link` the link of a take to be composed again, `asked_step` what is to be done
    with the take on the screen, `linked` how the take came to be that a link, or "Use these settings", set the page to,
    `written` what was written before Stop, `levels` how loud each part is mixed. `kept` stays in the visitor's browser: the
    page's settings, for when it is loaded again.
    """
    w = SimpleNamespace(last_poster=gr.State(None), reading=gr.State(None), joint=gr.State(None), take=gr.State(None),
                        takes=gr.State([]), steered_by=gr.State(False), mix=gr.State(None), linked_mix=gr.State(None),
                        asked_link=gr.State(None), asked_step=gr.State(None), linked=gr.State(None), written=gr.State(None),
                        levels=gr.State([]), clock=gr.Timer(2.0, active=False),
                        kept=gr.BrowserState({}, storage_key="posterbeat-settings", secret="posterbeat"))
    gr.HTML(text.MASTHEAD, elem_id="masthead")
    with gr.Row(elem_id="house"):
        with gr.Column(scale=4, min_width=320, elem_id="left"):
            _poster(w)
        with gr.Column(scale=7, min_width=320, elem_id="right"):
            _controls(w)
            _screen(w)
            with gr.Column(elem_id="advanced", elem_classes="folded"):
                Fold(text.ADVANCED)
                with gr.Column():
                    _advanced(w)
    with gr.Column(elem_id="about", elem_classes="folded"):
        Fold("About")
        with gr.Column():
            _about(w)
    return w


def _about(w: SimpleNamespace) -> None:
    gr.HTML(about.how())
    with gr.Column(visible=bool(PIECES), elem_id="listening"):
        gr.HTML(text.EXAMPLE_PIECES)
        w.example_pieces = ExamplePieces(elem_id="pieces")
    gr.HTML(about.measured())


def _poster(w: SimpleNamespace) -> None:
    with gr.Column(elem_id="case"):
        w.poster = PosterInput(
            label="Poster", show_label=False, elem_id="poster", height=460, buttons=["fullscreen"],
            sources=["upload", "webcam", "clipboard"], placeholder=text.DROP)
        w.outlines = gr.HTML("", elem_id="outlines")
        w.heatmap = gr.HTML(visible=False, elem_id="heat")
    w.poster_said = PosterWays(elem_id="poster-said")
    w.genre_label = gr.HTML(visible=False, elem_id="reading")
    w.poster_words = PosterWords(elem_id="words")
    w.show_heatmap = gr.Button(text.SHOW_HEATMAP, size="sm", visible=False, elem_id="show-heatmap")
    with gr.Column(visible=bool(EXAMPLES), elem_id="samples"):
        gr.HTML(text.EXAMPLE_POSTERS, elem_id="samples-said")
        w.example_posters = ExamplePosters(elem_id="shelf")


def _controls(w: SimpleNamespace) -> None:
    plain = {"min_width": 130, "buttons": []}
    with gr.Row(equal_height=True, elem_id="controls"):
        w.genre = gr.Dropdown(text.GENRE_CHOICES, value=text.OWN, label="Genre", min_width=180, elem_id="genre")
        w.seconds = gr.Slider(*SECONDS, value=text.LENGTH, step=1, label="Length", info=text.ABOUT_LENGTH,
                              elem_id="seconds", **plain)
        w.temperature = gr.Slider(*TEMPERATURE, value=1.0, step=0.05, label="Temperature", info=text.ABOUT_TEMPERATURE,
                                  elem_id="temperature", **plain)
    with gr.Row(equal_height=True, elem_id="act"):
        w.compose = gr.Button("Compose", variant="primary", size="lg", scale=5, min_width=180, elem_id="compose")
        w.stop = gr.Button("Stop", variant="stop", scale=5, min_width=180, visible=False, elem_id="stop")
        with gr.Column(scale=4, min_width=240, elem_id="luck"):
            w.seed = gr.Textbox(label="Seed", placeholder="drawn for you", max_lines=1, min_width=120, elem_id="seed")
            w.draw_seed = gr.Button("Draw a new seed", min_width=46, elem_id="dice")
    w.compose_said = gr.HTML("", elem_id="compose-said")


def _screen(w: SimpleNamespace) -> None:
    with gr.Column(elem_id="screen"):
        w.stage = gr.HTML("", elem_id="stage")
        w.keep = gr.Button("Keep", visible=False, elem_id="keep")
        w.roll = PianoRoll(elem_id="roll")
    w.parts = PartRows(elem_id="parts")
    with gr.Row(visible=False, elem_id="take-facts") as w.take_facts:
        w.facts = gr.HTML("", elem_id="facts")
        w.use_settings = gr.Button(text.USE_SETTINGS, size="sm", min_width=150, scale=0, elem_id="use-settings")
    with gr.Row(visible=False, elem_id="take-actions") as w.take_actions:
        w.another_take = gr.Button("Another take", min_width=150, elem_id="another")
        w.go_on = gr.Button("Go on", min_width=84, elem_id="go-on")
        w.undo = gr.Button("Undo", min_width=84, visible=False, elem_id="undo")
        w.midi = gr.DownloadButton("MIDI", min_width=84, elem_id="midi")
        w.wav = gr.DownloadButton("WAV", min_width=84, elem_id="wav")
        w.mp3 = gr.Button("MP3", min_width=84, elem_id="mp3")
        w.mix_wav = gr.Button("WAV as mixed", min_width=130, visible=False, elem_id="mix-wav")
        w.stems = gr.Button(text.STEMS, min_width=190, elem_id="stems")
        w.mp4 = gr.Button("MP4 film", min_width=84, elem_id="mp4")
        w.tall_film = gr.Button("Tall film", min_width=84, elem_id="tall")
        w.sheet_music = gr.Button("Sheet music", min_width=120, elem_id="engrave")
        w.copy_link = gr.Button("Copy link", min_width=110, elem_id="copy-link")
        w.share = gr.Button("Share", min_width=84, elem_id="share-link")
    w.turn = gr.Number(visible="hidden")  # not a State: each piece of work must keep the number it was asked with
    w.hidden_download = gr.DownloadButton("File", visible="hidden", elem_id="hidden-download")
    w.take_strip = TakeStrip(elem_id="takes")
    with gr.Column(visible=False, elem_id="sheet") as w.sheet:
        w.sheet_pages = gr.HTML("", elem_id="pages")
        with gr.Row():
            w.pdf = gr.Button("PDF", min_width=84, size="sm", elem_id="pdf")
            w.musicxml = gr.Button("MusicXML", min_width=84, size="sm", elem_id="musicxml")
            w.hide_sheet = gr.Button("Hide sheet music", min_width=84, size="sm", elem_id="hide-sheet")


def _advanced(w: SimpleNamespace) -> None:
    gr.HTML(text.ABOUT_MIXTURE, elem_classes="note")
    with gr.Row(elem_id="shares"):
        w.shares = [gr.Slider(0, 100, value=20, step=0.1, label=name.capitalize(), min_width=200, buttons=[],
                              elem_id=f"share-{name}") for name in GENRES]
    w.read_words = gr.Checkbox(True, label=text.READ_WORDS, elem_id="read-words")
    w.follow_colours = gr.Checkbox(True, label=text.FOLLOW_COLOURS, elem_id="coloured")
    w.colours_read = gr.HTML(text.colours_line(None), elem_id="colours-read")
    plain = {"min_width": 200, "buttons": []}
    with gr.Row(equal_height=True, elem_id="colours"):
        w.tempo = gr.Slider(*TEMPO, value=100, step=1, label="Beats a minute", elem_id="tempo", **plain)
        w.density = gr.Slider(*DENSITY, value=0.5, step=0.01, label="Density", elem_id="density", **plain)
        w.mode = gr.Radio(["major", "minor"], value="major", label="Mode", min_width=200, elem_id="mode")
    w.instruments = gr.Dropdown(
        who_plays.choices(), value=[], multiselect=True, allow_custom_value=True, num_choices_shown=200, label="Instruments",
        info=text.ABOUT_INSTRUMENTS, elem_id="instruments")
    with gr.Row(elem_id="harmony"):
        w.chords = gr.Textbox(label="Chords", placeholder="Am F C G", info=text.ABOUT_CHORDS, max_lines=1, scale=2, min_width=200,
                              elem_id="chords")
        w.key = gr.Textbox(label="Key", placeholder="any", info=text.ABOUT_KEY, max_lines=1, min_width=140, elem_id="key")
        w.metre = gr.Dropdown([(text.LEFT_OPEN, ""), *METRES], value="", label="Metre", info=text.ABOUT_METRE, min_width=120,
                              elem_id="metre")
    with gr.Row():
        w.notes = gr.Textbox(label="Notes, in place of a length", placeholder="as many as the length takes",
                             info=text.ABOUT_NOTES, max_lines=1, min_width=200, elem_id="notes")
        w.composer_kind = gr.Dropdown(
            list(zip(text.COMPOSERS, COMPOSER_KINDS)), value=COMPOSER_KINDS[0], label="Composer", info=text.ABOUT_STUDY,
            min_width=200, visible=weights_are_there("historical"), elem_id="composer")
    w.compose_at_once = gr.Checkbox(False, label=text.AT_ONCE, elem_id="at-once")
