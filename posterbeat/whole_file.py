"""Files that appear under their name only when they are whole."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole_file(target: str | Path) -> Iterator[Path]:
    """A path beside `target`, with its suffix, to write to: it takes the target's name once the block has ended.

    An existing file is replaced. If the block raises, the target stays as it was and nothing is left beside it.
    """
    target = Path(target)
    part = target.with_name(f".{uuid.uuid4().hex}{target.suffix}")
    try:
        yield part
        os.replace(part, target)
    finally:
        with contextlib.suppress(OSError):  # it has its name already, or its folder never was one
            part.unlink()
