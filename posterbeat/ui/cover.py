"""A small copy of a poster, for the player, the strip of takes, and the fragment of a link, which no server sees."""

import io

from posterbeat.errors import PosterError
from posterbeat.ui.page.text import inline

_SIZE = (120, 180)  # pixels at the most
_ENOUGH = 2400  # bytes: a link that holds it is still taken by mail and messengers


def cover_of(path: str) -> str | None:
    """The poster in a file, small, as an address that holds it; None where the file is gone."""
    from posterbeat.poster import open_poster

    try:
        picture = open_poster(path)
    except PosterError:
        return None
    picture.thumbnail(_SIZE)
    for quality in (60, 45, 30, 15):
        written = io.BytesIO()
        picture.save(written, "WEBP", quality=quality, method=4)
        if written.tell() <= _ENOUGH:
            break
    return inline("image/webp", written.getvalue())
