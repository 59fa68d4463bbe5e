"""Soundfonts: which one plays, and where it lies."""

import os
from pathlib import Path

import pretty_midi

from posterbeat.errors import RenderError

SOUNDFONTS = (  # in this order, after the argument and POSTERBEAT_SOUNDFONT
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",        # Debian: fluid-soundfont-gm
    "/usr/share/soundfonts/FluidR3_GM.sf2",        # Fedora, Arch
    "/usr/share/sounds/sf2/default-GM.sf2",        # Debian: whatever font was chosen as the default
    "/usr/share/soundfonts/default.sf2",
    "~/.fluidsynth/default_sound_font.sf2",        # midi2audio's own default
    "/usr/share/sounds/sf3/default-GM.sf3",        # compressed: plays four times slower
)


def asked_for(soundfont: str | Path | None) -> Path | None:
    """The soundfont that the argument, or else POSTERBEAT_SOUNDFONT, names; None where neither does.

    Raises
    ------
    RenderError
        It cannot be read, or is none.
    """
    asked = soundfont or os.environ.get("POSTERBEAT_SOUNDFONT")
    if not asked:
        return None
    path = Path(os.path.expanduser(asked))
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise RenderError(f"The soundfont {path} cannot be read: name an existing SF2 or SF3 file.") from error
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":  # FluidSynth would play its default font and say nothing
        raise RenderError(f"{path} is not a soundfont: name an SF2 or SF3 file.")
    if path.stat().st_size < int.from_bytes(head[4:8], "little") + 8:  # here, too
        raise RenderError(f"The soundfont {path} is incomplete: copy it again.")
    return path.resolve()


def installed() -> Path:
    """The first of `SOUNDFONTS` that exists, else `bundled`."""
    for name in SOUNDFONTS:
        path = Path(os.path.expanduser(name))  # which, unlike Path's own, leaves the ~ of a user without a home
        if path.is_file():
            return path.resolve()
    return bundled()


def bundled() -> Path:
    """The small soundfont inside pretty_midi.

    Raises
    ------
    RenderError
        It is not there.
    """
    path = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")
    if not path.is_file():
        raise RenderError(
            "There is no soundfont: install fluid-soundfont-gm or name an SF2 file in POSTERBEAT_SOUNDFONT."
        )
    return path
