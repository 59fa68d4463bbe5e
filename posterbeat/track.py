"""Track: a composed piece, to hear, keep and compose again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from posterbeat.controls import SUFFIXES, Controls
from posterbeat.genres import music_for

if TYPE_CHECKING:  # these pull in torch, NumPy and Pillow, which `import posterbeat` need not wait for
    import numpy as np
    import pretty_midi
    from PIL import Image

    from posterbeat.audio.render import Rendering
    from posterbeat.audio.tags import Tags
    from posterbeat.colours import PosterColours
    from posterbeat.music.outline import Outline
    from posterbeat.music.score import Score
    from posterbeat.vision.reading import GenreReading


@dataclass(eq=False)
class Track:
    """A composed piece, and everything needed to hear it, keep it and compose it again.

    Attributes
    ----------
    score : Score, the notes
    genre_mix : dict of the five genres' weights, summing to 1
    controls : Controls, as they were used
    poster : PIL.Image.Image or None, the poster that it was composed for, RGB
    reading : GenreReading or None, what the classifier read on the poster
    colours : PosterColours or None, the reading of the poster's colours, if they steered the music
    title : str or None, the film's
    """

    score: "Score"
    genre_mix: dict[str, float]
    controls: Controls
    poster: "Image.Image | None" = None
    reading: "GenreReading | None" = None
    colours: "PosterColours | None" = None
    title: str | None = None
    _rendering: "Rendering | None" = field(default=None, init=False, repr=False)

    @property
    def seed(self) -> int:
        """The seed that was used, given or drawn."""
        return self.controls.seed

    @property
    def temperature(self) -> float:
        """The temperature that was used."""
        return self.controls.temperature

    @property
    def composer(self) -> str:
        """The kind of composer that wrote it, a name from `controls.COMPOSER_KINDS`."""
        return self.controls.composer_kind

    @property
    def tags(self) -> "Tags":
        """What the track's files say of themselves."""
        from posterbeat.audio.tags import Tags

        said = music_for(self.genre_mix)
        title = f"{self.title}: {said[0].lower()}{said[1:]}" if self.title else said
        return Tags(title, max(self.genre_mix, key=self.genre_mix.get), self.seed)

    @property
    def plan(self) -> "Outline | None":
        """What was decided before the first note: sections, chords, who plays what, and what comes again.

        None for the reference study's stack, which decides note by note.
        """
        return self.score.plan

    @cached_property
    def midi(self) -> "pretty_midi.PrettyMIDI":
        """The score as MIDI."""
        return self.score.to_midi()

    def render(self, progress: Callable[[float], None] | None = None, stems: bool = False,
               mp3: bool = False) -> "Rendering":
        """The sound and what played it, made at the first request and then kept.

        Parameters
        ----------
        stems
            Whether what each part plays is kept, too.
        mp3
            Whether it is encoded while it is played, if it was not yet.
        progress
            Called with the share that was played, 0 to 1; an exception that it raises stops the work.

        Raises
        ------
        RenderError
            Nothing can play the score here, or the result is silent.
        """
        from posterbeat.audio.perform import perform
        from posterbeat.audio.render import render

        if self._rendering is None or stems and self._rendering.stems is None:
            self._rendering = render(perform(self.score, self.seed), stems=stems, mp3=mp3, progress=progress)
        return self._rendering

    @property
    def audio(self) -> "np.ndarray":
        """np.ndarray of int16, shape (samples, 2): as `render` makes it."""
        return self.render().samples

    @property
    def stems(self) -> "dict[str, np.ndarray]":
        """What each part plays, by its name: np.ndarray of int16, shape (samples, 2), at `sample_rate`; their sum is `audio`."""
        return self.render(stems=True).stems.read()

    @property
    def sample_rate(self) -> int:
        """Samples a second of `audio`."""
        return self.render().sample_rate

    def save(self, path: str | Path, tall: bool = False) -> Path:
        """Write the track; the suffix says what: .mid, .musicxml, .wav, .mp3, .mp4 (with the poster), or .zip (a WAV for
        each part).

        MP3, MP4 and MusicXML say their title, genre and seed; MP3 and MP4 have the poster as their cover.

        Parameters
        ----------
        tall
            Whether an .mp4 has 1080 x 1920 pixels, for telephones, and not 1280 x 720.

        Raises
        ------
        ParameterError
            Another suffix.
        RenderError
            The score could not be made audible, or the file not be written.
        """
        from posterbeat.audio.export import SILENT, save

        path = Path(path)
        if path.suffix.lower() in SUFFIXES and path.suffix.lower() not in SILENT:
            sound = self.render(stems=path.suffix.lower() == ".zip", mp3=path.suffix.lower() == ".mp3")
            save(path, self.midi, sound, self.poster, self.tags, tall)
        else:  # notes need no renderer, and a wrong suffix should not wait for one to be told
            save(path, self.midi, None, tags=self.tags)
        return path
