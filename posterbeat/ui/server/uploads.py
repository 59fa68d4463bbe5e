"""The folder in which visitors' files lie: uploads, and what is made from them."""

import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from posterbeat.errors import PosterBeatError
from posterbeat.ui.page import text
from posterbeat.ui.server.repeating import again_and_again
from posterbeat.ui.server.run_folder import RunFolder, default_folder
from posterbeat.ui.server.settings import KEPT

_SWEEPS = 6  # while a file is kept: it is gone a sixth of the time later at the most
_LOOK = 60.0  # seconds from one sweep to the next, at the most
_BROKEN_OFF = 60.0  # seconds after which an upload of which nothing more came is one that was broken off
_ROOM = 5.0  # seconds from one look at how much they take to the next
_RESTORE = 5.0  # seconds that one of the page's own pictures may be missing


def root() -> Path:
    """The folder: GRADIO_TEMP_DIR, which `settings.settle` sets to the run's own."""
    given = os.environ.get("GRADIO_TEMP_DIR")
    return Path(given).absolute() if given else default_folder()


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
    return lasting_folder(f"take-{secrets.token_hex(16)}")


def lasting_folder(name: str) -> Path:
    """The folder of that name for files that several requests share; like every other, it goes in time.

    Raises
    ------
    PosterBeatError
        The disk is full or cannot be written to.
    """
    path = root() / name
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise PosterBeatError(text.NO_ROOM) from error
    return path


def sweep(age: float = KEPT, spared: Collection[str] = ()) -> None:
    """Remove what came into the folder more than `age` seconds ago, and uploads that were broken off sooner.

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
            whole = path.is_dir() and not path.is_symlink()
            # The time of the last change of an inode, since copies bring the times of their originals along.
            last = max(entry.lstat().st_ctime for entry in (path, *path.rglob("*")))
            if time.time() - last > (age if whole else min(age, _BROKEN_OFF)):
                _remove(path)


def make_room(most: float | None = None, spared: Collection[str] = ()) -> None:
    """Remove what was changed longest ago from the folder until it holds no more than `most` bytes; `spared` as of `sweep`.

    A visitor can have a fresh file made each second, and files that are swept by their age alone would fill any disk. Where
    `most` is None, they may take half of what would be free without them.
    """
    stay = {Path(path).parent for path in spared}
    held = []
    for path in root().iterdir():
        with contextlib.suppress(OSError):  # gone meanwhile
            found = [entry.lstat() for entry in (path, *path.rglob("*"))]
            held.append((max(one.st_ctime for one in found), sum(one.st_size for one in found), path))
    size = sum(size for _, size, _ in held)
    if most is None:
        most = (size + shutil.disk_usage(root()).free) / 2
    for _, own, path in sorted(held):
        if size <= most:
            return
        if path not in stay:
            _remove(path)
            size -= own


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):  # the next turn comes
            path.unlink(missing_ok=True)


def restore(own: Mapping[str, bytes]) -> None:
    """Write those files of the page's own again that somebody has removed.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    for path, content in own.items():
        if not os.path.exists(path):
            target = Path(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f".{target.name}")
            beside.write_bytes(content)
            beside.replace(target)


def keep_tidy(kept: float = KEPT, own: Collection[str] = (), folders: Collection[RunFolder] = (),
              most: float | None = None) -> threading.Event:
    """From now on, in threads: old files go, and the page's `own` ones and the run's folders come back if they were removed.

    Parameters
    ----------
    most
        Bytes that the files may take, as in `make_room`.

    Returns
    -------
    threading.Event
        Set it to end this.
    """
    contents = {path: Path(path).read_bytes() for path in own}

    def bring_back() -> None:
        for folder in folders:
            folder.keep()
        if not any(folder.over for folder in folders):
            restore(contents)

    over = threading.Event()
    again_and_again(bring_back, _RESTORE, "bring back the page's own files", over)
    again_and_again(lambda: make_room(most, own), _ROOM, "make room for new files", over)
    again_and_again(lambda: sweep(kept, own), min(kept / _SWEEPS, _LOOK), "remove old files", over)
    return over
