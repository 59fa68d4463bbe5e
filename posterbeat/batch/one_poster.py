"""One poster of a catalogue: its soundtrack as files, and the record of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from posterbeat.batch.jobs import Job
from posterbeat.controls import Controls
from posterbeat.errors import ParameterError, PosterBeatError, PosterError
from posterbeat.genres import GENRES
from posterbeat.recipe import check_weights
from posterbeat.steps import to_text
from posterbeat.text import film_of

if TYPE_CHECKING:
    from posterbeat.pipeline import PosterBeat

DIED = "The process that worked on this poster died."


def record_of(job: Job, error: str = "") -> dict:
    """The record of a poster that has no soundtrack, or none yet."""
    return {"name": job.name, "stamp": job.key, "error": error, "lasting": False, "genre": "",
            **{name: None for name in GENRES}, "genre_mix": None,
            **_said(job.controls), "steps": to_text(job.wish.steps), "weights": job.wish.weights, "seconds": None,
            "words": "", "files": [], "thumbnail": ""}


def _said(controls: Controls) -> dict:
    """The controls; `seconds` is how long a soundtrack has become, so that what was asked for goes by another name."""
    said = asdict(controls)
    return {**said, "asked_seconds": said.pop("seconds")}


def failure(job: Job, error: Exception) -> dict:
    """The record of a poster that failed.

    It is `lasting` where the poster itself, or what was asked for it, is to blame, so that another try fails as well.
    """
    told = str(error) if isinstance(error, PosterBeatError) else f"{type(error).__name__}: {error}"
    machine = isinstance(error.__cause__, MemoryError) or getattr(error.__cause__, "errno", None) is not None
    return record_of(job, told) | {"lasting": isinstance(error, (PosterError, ParameterError)) and not machine}


def compose_for(job: Job, beat: PosterBeat, out: str | Path) -> dict:
    """Write the files of one poster under `out`; returns its record.

    Nothing is raised: a poster for which this fails gives a record with its error and without files.
    """
    record, wish = record_of(job), job.wish
    from posterbeat.audio.export import SILENT

    try:
        check_weights(wish.weights, beat.weights)
        track = beat(job.file, wish.genre, controls=job.controls, colours=wish.colours, words=wish.read_words,
                     title=film_of(job.name))
        track = beat.take_steps(track, wish.steps)
        if not set(wish.suffixes) <= set(SILENT):
            track.render(stems=".zip" in wish.suffixes)  # before it is encoded, not meanwhile: the process has one core
        for suffix in wish.suffixes:
            name = f"tracks/{job.name}{suffix}"
            target = Path(out, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            track.save(target)
            record["files"].append(name)
        record["thumbnail"] = f"thumbnails/{job.name}.jpg"
        picture = track.poster.copy()
        picture.thumbnail((240, 360))
        Path(out, record["thumbnail"]).parent.mkdir(parents=True, exist_ok=True)
        picture.save(Path(out, record["thumbnail"]), quality=85)
        record |= {"genre": track.reading.genre, "genre_mix": track.genre_mix, **_said(track.controls),
                   "steps": to_text(track.steps), "weights": track.weights, "seconds": round(track.score.seconds, 2),
                   "words": " / ".join(line.text for line in track.reading.words.lines) if track.reading.words else "",
                   **{name: round(float(share), 6) for name, share in track.reading.probabilities.items()}}
    except Exception as error:  # one bad poster never stops the others
        return failure(job, error)
    return record
