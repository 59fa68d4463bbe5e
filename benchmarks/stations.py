"""Posterbeat's own stations, each beside those who do the same."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import peers
from benchmarks.timing import Work, a_unit, in_all, side_by_side

if TYPE_CHECKING:
    from posterbeat import PosterBeat

POSTERS = sorted((Path(__file__).resolve().parents[1] / "examples/posters").glob("*.jpg"))
OWN = "posterbeat"
_GENRE, _SEED = "action", 2  # of every piece that is timed


@dataclass(frozen=True)
class Settings:
    """How much is measured."""

    rounds: int = 5
    lengths: tuple[int, ...] = (32, 100, 300, 600, 1000, 2000)  # notes
    notes: int = 1000  # of the piece that is compared
    short: int = 300
    heard: int = 60  # seconds of the piece whose first sound is waited for
    steps: int = 8  # notes or frames of a peer in a round
    layers: tuple[int, int] = (12, 24)  # of the Llama-type model and of MusicGen's decoder
    starts: int = 3
    visitors: tuple[int, ...] = (1, 2, 4, 8, 16)
    jobs: int = 8  # at least so many pieces at each number of visitors
    visitors_notes: int = 300


QUICK = Settings(rounds=1, lengths=(32, 64), notes=48, short=32, heard=10, steps=1, layers=(1, 1), starts=1, visitors=(1, 2),
                 jobs=2, visitors_notes=32)


def composing(beat: "PosterBeat", settings: Settings) -> dict[str, Any]:
    """Seconds a note beside the peers, and seconds of a piece against its notes."""
    def compose(round_: int, notes: int = settings.notes) -> float:
        beat.compose(_GENRE, notes, seed=round_)
        return notes

    a_note = side_by_side({
        OWN: compose,
        "Llama-type model, 230 M parameters": peers.llama(settings.steps, settings.layers[0]),
        "LSTM tutorial's way, final stack": peers.tutorial(settings.steps),
    }, settings.rounds)
    by_length = side_by_side({str(notes): partial(compose, notes=notes) for notes in settings.lengths},
                             min(3, settings.rounds))
    return {"a_note": {name: a_unit(times) for name, times in a_note.items()},
            "by_notes": [{"notes": int(notes), "seconds": in_all(times)} for notes, times in by_length.items()]}


def reading(beat: "PosterBeat", settings: Settings) -> dict[str, Any]:
    """Seconds from a poster file to its reading, beside networks without anything around them."""
    classifier, poster = beat.classifier, POSTERS[-1]
    size = classifier.input_size[-2:]
    works: dict[str, Work] = {OWN: lambda _: beat.read(poster) and None}
    backbone = getattr(classifier.network, "backbone", None)
    if backbone is not None:
        works["its bare backbone, same size"] = peers.reading(backbone, size, poster)
    works["ResNet-50, 224 x 224"] = peers.reader("resnet50", (224, 224), poster)
    works["CLIP ViT-B/32, 224 x 224"] = peers.reader("vit_base_patch32_clip_224", (224, 224), poster)
    times = side_by_side(works, 4 * settings.rounds)
    return {"a_poster": {name: a_unit(measured) for name, measured in times.items()}}


def playing(beat: "PosterBeat", settings: Settings, folder: Path) -> dict[str, Any]:
    """Seconds of work a second of music: rendering beside FluidSynth's own command, then each kind of file."""
    from posterbeat.audio import export
    from posterbeat.audio.mixdown import mixdown
    from posterbeat.audio.render import render
    from posterbeat.audio.soundfonts import SOUNDFONTS

    track = beat.compose(_GENRE, settings.notes, seed=_SEED)
    seconds = track.score.seconds
    render_it: dict[str, Work] = {OWN: lambda _: render(track.midi) and seconds,
                                  "its stems kept, too": lambda _: render(track.midi, stems=True) and seconds}
    font = next((path for path in (Path(name).expanduser() for name in SOUNDFONTS) if path.is_file()), None)
    if font and shutil.which("fluidsynth"):
        mixdown(track.midi).write(str(folder / "piece.mid"))
        render_it["fluidsynth's own command"] = peers.fluidsynth(folder / "piece.mid", font, folder / "piece.wav", seconds)

    def write(_: int, suffix: str) -> float:
        export.save(folder / f"out{suffix}", track.midi, track.render())
        return seconds

    rendered = side_by_side(render_it, settings.rounds)
    track.render(stems=True)
    written = side_by_side({suffix: partial(write, suffix=suffix) for suffix in (".wav", ".mp3", ".mp4", ".zip")},
                           min(3, settings.rounds))
    return {"seconds_of_music": seconds,
            "rendering_a_second": {name: a_unit(times) for name, times in rendered.items()},
            "writing_a_second": {suffix: a_unit(times) for suffix, times in written.items()}}


def whole_way(beat: "PosterBeat", settings: Settings, folder: Path) -> dict[str, Any]:
    """From a poster file to its sound and to an mp3 file, beside MusicGen's decoder for as much sound.

    Without the poster's colours, which make some pieces several times longer; the five posters as they are follow.
    """
    music: dict[str, float] = {}

    def soundtrack(_: int, name: str, poster: Path, notes: int, suffix: str | None, **controls: Any) -> float:
        track = beat.stream(image=poster, notes=notes, seed=_SEED, mp3=suffix == ".mp3", **controls).finish()
        music[name] = len(track.audio) / track.sample_rate
        if suffix:
            track.save(folder / f"out{suffix}")
        return music[name]

    def works(kinds: dict[str, tuple[Path, int, str | None, dict]]) -> dict[str, Callable]:
        return {name: partial(soundtrack, name=name, poster=poster, notes=notes, suffix=suffix, **controls)
                for name, (poster, notes, suffix, controls) in kinds.items()}

    plain = {"colours": False}
    kinds = {
        f"sound, {settings.short} notes": (POSTERS[0], settings.short, None, plain),
        f"mp3, {settings.short} notes": (POSTERS[0], settings.short, ".mp3", plain),
        f"sound, {settings.notes} notes": (POSTERS[0], settings.notes, None, plain),
        f"mp3, {settings.notes} notes": (POSTERS[0], settings.notes, ".mp3", plain),
    }
    times = side_by_side({**works(kinds), "MusicGen": peers.musicgen(settings.steps, settings.layers[1])}, settings.rounds)
    posters = {f"mp3, {settings.notes} notes, {poster.stem}": (poster, settings.notes, ".mp3", {}) for poster in POSTERS}
    coloured = side_by_side(works(posters), 1)
    return {
        "poster_to": [
            {"what": name, "seconds_of_music": music[name], "seconds": in_all(measured)}
            for name, measured in {**times, **coloured}.items() if name in music
        ],
        "a_second_of_music": {
            OWN: a_unit(times[f"mp3, {settings.notes} notes"]),
            "MusicGen-small's decoder": a_unit(times["MusicGen"]),
        },
    }


def measure(beat: "PosterBeat", settings: Settings) -> dict[str, Any]:
    """All stations."""
    with tempfile.TemporaryDirectory() as folder:
        return {"composing": composing(beat, settings), "reading": reading(beat, settings),
                "playing": playing(beat, settings, Path(folder)), "whole": whole_way(beat, settings, Path(folder))}
