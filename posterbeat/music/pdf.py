"""Sheet music as PDF: the engraver's pages, typeset on A4, with what the file says of itself."""

import json
import re
from collections.abc import Sequence

import typst

# The engraver writes notes and accidentals within text in a font of its own, which only browsers unpack: here Unicode's own.
_OWN_FONT = re.compile(r'font-family="(?:Leipzig|Bravura|Leland|Gootville|Petaluma)"')
_SIGNS = str.maketrans({  # SMuFL: metronome marks, figured bass, accidentals
    "\ueca3": "\U0001d15e", "\ueca5": "\u2669", "\ueca7": "\u266a", "\uecb7": ".", "\uea64": "\u266d", "\uea65": "\u266e",
    "\uea66": "\u266f", "\ue260": "\u266d", "\ue261": "\u266e", "\ue262": "\u266f",
})


def to_pdf(pages: Sequence[str], title: str = "", author: str = "") -> bytes:
    """Engraved pages as one PDF, a page each; the same pages give the same bytes.

    Parameters
    ----------
    pages
        SVGs, as `sheet.engrave` makes them.
    title, author
        What a reader shows of the file.
    """
    set_up = (f"#set document(title: {_quoted(title)}, author: {_quoted(author)}, date: none)\n"
              '#set page("a4", margin: (x: 9mm, y: 11mm))\n')
    shown = "\n#pagebreak()\n".join(f'#image("{number}.svg", width: 100%)' for number in range(len(pages)))
    files = {f"{number}.svg": _plain(page).encode() for number, page in enumerate(pages)}
    return typst.compile({"main.typ": (set_up + shown).encode(), **files}, format="pdf")


def _plain(page: str) -> str:
    return _OWN_FONT.sub('font-family="DejaVu Sans Mono"', page).translate(_SIGNS)


def _quoted(text: str) -> str:
    """As a string of the typesetter's language; what JSON would write by number, that language writes otherwise."""
    return json.dumps("".join(character for character in text if character.isprintable()), ensure_ascii=False)
