"""Track: a composed piece, and what it can become: sound, files, a longer one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from posterbeat.controls import SUFFIXES, Controls
from posterbeat.errors import ScoreError
from posterbeat.genres import GENRES, mixture, music_for
from posterbeat.recipe import Recipe, notes_mark
from posterbeat.steps import Step

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

LARGEST_MIDI = 2_000_000  # bytes of a file that is taken in
_ARRAYS = ("onset", "duration", "pitch", "velocity", "program")


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
    steps : what was done with the piece since it was composed (`steps.GoOn`, `steps.Rewrite`), in order
    weights : which weights of the composer wrote it (`hub.weights_mark`), empty where that is not known
    own : whether it began as a MIDI file from elsewhere
    remark : str or None, what is to be known of a file that it was opened from
    """

    score: "Score"
    genre_mix: dict[str, float]
    controls: Controls
    poster: "Image.Image | None" = None
    reading: "GenreReading | None" = None
    colours: "PosterColours | None" = None
    title: str | None = None
    steps: tuple[Step, ...] = ()
    weights: str = ""
    own: bool = False
    remark: str | None = None
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

        None for the reference study's stack, which decides note by note, and for a piece from a file, until a step is taken.
        """
        return self.score.plan

    @cached_property
    def recipe(self) -> Recipe:
        """How it came to be; composing by it again gives the same notes."""
        plain = self.score.without_overlaps()
        return Recipe(self.genre_mix, self.controls, self.steps, self.weights, self.own,
                      notes_mark(*(getattr(plain, name) for name in _ARRAYS)))

    @cached_property
    def midi(self) -> "pretty_midi.PrettyMIDI":
        """The score as MIDI, with its recipe as a text event."""
        import pretty_midi

        midi = self.score.to_midi()
        midi.text_events.append(pretty_midi.Text(self.recipe.to_text(), 0.0))
        return midi

    @classmethod
    def from_midi(cls, source: str | Path | bytes, genre: str | Mapping[str, float] | None = None, weights: str = "") -> "Track":
        """A MIDI file, made here or elsewhere, as a track that can go on.

        Parameters
        ----------
        source : path or bytes
        genre : for a file from elsewhere, as in `PosterBeat.compose`; left out, all genres weigh the same
        weights : which weights of the composer will go on

        Raises
        ------
        ScoreError
            It is larger than 2 MB, cannot be read, holds no note, or what it says of how it was composed was forged.
        """
        from posterbeat.music.marked_midi import read_midi
        from posterbeat.music.score import Score

        midi = read_midi(_bytes_of(source))
        score = Score.from_midi(midi)
        told = next(filter(None, (Recipe.from_text(event.text) for event in midi.text_events)), None)
        mix = mixture(genre) if genre is not None else told.genre_mix if told else mixture(dict.fromkeys(GENRES, 1.0))
        if told is None:
            return cls(score, mix, Controls(seed=0), own=True)
        if told.notes != notes_mark(*(getattr(score, name) for name in _ARRAYS)):
            changed = "The notes of this file were changed since it was composed: it is taken as a MIDI file of your own."
            return cls(score, mix, told.controls, own=True, remark=changed)
        if weights and told.weights and weights != told.weights:
            other = ("Another composer's weights wrote this file: its notes stay as they are, and what is new is written by "
                     "these weights.")
            return cls(score, mix, told.controls, own=True, remark=other)
        return cls(score, mix, told.controls, steps=told.steps, weights=told.weights, own=told.own)

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
        from posterbeat.audio.perform import foreseen, perform
        from posterbeat.audio.render import render

        if self._rendering is None or stems and self._rendering.stems is None:
            tracks, outline = foreseen(self.score, self.seed)
            self._rendering = render(perform(self.score, self.seed, tracks), outline=outline, stems=stems, mp3=mp3,
                                     progress=progress)
        return self._rendering

    def keep(self, rendering: "Rendering") -> None:
        """Keep the sound that was heard while the piece was written."""
        self._rendering = rendering

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
        """Write the track; the suffix says what: .mid, .wav, .mp3, .mp4 (with the poster), .musicxml or .pdf (sheet music),
        or .zip (a WAV for each part).

        MP3, MP4, MusicXML and PDF say their title, composer and seed; MP3 and MP4 have the poster as their cover.

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


def _bytes_of(source: "str | Path | bytes") -> bytes:
    if isinstance(source, bytes):
        data = source
    else:
        try:
            with Path(source).open("rb") as file:
                data = file.read(LARGEST_MIDI + 1)
        except (OSError, ValueError, TypeError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise ScoreError(f"The MIDI file cannot be read ({reason}): give the path of a .mid file.") from error
    if len(data) > LARGEST_MIDI:
        raise ScoreError(f"The MIDI file is larger than {LARGEST_MIDI // 1_000_000} MB: give a smaller one.")
    return data
