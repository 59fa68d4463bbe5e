"""The folder in which visitors' files lie: uploads, and what is made from them."""

import contextlib
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Collection
from pathlib import Path

from posterbeat.errors import PosterBeatError
from posterbeat.ui.page import text

KEPT = 3600.0  # seconds that a file is kept
_SWEEPS = 6  # while a file is kept: it is gone a sixth of the time later at the most


def root() -> Path:
    """The folder, made if need be: GRADIO_TEMP_DIR, which is set to a folder of our own where nobody set it.

    gradio's own default is one folder for every gradio app on the machine, and open to every user of it.
    """
    given = os.environ.setdefault("GRADIO_TEMP_DIR", f"{tempfile.gettempdir()}/posterbeat-{os.getuid()}")
    path = Path(given).absolute()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def uploaded(path: str) -> bool:
    """Whether a path, with every link in it followed, is that of a file in the folder."""
    try:
        real = Path(path).resolve()
        return real.is_file() and real.is_relative_to(root().resolve())
    except (OSError, ValueError, RuntimeError):  # too long, a NUL character, links in a ring
        return False


def folder() -> Path:
    """A new folder for one request's files.

    Raises
    ------
    PosterBeatError
        The disk is full or cannot be written to.
    """
    path = root() / f"{_ours()}{secrets.token_hex(16)}"
    try:
        path.mkdir(parents=True)
    except OSError as error:
        raise PosterBeatError(text.NO_ROOM) from error
    return path


def sweep(age: float = KEPT, spared: Collection[str] = ()) -> None:
    """Remove what came into the folder more than `age` seconds ago, uploads that were broken off included.

    gradio knows only what it wrote itself in this run, and its sweeps stop for good at the first error of the disk.

    Parameters
    ----------
    spared
        Paths of files that stay: the page's own pictures.
    """
    stay = {Path(path).parent for path in spared}
    for path in root().iterdir():
        if path in stay:
            continue
        with contextlib.suppress(OSError):  # gone meanwhile, or the disk cannot be written just now: the next sweep comes
            # The time of the last change of an inode, since copies bring the times of their originals along.
            last = max(entry.lstat().st_ctime for entry in (path, *path.rglob("*")))
            if time.time() - last > age:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def keep_tidy(kept: float = KEPT, spared: Collection[str] = ()) -> None:
    """Sweep now, for what an earlier run left, and from now on, in a thread."""

    def tidy() -> None:
        while True:
            sweep(kept, spared)
            time.sleep(kept / _SWEEPS)

    threading.Thread(target=tidy, name="remove old files", daemon=True).start()


def clear() -> None:
    """Remove the folders that this process made, before it ends."""
    for path in root().glob(f"{_ours()}*"):
        shutil.rmtree(path, ignore_errors=True)


def _ours() -> str:
    return f"take-{os.getpid()}-"
