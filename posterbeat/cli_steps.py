"""The verbs of the command line that take a finished piece further: `posterbeat go-on` and `posterbeat rewrite`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from posterbeat import cli_options as options
from posterbeat.cli_running import bar, check_target, complain, errors, waiting
from posterbeat.controls import SUFFIXES
from posterbeat.hub import source_of
from posterbeat.steps import GoOn, Rewrite, Step

if TYPE_CHECKING:
    from posterbeat.composer.model import BiLSTMComposer

Piece = Annotated[Path, typer.Argument(metavar="MIDI", show_default=False, help=(
    "The piece, as posterbeat wrote it or from elsewhere (2 MB at most)."))]
Out = Annotated[list[Path] | None, typer.Option(
    "--out", "-o", help=f"File to write: {', '.join(SUFFIXES)}. May be given several times.",
    show_default="the piece's name with -2.mid, in this folder")]
Seed = Annotated[int | None, typer.Option(help="0 to 4294967295.", show_default="drawn, and printed")]


def go_on(
    piece: Piece,
    out: Out = None,
    seconds: Annotated[float, typer.Option(help="Seconds to add, 10 to 300; the piece may last 600 in all.")] = 30.0,
    seed: Seed = None,
    composer: options.Composer = None,
    quiet: options.Quiet = False,
):
    """Continue a piece: its closing bar is replaced, and everything before it stays note for note."""
    with errors():
        _take(piece, GoOn(seconds, seed), out, composer, quiet)


def rewrite(
    piece: Piece,
    out: Out = None,
    part: Annotated[str | None, typer.Option(
        metavar="NAME", help="Which part: bass, 'Violin 2', or its place, counted from 0.", show_default="all")] = None,
    bars: Annotated[str | None, typer.Option(
        metavar="FIRST-LAST", help="Which bars, counted from 1: 9-16.", show_default="all")] = None,
    seed: Seed = None,
    composer: options.Composer = None,
    quiet: options.Quiet = False,
):
    """Rewrite a part of a piece, some of its bars, or a part in some bars; everything else stays note for note."""
    with errors():
        _take(piece, Rewrite(part, bars, seed), out, composer, quiet)


def _take(piece: Path, step: Step, out: list[Path] | None, composer: str | None, quiet: bool) -> None:
    out = out or [Path(f"{piece.stem}-2.mid")]
    for path in out:
        check_target(path)
    from posterbeat.pipeline import PosterBeat
    from posterbeat.track import Track

    given = Track.from_midi(piece)  # whatever can be wrong is found before the network is loaded
    with waiting("Loading the network", quiet):
        beat = PosterBeat(None, _composer(composer))
    given = Track.from_midi(piece, weights=beat.weights) if given.weights else given
    if given.remark:
        complain(given.remark)
    with bar(quiet) as shown:
        task = shown.add_task("Composing", total=None)
        track = beat.take_step(given, step, progress=lambda done, total: shown.update(task, completed=done, total=total))
    with waiting("Playing and writing", quiet):
        for path in out:
            track.save(path)
    if not quiet:
        say = Console(highlight=False, soft_wrap=True)
        say.print(f"Seed {step.seed}; {track.score.seconds:.0f} s.")
        for path in out:
            say.print(str(path), markup=False)


def _composer(where: str | None) -> BiLSTMComposer:
    from posterbeat.composer.model import BiLSTMComposer

    return BiLSTMComposer.from_pretrained(source_of("composer", where))
