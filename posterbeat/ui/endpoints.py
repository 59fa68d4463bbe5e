"""The page's API: four named endpoints for gradio_client, curl, or an agent.

The docstrings and the descriptions of the parameters are what callers read at `/?view=api`. Values arrive here
unchecked, so that the answer to a wrong one is posterbeat's own sentence.
"""

from dataclasses import asdict
from typing import Any

import gradio as gr
from gradio.components.api_component import Api

from posterbeat.controls import COMPOSERS, NOTES, SEED, TEMPERATURE
from posterbeat.genres import GENRES
from posterbeat.ui.components.poster_input import PosterInput
from posterbeat.ui.heat_overlay import overlay
from posterbeat.ui.played import play
from posterbeat.ui.server.uploads import folder
from posterbeat.ui.studio import Studio, keep, spoken


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


def _controls(ensembles: tuple[str, ...]) -> list[Api]:
    return [
        _input("notes", 600, "integer", f"notes of all instruments, {NOTES[0]} to {NOTES[1]}"),
        _input("temperature", 1.0, "number", f"{TEMPERATURE[0]} (safe) to {TEMPERATURE[1]} (wild)"),
        _input(
            "seed",
            None,
            "integer",
            f"{SEED[0]} to {SEED[1]}; the same seed gives the same piece; left out, one is drawn",
        ),
        _input("ensemble", None, "string", f"one of {', '.join(ensembles)}; left out, the composer chooses"),
        _input("tempo", None, "number", "beats a minute; left out, the poster's colours or the composer choose"),
        _input("mode", None, "string", "major or minor; left out, the poster's colours or the composer choose"),
        _input(
            "density", None, "number", "0 (sparse) to 1 (busy); left out, the poster's colours or the composer choose"
        ),
    ]


def _composer() -> Api:
    says = (
        f"{COMPOSERS[0]}, or {COMPOSERS[1]}: the reference study's stack, which learnt comedy alone and obeys only notes, "
        "seed and tempo"
    )
    return _input("composer", COMPOSERS[0], "string", says)


def _outputs() -> list[gr.components.Component]:
    return [
        gr.Audio(label="audio", type="filepath", visible=False),
        gr.File(label="midi", visible=False),
        gr.JSON(label="about", visible=False),
    ]


def _answer(studio: Studio, track: Any, poster: str | None = None) -> tuple[str, str, dict[str, Any]]:
    take = keep(track, play(track, lambda share: studio.go_on()), poster)
    about = {name: take[name] for name in ("seed", "genre", "notes", "temperature", "seconds", "renderer", "composer")}
    about["genre_mix"], about["controls"] = take["mix"], track.controls
    if track.reading:
        about["reading"] = {"genre": track.reading.genre, "probabilities": track.reading.probabilities}
    about["colours"] = asdict(track.colours) if track.colours else None
    return take["wav"], take["midi"], about


def add_endpoints(studio: Studio, ensembles: tuple[str, ...], limit: str) -> None:
    """Add /read_poster, /compose, /poster_to_music and /heatmap to the Blocks that is being built.

    Parameters
    ----------
    studio
        Has the models.
    ensembles
        The names that the composer takes.
    limit
        The concurrency group that composing shares with the page.
    """

    def progress_to(progress: gr.Progress):
        def report(done: int, total: int) -> None:
            studio.go_on()
            progress((done, total), desc="Composing", unit="notes")

        return report

    @spoken
    def read_poster(poster: str):
        """Read the genre of a film poster, and its colours.

        Parameters:
            poster: the picture file

        Returns:
            genre, the probabilities of all five genres, and the colours with the music they stand for
        """
        reading = studio.read(poster)
        return {name: reading[name] for name in ("genre", "probabilities", "colours")}

    @spoken
    def compose(
        genre,
        notes=600,
        temperature=1.0,
        seed=None,
        ensemble=None,
        tempo=None,
        mode=None,
        density=None,
        composer=COMPOSERS[0],
        progress=gr.Progress(),  # noqa: B008  gradio finds it there
    ):
        """Compose for a genre or a mixture of genres, without a poster.

        Returns:
            the sound as a WAV file, the notes as a MIDI file, and what they were made with (seed, mixture, ...)
        """
        return _answer(
            studio,
            studio.beat.compose(
                genre,
                notes,
                temperature,
                seed,
                ensemble=ensemble,
                tempo=tempo,
                mode=mode,
                density=density,
                composer=composer,
                progress=progress_to(progress),
            ),
        )

    @spoken
    def poster_to_music(
        poster: str,
        genre=None,
        notes=600,
        temperature=1.0,
        seed=None,
        ensemble=None,
        tempo=None,
        mode=None,
        density=None,
        colours=True,
        composer=COMPOSERS[0],
        progress=gr.Progress(),  # noqa: B008  gradio finds it there
    ):
        """Read a film poster and compose its soundtrack.

        Returns:
            the sound as a WAV file, the notes as a MIDI file, and what they were made with (reading, seed, ...)
        """
        progress(0, desc="Reading the poster")
        track = studio.beat(
            poster,
            genre,
            notes,
            temperature,
            seed,
            colours=colours,
            ensemble=ensemble,
            tempo=tempo,
            mode=mode,
            density=density,
            composer=composer,
            progress=progress_to(progress),
        )
        return _answer(studio, track, poster)

    @spoken
    def heatmap(poster: str, genre=None):
        """Show which parts of a poster spoke for a genre.

        Parameters:
            poster: the picture file
            genre: left out, the genre that was read

        Returns:
            the poster in grey, lit where it spoke for the genre
        """
        return heat_file(studio, poster, genre)

    poster, genre = PosterInput(label="poster", visible=False), _genre("left out, the poster's own reading")
    one = _input("genre", None, "string", f"one of {', '.join(GENRES)}; left out, the genre that was read")
    shared = {"concurrency_limit": 2, "concurrency_id": limit}
    gr.on([], read_poster, [poster], gr.JSON(label="reading", visible=False), api_name="read_poster")
    gr.on([], compose, [_genre("required"), *_controls(ensembles), _composer()], _outputs(), api_name="compose", **shared)
    gr.on(
        [],
        poster_to_music,
        [
            poster,
            genre,
            *_controls(ensembles),
            _input("colours", True, "boolean", "let the poster's colours steer"),
            _composer(),
        ],
        _outputs(),
        api_name="poster_to_music",
        **shared,
    )
    gr.on([], heatmap, [poster, one], gr.Image(label="heatmap", type="filepath", visible=False), api_name="heatmap")


def heat_file(studio: Studio, path: str, genre: str | None = None) -> str:
    """The heat-map of a poster file, as a picture file."""
    from posterbeat.poster import open_poster

    poster = open_poster(path)
    target = folder() / "heatmap.jpg"
    overlay(poster, studio.beat.classifier.explain(poster, genre=genre)).save(target, quality=88)
    return str(target)
