"""What the verbs of the command line do alike: errors as one line, bars of progress, the file to write."""

import contextlib
import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from posterbeat.controls import SUFFIXES
from posterbeat.errors import ParameterError, PosterBeatError

FAILED, USAGE = 1, 2


def check_target(path: Path) -> None:
    """Raise ParameterError where no track can be written to a path."""
    if path.suffix.lower() not in SUFFIXES:
        raise ParameterError(f"{path}: the file to write must end in one of {', '.join(SUFFIXES)}.")
    if not path.parent.is_dir():
        raise ParameterError(f"{path}: there is no folder {path.parent}.")


@contextlib.contextmanager
def errors():
    """The user's errors as one line on stderr and an exit status."""
    try:
        yield
    except PosterBeatError as error:
        complain(str(error))
        raise typer.Exit(USAGE if isinstance(error, ParameterError) else FAILED) from error
    except OSError as error:
        complain(f"{error.filename or 'A file'} could not be read or written: {error.strerror or error}.")
        raise typer.Exit(FAILED) from error
    except KeyboardInterrupt:
        complain("Stopped.")
        raise typer.Exit(130) from None


def complain(sentence: str) -> None:
    """Say something on stderr."""
    print(f"posterbeat: {sentence}", file=sys.stderr, flush=True)


def bar(quiet: bool) -> Progress:
    """A bar of progress, which a terminal alone shows."""
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                    console=Console(stderr=True), transient=True, disable=quiet or not sys.stderr.isatty())


def waiting(what: str, quiet: bool):
    """A sign of life while something takes long, which a terminal alone shows."""
    return contextlib.nullcontext() if quiet or not sys.stderr.isatty() else Console(stderr=True).status(what)
