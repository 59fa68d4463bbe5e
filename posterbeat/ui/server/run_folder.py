"""A folder for one run of the app: nobody else's, and removed with all that is in it, even if the run was killed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from posterbeat.errors import PosterBeatError

_MARK = "run-of-posterbeat-"
_PERSISTENCE = 3.0  # seconds for which a folder that comes back is removed again


class RunFolder:
    """A new folder inside another, which this process holds until it ends.

    It is held by a lock on the folder itself, which the system lets go of however the process ends, and which programs that
    clear old temporary files heed. What runs that are over have left beside it is removed.

    Parameters
    ----------
    parent
        Made if need be.

    Attributes
    ----------
    path : Path
    over : bool, whether it was removed for good

    Raises
    ------
    PosterBeatError
        The parent cannot be written to.
    """

    def __init__(self, parent: Path):
        self._lock: int | None = None
        self.over = False
        try:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in parent.glob(f"{_MARK}*"):
                _remove_if_left(left)
            unheld = Path(tempfile.mkdtemp(prefix="new-", dir=parent))
            self._hold(unheld)
            self.path = unheld.rename(unheld.with_name(unheld.name.replace("new-", _MARK, 1)))
        except OSError as error:
            raise PosterBeatError(f"The folder {parent} for temporary files cannot be written to ({error.strerror}): "
                                  "name another in GRADIO_TEMP_DIR or TMPDIR.") from error

    def _hold(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if self._lock is not None:
            os.close(self._lock)
        self._lock = descriptor

    def keep(self) -> None:
        """Make the folder again if somebody has removed it.

        Raises
        ------
        OSError
            It cannot be made.
        """
        with contextlib.suppress(FileNotFoundError):
            if self.over or os.path.samestat(self.path.stat(), os.fstat(self._lock)):
                return
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hold(self.path)

    def remove(self) -> None:
        """Remove the folder with all that is in it, for good: other threads may be writing into it, for a moment more."""
        self.over = True
        end, gone = time.monotonic() + _PERSISTENCE, 0
        while gone < 2 and time.monotonic() < end:
            shutil.rmtree(self.path, ignore_errors=True)
            time.sleep(0.05)
            gone = 0 if self.path.exists() else gone + 1


def default_folder() -> Path:
    """The folder for visitors' files where none was named: made if need be, and surely this user's alone.

    gradio's own default is one folder for every gradio app on the machine, and open to every user of it.

    Raises
    ------
    PosterBeatError
        Somebody else owns it, it is a link, or it cannot be made.
    """
    path = Path(tempfile.gettempdir()).absolute() / f"posterbeat-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
        if path.is_symlink() or found.st_uid != os.getuid():
            raise PosterBeatError(f"The folder {path} is not this user's own: name another in GRADIO_TEMP_DIR.")
        if found.st_mode & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise PosterBeatError(
            f"The folder {path} cannot be created ({error.strerror}): name another in GRADIO_TEMP_DIR.") from error
    return path


def _remove_if_left(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    except OSError:  # gone meanwhile, or not this user's
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except BlockingIOError:  # another run, which goes on
        pass
    finally:
        os.close(descriptor)
