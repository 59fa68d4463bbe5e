"""The whole way: a poster in, a track out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posterbeat.controls import COMPOSER_KINDS, SUFFIXES, Controls, asked_for
from posterbeat.genres import mixture, music_for
from posterbeat.hub import resolve, source_of

if TYPE_CHECKING:  # these pull in torch, NumPy and Pillow, which `import posterbeat` need not wait for
    import numpy as np
    import pretty_midi
    from PIL import Image

    from posterbeat.audio.render import Rendering
    from posterbeat.audio.tags import Tags
    from posterbeat.colours import PosterColours
    from posterbeat.composer.model import BiLSTMComposer
    from posterbeat.music.historical import HistoricalStack
    from posterbeat.music.score import Score
    from posterbeat.vision.classifier import PosterClassifier
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


class PosterBeat:
    """Reads posters and composes for them.

    Parameters
    ----------
    classifier
        What reads the genre: `predict(image, words=True) -> GenreReading`.
    composer
        What writes the notes: `generate(genre_mix, controls=..., progress=...) -> Score`.
    historical
        Where the reference study's stack is loaded from at the first request, as in `load`.
    """

    def __init__(self, classifier: "PosterClassifier", composer: "BiLSTMComposer", historical: str | Path | None = None):
        self.classifier = classifier
        self.composer = composer
        self._historical_source = source_of("historical", historical)

    @classmethod
    def load(cls, classifier: str | Path | None = None, composer: str | Path | None = None,
             historical: str | Path | None = None, apart: bool = False,
             words: str | Path | None = None) -> "PosterBeat":
        """Load the classifier and the composer, each from a folder or a Hub repo id with an optional `@revision`.

        Parameters
        ----------
        classifier, composer, historical, words
            Where from. Left out, the environment variables POSTERBEAT_CLASSIFIER, POSTERBEAT_COMPOSER,
            POSTERBEAT_HISTORICAL and POSTERBEAT_WORDS say; without these, the weights that came with posterbeat are taken.
            What reads words is loaded when it is first needed.
        apart
            Let the composer work in processes of its own, a piece each (see `composer.worker`), where the system can: for
            several callers at once. The notes are the same.

        Raises
        ------
        WeightsError
            A file is missing, damaged or foreign, or could not be fetched.
        """
        from posterbeat.composer import worker as elsewhere

        source = source_of("composer", composer)
        if apart and elsewhere.possible():
            other = elsewhere.ComposerApart(resolve(source))  # loads while the classifier does here
        else:
            other = None
        from posterbeat.vision.classifier import PosterClassifier

        reader = PosterClassifier.from_pretrained(source_of("classifier", classifier), words=words)
        if other is None:
            from posterbeat.composer.model import BiLSTMComposer

            return cls(reader, BiLSTMComposer.from_pretrained(source), historical)
        return cls(reader, other.wait(), historical)

    @cached_property
    def historical(self) -> "HistoricalStack":
        """The reference study's final stack, loaded at the first request.

        Raises
        ------
        WeightsError
            Its weights are missing, damaged or foreign.
        """
        from posterbeat.music.historical import HistoricalStack

        return HistoricalStack.from_pretrained(self._historical_source)

    def read(self, image: Any, words: bool = True) -> "GenreReading":
        """Which genre a poster speaks of.

        Parameters
        ----------
        image : path, bytes, PIL image, or np.ndarray of uint8, shape (H, W, 3)
        words
            Read its words beside its picture, which takes half a second more.

        Raises
        ------
        PosterError
            Not a picture that can be read.
        WeightsError
            The weights that read words are missing, damaged or foreign.
        """
        return self.classifier.predict(image, words=words)

    def compose(self, genre: str | Mapping[str, float], notes: int | None = None, temperature: float = 1.0,
                seed: int | None = None, *, controls: Controls | None = None,
                progress: Callable[[int, int], None] | None = None, **named: Any) -> Track:
        """Compose for a genre or a mixture of genres.

        Parameters
        ----------
        genre
            A genre's name, or a mapping of genres to weights.
        notes, temperature, seed, named
            The fields of `Controls`: `notes=300, chords="Am F C G", tempo=90`. With `seed=None` one is drawn; `Track.seed`
            tells it. `composer` is another name of `composer_kind`.
        controls
            All of them at once, instead of the keywords.
        progress
            Called with (notes written, notes wanted) every few notes; an exception that it raises stops the work.

        Raises
        ------
        ParameterError
            A control is outside its range.
        WeightsError
            The reference study's stack is asked for and its weights are missing.
        """
        genre_mix = mixture(genre)
        controls = asked_for(controls, notes=notes, temperature=temperature, seed=seed, **named)
        composer = self.composer if controls.composer_kind == COMPOSER_KINDS[0] else self.historical
        score = composer.generate(genre_mix, controls=controls, progress=progress)
        return Track(score, genre_mix, controls)

    def __call__(self, image: Any, genre: str | Mapping[str, float] | None = None, notes: int | None = None,
                 temperature: float = 1.0, seed: int | None = None, *, colours: bool = True, words: bool = True,
                 title: str | None = None, controls: Controls | None = None,
                 progress: Callable[[int, int], None] | None = None, **named: Any) -> Track:
        """Read a poster and compose for it.

        Parameters
        ----------
        image : path, bytes, PIL image, or np.ndarray of uint8, shape (H, W, 3)
        genre
            Overrides what the classifier reads; None takes the reading's probabilities as the mixture.
        colours
            Whether the poster's colours set the tempo, mode and density that are left out.
        words
            Whether the poster's words are read beside its picture.
        title
            The film's, which is kept with the track and written into its files.
        notes, temperature, seed, named, controls, progress
            As in `compose`.

        Raises
        ------
        PosterError, ParameterError, WeightsError
        """
        from posterbeat.colours import read_colours
        from posterbeat.poster import open_poster

        # Controls first: a wrong one should not wait for the networks.
        controls = asked_for(controls, notes=notes, temperature=temperature, seed=seed, **named)
        mix = None if genre is None else mixture(genre)
        poster = open_poster(image)
        reading = self.read(poster, words=words)
        seen = read_colours(poster) if colours else None
        if seen is not None:
            controls = controls.filled(tempo=seen.tempo, mode=seen.mode, density=seen.density)
        track = self.compose(mix or reading.probabilities, controls=controls, progress=progress)
        track.poster, track.reading, track.colours, track.title = poster, reading, seen, title
        return track
