"""What happens on the page with a finished take: show it, mix its parts, download it, engrave it, copy its link."""

from types import SimpleNamespace

import gradio as gr

from posterbeat.errors import PosterBeatError
from posterbeat.ui.components.example_pieces import listen_to
from posterbeat.ui.components.part_rows import PartRows
from posterbeat.ui.components.take_strip import TakeStrip
from posterbeat.ui.error_messages import spoken
from posterbeat.ui.page import scripts, text
from posterbeat.ui.page.events import PRIVATE, QUIET
from posterbeat.ui.take import Take
from posterbeat.ui.turns import AT_ONCE, COMPOSING


def wire(w: SimpleNamespace) -> None:
    """Connect the widgets of `layout.lay_out` that stand below the screen with what they do."""
    rendering = {"show_progress": "hidden", "concurrency_limit": AT_ONCE, "concurrency_id": COMPOSING, **PRIVATE}

    def again(takes, event: gr.EventData):
        place = next((place for place, take in enumerate(takes) if take.link == event.link), None)
        return on_screen(w, takes, place) if place is not None else {w.roll: gr.skip()}

    @spoken
    def fetch(suffix, tall, take):
        return there(take).convert(suffix, tall)

    @spoken
    def write_out(take):
        return {w.sheet_pages: there(take).engrave(), w.sheet: gr.update(visible=True)}

    def level(event: gr.EventData):
        mixed = any(level != 1 for level in event.levels)
        return event.levels, gr.update(visible=mixed)

    @spoken
    def mix(take, levels):
        return there(take).mix(levels)

    @spoken
    def listen(event: gr.EventData):
        return listen_to(event.index)

    w.roll.select(level, None, [w.levels, w.mix_wav], trigger_mode="always_last", **QUIET)
    w.mix_wav.click(mix, [w.take, w.levels], w.hidden_download, **PRIVATE).success(None, js=scripts.DELIVER)
    w.take_strip.click(again, [w.takes], widgets_of_a_take(w), **QUIET)
    for button, suffix, tall in ((w.mp3, ".mp3", False), (w.mp4, ".mp4", False), (w.tall_film, ".mp4", True),
                                 (w.stems, ".zip", False), (w.musicxml, ".musicxml", False), (w.pdf, ".pdf", False)):
        pressed = button.click(None, None, button, js=scripts.making(button.elem_id, text.MAKING[suffix]))
        wanted = [gr.State(suffix), gr.State(tall), w.take]
        made = pressed.then(fetch, wanted, w.hidden_download, show_progress="hidden", **PRIVATE)
        made.success(None, js=scripts.DELIVER)
        for end in (made.success, made.failure):
            end(None, None, button, js=scripts.made(button.elem_id, button.value))
    w.sheet_music.click(write_out, [w.take], [w.sheet_pages, w.sheet], **PRIVATE)
    w.hide_sheet.click(lambda: gr.update(visible=False), None, w.sheet, **QUIET).then(None, js=scripts.FOCUS_SHEET)
    w.copy_link.click(None, js=scripts.COPY_LINK)
    w.share.click(None, js=scripts.SHARE)
    # "multiple": one that was asked for meanwhile must not be dropped. The browser plays the one pressed last.
    w.example_pieces.click(listen, None, w.example_pieces, trigger_mode="multiple", **rendering)


def widgets_of_a_take(w: SimpleNamespace) -> list:
    """The widgets that `on_screen` sets."""
    return [w.sheet, w.roll, w.facts, w.take, w.take_strip, w.midi, w.wav, w.parts, w.go_on, w.undo, w.mix_wav]


def on_screen(w: SimpleNamespace, takes: list[Take], index: int) -> dict:
    """One of the last takes on the screen, ready to be played."""
    take = takes[index]
    return {w.sheet: gr.update(visible=False), w.roll: {**take.roll, "play": True}, w.facts: text.facts(take), w.take: take,
            w.take_strip: TakeStrip.show(takes, index), w.midi: take.midi, w.wav: take.wav, w.parts: PartRows.show(take.roll),
            w.go_on: gr.update(visible=take.controls.composer_kind == text.OURS, interactive=True),
            w.undo: gr.update(visible=any(other.link == take.former for other in takes), interactive=True),
            w.mix_wav: gr.update(visible=False)}


def there(take: Take | None) -> Take:
    """The take on the screen.

    Raises
    ------
    PosterBeatError
        There is none.
    """
    if take is None:
        raise PosterBeatError(text.NOTHING_YET)
    return take
