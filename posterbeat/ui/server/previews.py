"""What the page shows of a poster that browsers cannot show: TIFF and HEIC go out as JPEG, the upload stays as it is."""

import asyncio
from pathlib import Path

from posterbeat.errors import PosterBeatError
from posterbeat.picture_file import browsers_show
from posterbeat.ui.server.uploads import uploaded
from posterbeat.whole_file import whole_file

_SIDE = 1600  # pixels of the longer side: sharp where the page shows it as large as it can
_ASKED = "file="


class Previews:
    """Makes them when they are asked for, one at a time, and leaves them beside the uploads."""

    def __init__(self):
        self._turn = asyncio.Lock()

    async def of(self, address: str) -> Path | None:
        """The JPEG to show in place of the upload that a request's path names; None for what browsers show or nobody can read."""
        path = address.partition(_ASKED)[2]
        if not uploaded(path) or not await asyncio.to_thread(_needs_one, Path(path)):
            return None
        async with self._turn:
            try:
                return await asyncio.to_thread(_made, Path(path))
            except (PosterBeatError, OSError):
                return None


def _needs_one(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return not browsers_show(file.read(16))
    except OSError:  # removed meanwhile
        return False


def _made(path: Path) -> Path:
    from posterbeat.poster import open_poster

    target = path.with_name("preview-of-this.jpg")
    if not target.exists():
        poster = open_poster(path)
        poster.thumbnail((_SIDE, _SIDE))
        with whole_file(target) as part:
            poster.save(part, "JPEG", quality=90)
    return target
