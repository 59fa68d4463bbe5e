"""A take: a finished piece with its files, as a visitor's session keeps it, and what can be done with it."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from posterbeat.audio.stems import Stems
from posterbeat.audio.tags import Tags
from posterbeat.controls import Controls
from posterbeat.errors import PosterBeatError
from posterbeat.genres import GENRES, music_for
from posterbeat.steps import Step
from posterbeat.text import file_name, film_of
from posterbeat.track import Track
from posterbeat.ui.components.piano_roll import roll_value
from posterbeat.ui.cover import cover_of
from posterbeat.ui.link import link_to
from posterbeat.ui.page import text
from posterbeat.ui.server.uploads import folder


def title_for(poster: str | None) -> str | None:
    """The film that a piece is for, by its poster's path; None where that does not tell, or names a genre, as examples do."""
    film = film_of(poster) if poster else None
    return None if film in GENRES else film


def shown_title(genre_mix: dict[str, float], controls: Controls) -> str:
    """What a piece is called on the page."""
    return music_for(genre_mix) if controls.composer_kind == text.OURS else text.STUDY


@dataclass(frozen=True, eq=False)
class Take:
    """A piece and what it was made with.

    Attributes
    ----------
    genre_mix : dict of the five genres' weights
    controls : Controls, as they were used
    seconds : float, of its sound
    renderer : str, what played it
    midi, wav : str, paths of its files, which are removed some time after they were made
    poster : str or None, path of the poster that it was composed for
    cover : str or None, a small copy of that poster, as an address that holds it
    link : str, the query of a link that brings its settings back
    roll : dict, the value of the piano roll (see `roll_value`), with the title that the take goes by
    tags : Tags, what its files say of themselves
    steps : what was done with the piece since it was composed, in order
    former : str, the link of the take that it was made from by the last step; empty where there is none here
    stems : Stems or None, what each part plays
    """

    genre_mix: dict[str, float]
    controls: Controls
    seconds: float
    renderer: str
    midi: str
    wav: str
    poster: str | None
    cover: str | None
    link: str
    roll: dict[str, Any]
    tags: Tags
    steps: tuple[Step, ...] = ()
    former: str = ""
    stems: Stems | None = None

    @classmethod
    def keep(cls, track: Track, poster: str | None = None, wav: Path | None = None) -> "Take":
        """Write a rendered track's MIDI and WAV; the latter may be there already, written while it was heard."""
        sound = track.render()
        track.title = title_for(poster)
        wav = wav or track.save(folder() / file_name(track.title, track.tags.genre, ".wav"))
        midi = track.save(wav.with_suffix(".mid"))
        title = shown_title(track.genre_mix, track.controls)
        cover, link = cover_of(poster) if poster else None, link_to(track.recipe, poster)
        stems = cls._beside(wav, sound.stems)
        roll = {**roll_value(track.score, wav, title), "cover": cover, "link": link, "samples": len(sound.samples),
                "stems": [gr.FileData(path=str(file)).model_dump() for file in stems.files] if stems else []}
        return cls(track.genre_mix, track.controls, round(sound.seconds, 3), sound.renderer, str(midi), str(wav), poster, cover,
                   link, roll, track.tags, track.steps, stems=stems)

    @staticmethod
    def _beside(wav: Path, stems: Stems | None) -> Stems | None:
        try:
            return stems and stems.moved(wav.parent / "stems")
        except OSError as error:
            raise PosterBeatError(text.NO_ROOM) from error

    @property
    def genre(self) -> str:
        """The genre with the largest weight."""
        return max(self.genre_mix, key=self.genre_mix.get)

    @property
    def title(self) -> str:
        """What the take goes by."""
        return self.roll["title"]

    def convert(self, suffix: str, tall: bool = False) -> str:
        """Path of the take as another file, made once: .mp3, .mp4 (with the poster; `tall` for telephones), .musicxml, .pdf or
        .zip (a WAV for each part).

        Raises
        ------
        PosterBeatError
            The take's files were removed meanwhile, or the file could not be written.
        """
        from posterbeat.audio.export import save
        from posterbeat.poster import open_poster

        target = Path(self.midi).with_suffix(suffix)
        target = target.with_stem(f"{target.stem}-tall") if tall else target
        if not target.exists():
            midi, sound = self._files()
            poster = open_poster(self.poster) if suffix in (".mp3", ".mp4") and self.poster else None
            save(target, midi, sound, poster, self.tags, tall)
        return str(target)

    def engrave(self) -> str:
        """The take as sheet music, in HTML.

        Raises
        ------
        PosterBeatError
            The take's files were removed meanwhile, or it could not be engraved.
        """
        from posterbeat.music.score import Score
        from posterbeat.music.sheet import engrave, to_musicxml

        score = Score.from_midi(self.file(self.midi))
        return text.sheet(engrave(to_musicxml(score, self.tags.title, self.tags.composer, self.tags.genre)))

    def mix(self, levels: Sequence[float]) -> str:
        """Path of a WAV file in which each part is as loud as its level says, 0 to 1; made once.

        Raises
        ------
        PosterBeatError
            The take's files were removed meanwhile, or it has other parts.
        """
        from posterbeat.audio.export import save
        from posterbeat.audio.render import Rendering

        levels = [round(min(1.0, max(0.0, float(level))), 3) for level in levels]
        if self.stems is None or len(levels) != len(self.stems.names):
            raise PosterBeatError(text.GONE)
        wav = Path(self.wav)
        target = wav.with_name(f"{wav.stem}-mix-{zlib.crc32(repr(levels).encode()):08x}.wav")
        if not target.exists():
            midi, whole = self._files()
            save(target, midi, Rendering(self.stems.mixed(levels), whole.sample_rate, self.renderer))
        return str(target)

    @staticmethod
    def file(path: str) -> str:
        """The path of one of the take's files.

        Raises
        ------
        PosterBeatError
            It was removed meanwhile.
        """
        if not Path(path).exists():
            raise PosterBeatError(text.GONE)
        return path

    def _files(self) -> tuple[Any, Any]:
        """The take's MIDI and Rendering, read again."""
        import soundfile

        from posterbeat.audio.render import Rendering
        from posterbeat.music.marked_midi import MarkedMidi

        try:
            samples, rate = soundfile.read(self.wav, dtype="int16", always_2d=True)
            return MarkedMidi(self.midi), Rendering(samples, rate, self.renderer, self.stems)
        except (OSError, soundfile.LibsndfileError) as error:
            raise PosterBeatError(text.GONE) from error
