"""The options that the verbs of the command line share."""

from typing import Annotated

import typer

from posterbeat.controls import COMPOSER_KINDS, DEFAULT_NOTES
from posterbeat.genres import GENRES
from posterbeat.instruments import ENSEMBLES
from posterbeat.notation.metres import METRES

Classifier = Annotated[str | None, typer.Option(
    metavar="WHERE", envvar="POSTERBEAT_CLASSIFIER", show_default="weights/classifier",
    help="Folder or Hub repo (owner/name or owner/name@revision) of the network that reads posters.")]
Words = Annotated[str | None, typer.Option(
    metavar="WHERE", envvar="POSTERBEAT_WORDS", show_default="weights/words",
    help="Folder or Hub repo (owner/name or owner/name@revision) of the network that reads posters' words.")]
NoWords = Annotated[bool, typer.Option("--no-words", help="Read the picture alone: quicker, and less often right.")]
Composer = Annotated[str | None, typer.Option(
    metavar="WHERE", envvar="POSTERBEAT_COMPOSER", show_default="weights/composer",
    help="Folder or Hub repo (owner/name or owner/name@revision) of the network that composes.")]
Notes = Annotated[int | None, typer.Option(
    help="How many notes, 32 to 2000, of all instruments together.",
    show_default=f"{DEFAULT_NOTES}, or as many as --seconds take")]
Seconds = Annotated[float | None, typer.Option(help="How long it lasts, 10 to 300, instead of --notes.", show_default=False)]
Instruments = Annotated[str | None, typer.Option(
    metavar="NAMES", show_default="the composer's choice",
    help="Who plays, up to eight: 'piano, strings, bass, drums'; give a name twice for two.")]
Chords = Annotated[str | None, typer.Option(
    metavar="CHORDS", show_default="the composer's choice",
    help="Over which chords, one bar each, repeated to the end: 'Am F C G'; 'Am | F G' where two share a bar.")]
Key = Annotated[str | None, typer.Option(metavar="KEY", show_default="the composer's choice", help="Such as 'D minor' or 'Bb'.")]
Metre = Annotated[str | None, typer.Option(
    metavar="METRE", show_default="the composer's choice", help=f"{', '.join(METRES)}.")]
Temperature = Annotated[float, typer.Option(help="0.1 (safe) to 2.0 (wild).")]
Ensemble = Annotated[str | None, typer.Option(
    metavar="NAME", show_default="the composer's choice", help=f"Who plays: {', '.join(ENSEMBLES)}.")]
Tempo = Annotated[float | None, typer.Option(
    show_default="set by the poster's colours", help="40 to 220 beats a minute.")]
Mode = Annotated[str | None, typer.Option(show_default="set by the poster's colours", help="major or minor.")]
Density = Annotated[float | None, typer.Option(show_default="set by the poster's colours", help="0 (sparse) to 1 (busy).")]
ComposerKind = Annotated[str, typer.Option(
    metavar="KIND", help=f"{COMPOSER_KINDS[0]}, or {COMPOSER_KINDS[1]}: the reference study's stack, which learned comedy alone "
                         "and heeds only notes, seed and tempo.")]
Genre = Annotated[str | None, typer.Option(
    metavar="GENRE", show_default="the poster's own",
    help=f"{', '.join(GENRES)}, or a mixture such as horror=0.7,comedy=0.3.")]
Colours = Annotated[bool, typer.Option(
    "--colours/--no-colours", help="Let the poster's colours set tempo, mode and density.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
