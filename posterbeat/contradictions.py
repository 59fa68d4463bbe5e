"""What may be asked for one by one, but not together."""

from typing import Any

from posterbeat.errors import ParameterError
from posterbeat.notation.keys import contradiction, parse_key
from posterbeat.text import said

_ASKED = ("instruments", "chords", "key", "metre", "seconds")  # what the reference study's stack cannot heed


def check_together(controls: Any) -> None:
    """Return where no two of `Controls`, each of which is checked, contradict each other.

    Raises
    ------
    ParameterError
        Two that do, and which to leave out.
    """
    if controls.notes is not None and controls.seconds is not None:
        raise ParameterError(f"Give notes or seconds, not both: {controls.notes} notes and {controls.seconds:g} seconds were "
                             f"asked for; leave one out, as in seconds={controls.seconds:g} alone.")
    if controls.ensemble is not None and controls.instruments is not None:
        raise ParameterError(f"Give instruments or an ensemble, not both: {said(', '.join(controls.instruments))} and "
                             f"{said(controls.ensemble)} were asked for; leave one out.")
    if controls.key is not None:
        key = parse_key(controls.key)
        if controls.mode not in (None, key.mode):
            raise ParameterError(f"Key {said(controls.key)} contradicts the mode {said(controls.mode)}: leave the mode out.")
        against = controls.chords and contradiction(key, controls.bars)
        if against:
            raise ParameterError(f"Key {said(controls.key)} and chords {said(controls.chords)} contradict each other: {against}.")
    unheeded = [name for name in _ASKED if getattr(controls, name) is not None]
    if controls.composer_kind != "posterbeat" and unheeded:
        raise ParameterError(f"The composer {controls.composer_kind!r} heeds only notes, seed and tempo: leave out "
                             f"{', '.join(unheeded)}, or take the composer 'posterbeat'.")
