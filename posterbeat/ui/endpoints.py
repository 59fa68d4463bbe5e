"""The page's API: seven named endpoints for gradio_client, curl, or an agent.

The docstrings and the descriptions of the parameters are what callers read at `/?view=api`. Values arrive here
unchecked, so that the answer to a wrong one is posterbeat's own sentence.
"""

from dataclasses import asdict
from typing import Any

import gradio as gr
from gradio.components.api_component import Api

from posterbeat.controls import COMPOSER_KINDS, DEFAULT_NOTES, NOTES, SECONDS, SEED, TEMPERATURE, Controls
from posterbeat.errors import ScoreError
from posterbeat.genres import GENRES
from posterbeat.instruments import ENSEMBLES
from posterbeat.notation.metres import METRES
from posterbeat.steps import LONGEST, to_text
from posterbeat.track import Track
from posterbeat.ui.components.midi_input import MidiInput
from posterbeat.ui.components.poster_input import PosterInput
from posterbeat.ui.error_messages import spoken
from posterbeat.ui.heat_overlay import heat_file
from posterbeat.ui.streaming import pieces
from posterbeat.ui.studio import Studio
from posterbeat.ui.take import Take
from posterbeat.ui.turns import AT_ONCE, COMPOSING, READING


def _input(label: str, default: Any, kind: str | list[str], says: str) -> Api:
    return Api(default, {"type": kind, "description": says, "additional_description": says}, label=label)


def _genre(empty: str) -> Api:
    weights = '{"horror": 0.7, "comedy": 0.3}'
    says = f"one of {', '.join(GENRES)}, or an object of genres and weights such as {weights}; {empty}"
    return Api(
        None,
        {
            "anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "number"}}],
            "description": says,
            "additional_description": says,
        },
        label="genre",
    )


def _controls() -> list[Api]:
    return [
        _input("notes", None, "integer", f"notes of all instruments, {NOTES[0]} to {NOTES[1]}; left out, {DEFAULT_NOTES}"),
        _input("temperature", 1.0, "number", f"{TEMPERATURE[0]} (safe) to {TEMPERATURE[1]} (wild)"),
        _input(
            "seed",
            None,
            "integer",
            f"{SEED[0]} to {SEED[1]}; the same seed gives the same piece; left out, one is drawn",
        ),
        _input("ensemble", None, "string", f"one of {', '.join(ENSEMBLES)}; left out, the composer chooses"),
        _input("tempo", None, "number", "beats a minute; left out, the poster's colours or the composer choose"),
        _input("mode", None, "string", "major or minor; left out, the poster's colours or the composer choose"),
        _input(
            "density", None, "number", "0 (sparse) to 1 (busy); left out, the poster's colours or the composer choose"
        ),
    ]


def _composer() -> Api:
    says = (
        f"{COMPOSER_KINDS[0]}, or {COMPOSER_KINDS[1]}: the reference study's stack, which learned comedy alone and heeds only "
        "notes, seed and tempo"
    )
    return _input("composer", COMPOSER_KINDS[0], "string", says)


def _asked() -> list[Api]:
    names = "families or General MIDI's names, up to eight; give a name twice for two of them"
    listed = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
              "description": f'such as ["piano", "strings", "drums"]: {names}; left out, the composer chooses'}
    listed["additional_description"] = listed["description"]
    return [
        Api(None, listed, label="instruments"),
        _input("chords", None, "string", "such as Am F C G, one bar each, repeated to the end; Am | F G where two share a bar"),
        _input("key", None, "string", "such as D minor, F# major or Bb; left out, that of the chords or the composer's choice"),
        _input("metre", None, "string", f"one of {', '.join(METRES)}; left out, the composer chooses"),
        _input("seconds", None, "number", f"how long it lasts, {SECONDS[0]} to {SECONDS[1]}, instead of notes"),
    ]


def _outputs() -> list[gr.components.Component]:
    return [
        gr.Audio(label="audio", type="filepath", visible=False),
        gr.File(label="midi", visible=False),
        gr.JSON(label="about", visible=False),
    ]


def _answer(studio: Studio, track: Track, poster: str | None = None) -> tuple[str, str, dict[str, Any]]:
    track.render(lambda share: studio.turns.go_on())
    take, controls = Take.keep(track, poster), track.controls
    about = {"seed": controls.seed, "genre": take.genre, "notes": len(track.score), "temperature": controls.temperature,
             "seconds": take.seconds, "renderer": take.renderer, "composer": controls.composer_kind,
             "genre_mix": take.genre_mix, "controls": controls.steering, "steps": to_text(track.steps), "remark": track.remark}
    if track.reading:
        from posterbeat.vision.reading import plain_reading

        about["reading"] = plain_reading(track.reading)
    about["colours"] = asdict(track.colours) if track.colours else None
    return take.wav, take.midi, about


def _given(midi: str | None) -> str:
    if not midi:
        raise ScoreError("Give the piece as a MIDI file, as /compose returned it or from elsewhere.")
    return midi


def add_endpoints(studio: Studio) -> None:
    """Add the endpoints to the Blocks that is being built.

    Pieces take turns with those of the page.
    """

    def progress_to(progress: gr.Progress):
        def report(done: int, total: int) -> None:
            studio.turns.go_on()
            progress((done, total), desc="Composing", unit="notes")

        return report

    @spoken
    def read_poster(poster: str):
        """Read the genre of a film poster from its picture and its words, and its colours.

        Parameters:
            poster: the picture file

        Returns:
            genre, the probabilities of all five genres, what the picture alone said, the words (title, lines with their places,
            which spoke loudest; null where none were read), and the colours with the music they stand for
        """
        from posterbeat.vision.reading import plain_reading

        read = studio.read_words(studio.read(poster))
        return {**plain_reading(read.genres), "colours": {**asdict(read.colours), "sentence": read.colours.sentence}}

    @spoken
    def compose(
        genre,
        notes=None,
        temperature=1.0,
        seed=None,
        ensemble=None,
        tempo=None,
        mode=None,
        density=None,
        composer=COMPOSER_KINDS[0],
        instruments=None,
        chords=None,
        key=None,
        metre=None,
        seconds=None,
        progress=gr.Progress(),  # noqa: B008  gradio finds it there
    ):
        """Compose for a genre or a mixture of genres, without a poster.

        Returns:
            the sound as a WAV file, the notes as a MIDI file, and what they were made with (seed, mixture, ...)
        """
        controls = Controls(notes, temperature, seed, ensemble, tempo, mode, density, composer, instruments, chords, key, metre,
                            seconds)
        return _answer(studio, studio.beat.compose(genre, controls=controls, progress=progress_to(progress)))

    @spoken
    def stream_soundtrack(genre, notes=None, temperature=1.0, seed=None, ensemble=None, tempo=None, mode=None, density=None,
                          composer=COMPOSER_KINDS[0], instruments=None, chords=None, key=None, metre=None, seconds=None):
        """Compose as /compose does, and hand the sound on while it is written.

        Returns:
            again and again: a WAV file that goes on where the one before ended, nothing, and from which second it sounds and how
            long; at the end: nothing, the notes as a MIDI file, and what they were made with
        """
        controls = Controls(notes, temperature, seed, ensemble, tempo, mode, density, composer, instruments, chords, key, metre,
                            seconds)
        hearing = studio.beat.stream(genre, controls=controls, progress=lambda done, total: studio.turns.go_on())
        for path, start, length in pieces(hearing):
            studio.turns.go_on()
            yield path, None, {"seed": controls.seed, "from": start, "seconds": length}
        _, midi, about = _answer(studio, hearing.track)
        yield None, midi, about

    @spoken
    def poster_to_music(
        poster: str,
        genre=None,
        notes=None,
        temperature=1.0,
        seed=None,
        ensemble=None,
        tempo=None,
        mode=None,
        density=None,
        colours=True,
        composer=COMPOSER_KINDS[0],
        instruments=None,
        chords=None,
        key=None,
        metre=None,
        seconds=None,
        progress=gr.Progress(),  # noqa: B008  gradio finds it there
    ):
        """Read a film poster and compose its soundtrack.

        Returns:
            the sound as a WAV file, the notes as a MIDI file, and what they were made with (reading, seed, ...)
        """
        progress(0, desc="Reading the poster")
        controls = Controls(notes, temperature, seed, ensemble, tempo, mode, density, composer, instruments, chords, key, metre,
                            seconds)
        track = studio.beat(poster, genre, colours=colours, controls=controls, progress=progress_to(progress))
        return _answer(studio, track, poster)

    @spoken
    def go_on(midi: str, seconds=30, seed=None, progress=gr.Progress()):  # noqa: B008  gradio finds it there
        """Continue a piece: its closing bar is replaced, and everything before it stays note for note.

        Parameters:
            midi: the piece, as /compose returned it or from elsewhere

        Returns:
            as /compose
        """
        track = studio.beat.go_on(_given(midi), seconds, seed, progress=progress_to(progress))
        return _answer(studio, track)

    @spoken
    def rewrite(midi: str, part=None, bars=None, seed=None, progress=gr.Progress()):  # noqa: B008  gradio finds it there
        """Rewrite a part of a piece, some of its bars, or a part in some bars; everything else stays note for note.

        Parameters:
            midi: the piece, as /compose returned it or from elsewhere

        Returns:
            as /compose
        """
        track = studio.beat.rewrite(_given(midi), part, bars, seed, progress=progress_to(progress))
        return _answer(studio, track)

    @spoken
    def heatmap(poster: str, genre=None):
        """Show which parts of a poster spoke for a genre.

        Parameters:
            poster: the picture file
            genre: left out, the genre that was read

        Returns:
            the poster in grey, lit where it spoke for the genre
        """
        return heat_file(studio.beat.classifier, poster, genre)

    poster, genre = PosterInput(label="poster", visible=False), _genre("left out, the poster's own reading")
    one = _input("genre", None, "string", f"one of {', '.join(GENRES)}; left out, the genre that was read")
    shared = {"concurrency_limit": AT_ONCE, "concurrency_id": COMPOSING}
    reading = {"concurrency_limit": AT_ONCE, "concurrency_id": READING}
    gr.on([], read_poster, [poster], gr.JSON(label="reading", visible=False), api_name="read_poster",
          **reading)
    gr.on([], compose, [_genre("required"), *_controls(), _composer(), *_asked()], _outputs(), api_name="compose", **shared)
    gr.on([], stream_soundtrack, [_genre("required"), *_controls(), _composer(), *_asked()], _outputs(),
          api_name="stream_soundtrack", **shared)
    gr.on(
        [],
        poster_to_music,
        [
            poster,
            genre,
            *_controls(),
            _input("colours", True, "boolean", "let the poster's colours steer"),
            _composer(),
            *_asked(),
        ],
        _outputs(),
        api_name="poster_to_music",
        **shared,
    )
    midi, seed = MidiInput(label="midi", visible=False), _controls()[2]
    longer = _input("seconds", 30, "number", f"how much longer it becomes, {SECONDS[0]} to {SECONDS[1]}; {LONGEST} in all")
    gr.on([], go_on, [midi, longer, seed], _outputs(), api_name="go_on", **shared)
    which = [_input("part", None, "string", "such as bass or Violin 2, or its place, counted from 0; left out, all parts"),
             _input("bars", None, "string", "such as 9-16, counted from 1; left out, all bars")]
    gr.on([], rewrite, [midi, *which, seed], _outputs(), api_name="rewrite", **shared)
    gr.on([], heatmap, [poster, one], gr.Image(label="heatmap", type="filepath", visible=False), api_name="heatmap",
          **reading)
