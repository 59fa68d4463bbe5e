"""The command line: `posterbeat poster.jpg -o out.mp3`, `posterbeat read *.jpg`, `posterbeat batch FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from posterbeat import cli_options as options
from posterbeat.batch.jobs import Wish, find, parse_genre
from posterbeat.batch.local import finished, recorded, run
from posterbeat.batch.poster_list import PICTURES
from posterbeat.batch.report import write_gallery, write_tables
from posterbeat.cli_running import FAILED, bar, check_target, complain, errors, waiting
from posterbeat.cli_steps import go_on, rewrite
from posterbeat.controls import COMPOSER_KINDS, SUFFIXES, Controls
from posterbeat.errors import ParameterError, PosterBeatError
from posterbeat.genres import GENRES
from posterbeat.hub import source_of
from posterbeat.poster import open_poster
from posterbeat.text import film_of

_WIDE = 240  # columns of a table that is not shown in a terminal


class _ComposeByDefault(TyperGroup):
    """`posterbeat poster.jpg ...` means `posterbeat compose poster.jpg ...`."""

    def parse_args(self, ctx, args):
        own = {*self.commands, "--help", "--version", "--install-completion", "--show-completion"}
        return super().parse_args(ctx, ["compose", *args] if args and args[0] not in own else args)


app = typer.Typer(cls=_ComposeByDefault, no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False,
                  context_settings={"help_option_names": ["-h", "--help"]}, help="""
Drop a film poster, hear its soundtrack.

A network reads the poster's genre, another composes for it, and the notes become sound.

  posterbeat poster.jpg                          writes poster.mp3 here

  posterbeat poster.jpg -o out.mid -o out.mp4    notes, and a video with the poster

  posterbeat poster.jpg --genre horror --seed 7  another genre; the same seed gives the same music

  posterbeat poster.jpg --seconds 60 --chords "Am F C G" --instruments "piano, strings, drums"

  posterbeat read *.jpg --json                   genres only, one JSON object a line

  posterbeat batch posters/ --out out/           a whole catalogue, with a table and a gallery

  posterbeat go-on take.mid --seconds 30         a piece that goes on

  posterbeat rewrite take.mid --part bass --bars 9-16    a part of it, or some bars, anew

Exit status: 0 all done, 1 something failed, 2 wrong usage.
""")


@app.command()
def compose(
    poster: Annotated[Path, typer.Argument(help="Picture of a film poster (JPEG, PNG, WebP, GIF, ...).",
                                           show_default=False)],
    out: Annotated[list[Path] | None, typer.Option(
        "--out", "-o", help="File to write: .mid, .wav, .mp3, .mp4 (a film), .musicxml or .pdf. May be given several times.",
        show_default="the poster's name with .mp3, in this folder")] = None,
    genre: options.Genre = None,
    notes: options.Notes = None,
    seconds: options.Seconds = None,
    temperature: options.Temperature = 1.0,
    seed: Annotated[int | None, typer.Option(help="0 to 4294967295.", show_default="drawn, and printed")] = None,
    instruments: options.Instruments = None,
    chords: options.Chords = None,
    key: options.Key = None,
    metre: options.Metre = None,
    ensemble: options.Ensemble = None,
    tempo: options.Tempo = None,
    mode: options.Mode = None,
    density: options.Density = None,
    composer_kind: options.ComposerKind = COMPOSER_KINDS[0],
    colours: options.Colours = True,
    no_words: options.NoWords = False,
    tall: Annotated[bool, typer.Option("--tall", help="An MP4 of 1080 x 1920, for phones, in place of 1280 x 720.")] = False,
    classifier: options.Classifier = None,
    words: options.Words = None,
    composer: options.Composer = None,
    quiet: options.Quiet = False,
):
    """Compose the soundtrack of a poster ([b]compose[/b] itself may be left out)."""
    out = out or [Path(poster.name).with_suffix(".mp3")]
    with errors():
        for path in out:
            check_target(path)
        wish = parse_genre(genre)  # whatever can be wrong is found before the networks are loaded
        controls = Controls(notes, temperature, seed, ensemble, tempo, mode, density, composer_kind, instruments, chords, key,
                            metre, seconds)
        picture = open_poster(poster)
        with waiting("Loading the networks", quiet):
            from posterbeat import PosterBeat
            from posterbeat.audio.export import SILENT

            beat = PosterBeat.load(classifier, composer, words=words)
        with bar(quiet) as shown:
            task = shown.add_task("Composing", total=controls.notes)
            asked = {"controls": controls, "colours": colours, "words": not no_words, "title": film_of(poster),
                     "progress": lambda done, total: shown.update(task, completed=done, total=total)}
            kinds = {path.suffix.lower() for path in out}
            if kinds <= set(SILENT):
                track = beat(picture, wish, **asked)
            else:  # it is played while it is written
                track = beat.stream(wish, image=picture, stems=".zip" in kinds, mp3=".mp3" in kinds, **asked).finish()
        with waiting("Playing and writing", quiet):
            for path in out:
                track.save(path, tall)
        if not quiet:
            read = track.reading.genre if track.reading else "?"
            say = Console(highlight=False, soft_wrap=True)
            say.print(f"Read as {read}; seed {track.seed}; {track.score.seconds:.0f} s.")
            if track.reading and track.reading.words:
                say.print(track.reading.words.spoken, markup=False)
            for path in out:
                say.print(str(path), markup=False)


@app.command()
def read(
    posters: Annotated[list[Path], typer.Argument(help="Pictures of film posters.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line: file, genre, probabilities, picture, words, "
                                                         "or file and error.")] = False,
    no_words: options.NoWords = False,
    classifier: options.Classifier = None,
    words: options.Words = None,
):
    """Read the genre of posters. A file that cannot be read is reported, and the others are read all the same."""
    with errors():
        with waiting("Loading the network", as_json):
            from posterbeat import PosterClassifier
            from posterbeat.vision.reading import plain_reading

            network = PosterClassifier.from_pretrained(source_of("classifier", classifier), words=words)
        table = Table("file", "genre", *GENRES, *([] if no_words else ["words"]))
        failed = 0
        for path in posters:
            try:
                reading = network.predict(path, words=not no_words)
            except PosterBeatError as error:
                failed += 1
                complain(f"{path}: {error}")
                if as_json:
                    print(json.dumps({"file": str(path), "error": str(error)}), flush=True)
                continue
            if as_json:
                print(json.dumps({"file": str(path), **plain_reading(reading)}), flush=True)
            else:
                said = [] if no_words else [escape(reading.words.spoken if reading.words else "none that can be read")]
                table.add_row(str(path), reading.genre, *(f"{reading.probabilities[name]:.0%}" for name in GENRES), *said)
        if table.rows:
            # What is piped on is as wide as it needs to be: a name that is cut or folded is no name.
            Console(width=None if sys.stdout.isatty() else _WIDE).print(table)
        if failed:
            raise typer.Exit(FAILED)


@app.command()
def batch(
    source: Annotated[Path, typer.Argument(metavar="FOLDER_OR_CSV", show_default=False, help=(
        "Folder of posters, or a CSV with a column file (relative to the CSV) and, where a poster is to differ, genre, "
        "notes, seconds, temperature, seed, instruments, ensemble, chords, key, metre, tempo, mode, density, composer_kind."))],
    out: Annotated[Path, typer.Option("--out", "-o", show_default=False, help=(
        "Folder for tracks/, table.csv, table.parquet, index.html and records.jsonl."))],
    suffix: Annotated[list[str] | None, typer.Option(
        "--format", "-f", help="mid, wav, mp3, mp4, musicxml or pdf. May be given several times.", show_default="mp3")] = None,
    genre: options.Genre = None,
    notes: options.Notes = None,
    seconds: options.Seconds = None,
    temperature: options.Temperature = 1.0,
    seed: Annotated[int, typer.Option(help="0 to 4294967295; each poster's own seed comes from it and its name.")] = 0,
    instruments: options.Instruments = None,
    chords: options.Chords = None,
    key: options.Key = None,
    metre: options.Metre = None,
    ensemble: options.Ensemble = None,
    tempo: options.Tempo = None,
    mode: options.Mode = None,
    density: options.Density = None,
    composer_kind: options.ComposerKind = COMPOSER_KINDS[0],
    colours: options.Colours = True,
    no_words: options.NoWords = False,
    workers: Annotated[int, typer.Option(min=0, help="Posters at a time.", show_default="one a core")] = 0,
    ray: Annotated[str | None, typer.Option(
        metavar="ADDRESS", show_default="processes of this machine",
        help="Work on a Ray cluster: host:port of its head, auto for the cluster of this machine, or local to start one here. "
             "Needs posterbeat\\[ray].")] = None,
    retry: Annotated[bool, typer.Option("--retry", help=(
        "Also try posters again that could not be read. What failed for another reason is always tried again."))] = False,
    classifier: options.Classifier = None,
    words: options.Words = None,
    composer: options.Composer = None,
    quiet: options.Quiet = False,
):
    """Compose for a whole catalogue. Can be stopped (Ctrl-C) and called again: what is done stays done."""
    with errors():
        kinds = tuple(dict.fromkeys(f".{kind.lower().lstrip('.')}" for kind in suffix or ["mp3"]))
        for kind in kinds:
            if kind not in SUFFIXES:
                raise ParameterError(f"The format must be one of {', '.join(known[1:] for known in SUFFIXES)}.")
        controls = Controls(notes, temperature, seed, ensemble, tempo, mode, density, composer_kind, instruments, chords, key,
                            metre, seconds)
        wish = Wish(parse_genre(genre), controls, colours=colours, suffixes=kinds, classifier=classifier, composer=composer,
                    words=words, read_words=not no_words)
        jobs = find(source, wish, out)
        if not jobs:
            raise ParameterError(f"{source} holds no picture ({', '.join(sorted(PICTURES))}).")
        done = len(finished(jobs, out, retry))
        try:
            with bar(quiet) as shown:
                task = shown.add_task("Composing", total=len(jobs), completed=done)

                def report(record):
                    shown.advance(task)
                    if record["error"]:
                        complain(f"{record['name']}: {record['error']}")

                run(jobs, out, workers, report, ray, retry)
        finally:
            records = recorded(jobs, out)
            write_tables(records, out)
            page = write_gallery(records, out)
        failed = sum(bool(record["error"]) for record in records)
        if not quiet:
            print(f"{len(records) - failed} soundtracks ({len(records) - done} posters new), {failed} failed: {page}")
        if failed:
            raise typer.Exit(FAILED)


app.command("go-on")(go_on)
app.command()(rewrite)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False):
    if version:
        from importlib.metadata import version as installed

        print(installed("posterbeat"))
        raise typer.Exit


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):  # a file's name may hold what the terminal's encoding does not
        stream.reconfigure(errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
