"""The widgets that stand for `Controls`: what they show for given ones, and what they ask for as they stand."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from posterbeat.controls import CHECKS, COMPOSER_KINDS, Controls
from posterbeat.errors import ParameterError
from posterbeat.instruments import ENSEMBLES
from posterbeat.ui.page import text, who_plays
from posterbeat.ui.page.on_poster import steering_of

if TYPE_CHECKING:  # this pulls in torch, which the page need not wait for
    from posterbeat.colours import PosterColours

# The widgets, called as the fields of `Controls` are.
NAMES = ("seconds", "notes", "temperature", "seed", "tempo", "mode", "density", "instruments", "chords", "key", "metre",
         "composer_kind")
_EMPTY = {"notes": "", "seed": "", "instruments": [], "chords": "", "key": "", "metre": ""}  # left to the composer
_TYPED = ("notes", "seed")  # numbers that a text field holds, which may be empty
_OPEN = {name: value for name, value in _EMPTY.items() if name not in _TYPED}


def shown(controls: Mapping[str, Any]) -> dict[str, Any]:
    """The widgets' values by name for some controls; who plays, chords, key and metre are left open where these do not say."""
    values = {**_OPEN, "composer_kind": COMPOSER_KINDS[0], **controls}
    if ensemble := values.pop("ensemble", None):  # a link of before says it so
        values["instruments"] = values["instruments"] or ENSEMBLES[ensemble]
    if "seconds" in values:
        values.setdefault("notes", "")  # these would come first
    typed = {name: str(values[name]) for name in _TYPED if name in values}
    return {**values, **typed, "instruments": who_plays.listed(values["instruments"])}


def restored(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The widgets' values by name as the browser kept them, those of them that still make sense."""
    values = {}
    for name in NAMES:
        if name not in kept or name == "notes" and "seconds" not in kept:  # notes were no choice before there was a length
            continue
        value = kept[name].strip() if isinstance(kept[name], str) else kept[name]
        try:
            if name in _EMPTY and not value:
                values[name] = _EMPTY[name]
            elif name in _TYPED:
                values[name] = str(CHECKS[name](text.number(str(value))))
            elif name == "instruments":
                values[name] = who_plays.listed(CHECKS[name](who_plays.asked(value)))
            else:
                values[name] = CHECKS[name](value)
        except ParameterError:
            continue
    return values


def controls_of(given: dict, w: SimpleNamespace, fresh: bool, unread: "PosterColours | None" = None) -> Controls:
    """The controls as the page's widgets stand; with `fresh` the seed is drawn.

    Parameters
    ----------
    unread
        The colours of a poster that has come since the widgets were set: they say tempo, mode and density, unless a link does.

    Raises
    ------
    ParameterError
        A value is outside its range, or two contradict each other.
    """
    steer = {"tempo": given[w.tempo], "mode": given[w.mode], "density": given[w.density]} if given[w.steered_by] else {}
    if unread and given[w.steered_by] != text.LINKED:
        steer = steering_of(unread)
    ours = given[w.composer_kind] == COMPOSER_KINDS[0]
    notes = text.number(given[w.notes])
    aims = ours and notes is None  # the study's stack counts notes alone
    controls = Controls(
        notes, given[w.temperature], None if fresh else text.number(given[w.seed]), composer_kind=given[w.composer_kind],
        seconds=given[w.seconds] if aims else None, instruments=who_plays.asked(given[w.instruments]) if ours else None,
        **{name: (given[getattr(w, name)] or "").strip() or None if ours else None for name in ("chords", "key", "metre")})
    return controls.filled(**steer) if given[w.follow_colours] else controls
