"""What the page's controls are set to from elsewhere: by a link, by a take, or by what the visitor's browser kept of them."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from posterbeat.controls import COMPOSER_KINDS
from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES, mixture, music_for
from posterbeat.ui.cover import cover_of
from posterbeat.ui.error_messages import spoken
from posterbeat.ui.link import Wish, wish_of
from posterbeat.ui.page import scripts, text
from posterbeat.ui.page.controls_shown import NAMES, restored, shown
from posterbeat.ui.page.events import QUIET
from posterbeat.ui.page.on_poster import spread
from posterbeat.ui.page.on_take import there
from posterbeat.ui.server.uploads import uploaded
from posterbeat.ui.take import Take

_SWITCHES = ("follow_colours", "read_words", "compose_at_once")


def wire(page: gr.Blocks, w: SimpleNamespace) -> None:
    """Set the widgets of `layout.lay_out` when the page is loaded and at "Use these settings"; keep them in the browser."""
    controls = {name: getattr(w, name) for name in NAMES if getattr(w, name).visible}

    def arrive(kept: Any, request: gr.Request):
        wish = wish_of(request.query_params)
        if not wish and not wish.refused:
            return _restored(w, controls, kept if isinstance(kept, Mapping) else {})
        study = wish.controls.get("composer_kind", COMPOSER_KINDS[0]) != COMPOSER_KINDS[0]
        unheard = [*wish.refused, *([text.NO_STUDY] if study and "composer_kind" not in controls else [])]
        try:
            linked = wish.recipe
        except ParameterError as error:
            linked = None
            unheard.append(str(error))
        invited = {w.roll: _invitation(wish)} if wish.mix or wish.poster else {}
        refused = {w.stage: text.left_out(unheard)} if unheard else {}
        poster = {w.poster: wish.poster} if wish.poster else {}
        return {**_wished(w, controls, wish, text.FROM_LINK), w.linked: linked, **poster, **invited, **refused}

    @spoken
    def use(take: Take | None):
        wish = wish_of(dict(parse_qsl(there(take).link[1:])))
        poster = {w.poster: take.poster} if take.poster and Path(take.poster).exists() else {}
        return {**_wished(w, controls, wish, text.FROM_TAKE), w.linked: wish.recipe, **poster}

    set_here = [*controls.values(), w.poster, w.genre, w.mix, w.linked_mix, w.linked, w.steered_by, w.follow_colours, *w.shares]
    switches = [getattr(w, name) for name in _SWITCHES]
    arrived = page.load(arrive, [w.kept], [*set_here, *switches[1:], w.roll, w.stage], **QUIET)
    arrived.then(None, js=scripts.ARRIVED)
    w.use_settings.click(use, [w.take], set_here, **QUIET)
    kept = {"poster": w.poster, "genre": w.genre, **controls, **dict(zip(_SWITCHES, switches)),
            **dict(zip(GENRES, w.shares))}
    gr.on([widget.change for widget in kept.values()], None, [*kept.values()], w.kept, js=scripts.keep(list(kept)),
          show_progress="hidden", api_visibility="private")


def _wished(w: SimpleNamespace, controls: Mapping[str, Any], wish: Wish, choice: tuple[str, str]) -> dict:
    """The controls as a link says; what it leaves out and has no value of its own is left to the composer."""
    values = shown(wish.controls)
    wished = {widget: values[name] for name, widget in controls.items() if name in values}
    if wish.mix:
        mix = mixture(wish.mix)
        one = next((name for name in GENRES if mix[name] == 1), None)
        wished |= {w.genre: one or gr.update(choices=[*text.GENRE_CHOICES, choice], value=text.LINKED), w.linked_mix: mix,
                   **spread(w, mix)}
    return {**wished, w.steered_by: text.LINKED if wish.steers else False, w.follow_colours: wish.steers or not wish}


def _invitation(wish: Wish) -> dict[str, Any]:
    """The roll's value for a piece that a link asks for."""
    title = music_for(mixture(wish.mix)) if wish.mix else "Music for this poster"
    return {"invited": title, "words": text.INVITED, "cover": cover_of(wish.poster) if wish.poster else None}


def _restored(w: SimpleNamespace, controls: Mapping[str, Any], kept: Mapping[str, Any]) -> dict:
    """The settings that the browser kept, those of them that still make sense."""
    values = restored(kept)
    found: dict = {w.steered_by: False, **{widget: values[name] for name, widget in controls.items() if name in values}}
    for name in _SWITCHES:
        if isinstance(kept.get(name), bool):
            found[getattr(w, name)] = kept[name]
    shares = {name: kept.get(name) for name in GENRES}
    if all(isinstance(share, int | float) and 0 <= share <= 100 for share in shares.values()):
        found |= dict(zip(w.shares, shares.values()))
    genre = text.MIXED if kept.get("genre") == text.LINKED else kept.get("genre")
    if genre in [value for _, value in text.GENRE_CHOICES]:
        found[w.genre] = genre
    poster = kept.get("poster")
    if isinstance(poster, str) and uploaded(poster):  # it is removed in time
        found |= {w.poster: poster, w.steered_by: text.LINKED}  # tempo, mode and density stay as they were, too
    return found

