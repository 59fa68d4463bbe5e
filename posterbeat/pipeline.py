"""The whole way: a poster in, a track out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posterbeat.controls import (
    COMPOSERS,
    SUFFIXES,
    check_composer,
    check_density,
    check_mode,
    check_notes,
    check_seed,
    check_temperature,
    check_tempo,
)
from posterbeat.genres import mixture
from posterbeat.hub import resolve, source_of, weights_folder

if TYPE_CHECKING:  # these pull in torch, NumPy and Pillow, which `import posterbeat` need not wait for
    import numpy as np
    import pretty_midi
    from PIL import Image

    from posterbeat.colours import PosterColours
    from posterbeat.composer.bilstm_composer import BiLSTMComposer
    from posterbeat.music.historical import HistoricalStack
    from posterbeat.music.score import Score
    from posterbeat.vision.classifier import GenreReading, PosterClassifier


@dataclass(eq=False)
class Track:
    """A composed piece, and everything needed to hear it, keep it and compose it again.

    Attributes
    ----------
    score : Score, the notes
    genre_mix : dict of the five genres' weights, summing to 1
    seed : int, the seed that was used, given or drawn
    temperature : float
    controls : dict of the other controls as they were used (ensemble, tempo, mode, density; None where left open)
    poster : PIL.Image.Image or None, the poster that it was composed for, RGB
    reading : GenreReading or None, what the classifier read on the poster
    colours : PosterColours or None, the reading of the poster's colours, if they steered the music
    title : str or None
    composer : str, the name in `controls.COMPOSERS` of what wrote it
    """

    score: "Score"
    genre_mix: dict[str, float]
    seed: int
    temperature: float = 1.0
    controls: dict[str, Any] | None = None
    poster: "Image.Image | None" = None
    reading: "GenreReading | None" = None
    colours: "PosterColours | None" = None
    title: str | None = None
    composer: str = COMPOSERS[0]
    _sound: "tuple[np.ndarray, int] | None" = field(default=None, init=False, repr=False)

    @cached_property
    def midi(self) -> "pretty_midi.PrettyMIDI":
        """The score as MIDI."""
        return self.score.to_midi()

    def render(self, progress: Callable[[float], None] | None = None) -> None:
        """Make the sound now, unless it is there already; `audio` does it unasked.

        Parameters
        ----------
        progress
            Called with the share that was played, 0 to 1; an exception that it raises stops the work.

        Raises
        ------
        RenderError
            Nothing can play the score here, or the result is silent.
        """
        from posterbeat.audio.perform import humanise
        from posterbeat.audio.render import render

        if self._sound is None:
            self._sound = render(humanise(self.midi, self.seed), progress=progress)

    @property
    def audio(self) -> "np.ndarray":
        """np.ndarray of int16, shape (samples, 2): rendered at the first request, then kept.

        Raises
        ------
        RenderError
            Nothing can play the score here, or the result is silent.
        """
        self.render()
        return self._sound[0]

    @property
    def sample_rate(self) -> int:
        """Samples a second of `audio`."""
        self.render()
        return self._sound[1]

    def save(self, path: str | Path) -> Path:
        """Write the track; the suffix says what: .mid, .musicxml, .wav, .mp3 or .mp4 (with the poster).

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
            save(path, self.midi, self.audio, self.sample_rate, poster=self.poster)
        else:  # notes need no renderer, and a wrong suffix should not wait for one to be told
            save(path, self.midi, None, None)
        return path


class PosterBeat:
    """Reads posters and composes for them.

    Parameters
    ----------
    classifier
        What reads the genre: `predict(image) -> GenreReading`.
    composer
        What writes the notes: `generate(genre_mix, notes, ...) -> Score`.
    historical
        Where the reference study's stack is loaded from at the first request, as in `load`.
    """

    def __init__(self, classifier: "PosterClassifier", composer: "BiLSTMComposer", historical: str | Path | None = None):
        self.classifier = classifier
        self.composer = composer
        self._historical_source = source_of("historical", historical)

    @classmethod
    def load(cls, classifier: str | Path | None = None, composer: str | Path | None = None,
             historical: str | Path | None = None, apart: bool = False) -> "PosterBeat":
        """Load the classifier and the composer, each from a folder or a Hub repo id with an optional `@revision`.

        Parameters
        ----------
        classifier, composer, historical
            Where from. Left out, the environment variables POSTERBEAT_CLASSIFIER, POSTERBEAT_COMPOSER and
            POSTERBEAT_HISTORICAL say; without these, the weights that came with posterbeat are taken.
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

        reader = PosterClassifier.from_pretrained(source_of("classifier", classifier))
        if other is None:
            from posterbeat.composer.bilstm_composer import BiLSTMComposer

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

    @property
    def composers(self) -> tuple[str, ...]:
        """The names of `controls.COMPOSERS` that can be asked for: the reference study's stack need not have come along."""
        there = self._historical_source != weights_folder("historical") or Path(self._historical_source).is_dir()
        return COMPOSERS if there else COMPOSERS[:1]

    def read(self, image: Any) -> "GenreReading":
        """Which genre a poster speaks of.

        Parameters
        ----------
        image : path, bytes, PIL image, or np.ndarray of uint8, shape (H, W, 3)

        Raises
        ------
        PosterError
            Not a picture that can be read.
        """
        return self.classifier.predict(image)

    def compose(
        self,
        genre: str | Mapping[str, float],
        notes: int = 600,
        temperature: float = 1.0,
        seed: int | None = None,
        *,
        ensemble: str | None = None,
        tempo: float | None = None,
        mode: str | None = None,
        density: float | None = None,
        composer: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Track:
        """Compose for a genre or a mixture of genres.

        Parameters
        ----------
        genre
            A genre's name, or a mapping of genres to weights.
        notes
            How many notes, 32 to 2,000, of all instruments together.
        temperature
            0.1 (safe) to 2.0 (wild).
        seed
            0 to 2**32 - 1; the same seed and controls give the same notes. None draws one; `Track.seed` tells it.
        ensemble
            A name from `posterbeat.instruments.ENSEMBLES`; None leaves it to the composer.
        tempo, mode, density
            Beats a minute, 40 to 220; "major" or "minor"; 0 (sparse) to 1 (busy). None leaves them to the composer.
        composer
            "posterbeat" (also None), or "historical" for the reference study's final stack. That one heeds notes,
            seed and tempo alone; `historical.config.genre` is the one genre it knows.
        progress
            Called with (notes written, notes wanted) every few notes; an exception that it raises stops the work.

        Raises
        ------
        ParameterError
            A control is outside its range.
        WeightsError
            The reference study's stack is asked for and its weights are missing.
        """
        composer = check_composer(composer)
        genre_mix, notes, temperature = mixture(genre), check_notes(notes), check_temperature(temperature)
        seed, tempo, density, mode = check_seed(seed), check_tempo(tempo), check_density(density), check_mode(mode)
        controls = {"ensemble": ensemble, "tempo": tempo, "mode": mode, "density": density}
        writer = self.composer if composer == COMPOSERS[0] else self.historical
        score = writer.generate(
            genre_mix, notes=notes, temperature=temperature, seed=seed, progress=progress, **controls
        )
        return Track(score=score, genre_mix=genre_mix, seed=seed, temperature=temperature, controls=controls,
                     composer=composer)

    def __call__(
        self,
        image: Any,
        genre: str | Mapping[str, float] | None = None,
        notes: int = 600,
        temperature: float = 1.0,
        seed: int | None = None,
        *,
        colours: bool = True,
        ensemble: str | None = None,
        tempo: float | None = None,
        mode: str | None = None,
        density: float | None = None,
        composer: str | None = None,
        title: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Track:
        """Read a poster and compose for it.

        Parameters
        ----------
        image : path, bytes, PIL image, or np.ndarray of uint8, shape (H, W, 3)
        genre
            Overrides what the classifier reads; None takes the reading's probabilities as the mixture.
        colours
            Whether the poster's colours set the tempo, mode and density that are left out.
        title
            Kept with the track.
        notes, temperature, seed, ensemble, tempo, mode, density, composer, progress
            As in `compose`.

        Raises
        ------
        PosterError, ParameterError, WeightsError
        """
        from posterbeat.colours import read_colours
        from posterbeat.poster import open_poster

        # Controls first: a wrong one should not wait for the networks.
        notes, temperature, seed = check_notes(notes), check_temperature(temperature), check_seed(seed)
        composer = check_composer(composer)
        mix = None if genre is None else mixture(genre)
        poster = open_poster(image)
        reading = self.read(poster)
        seen = read_colours(poster) if colours else None
        if seen is not None:
            tempo = seen.tempo if tempo is None else tempo
            mode = seen.mode if mode is None else mode
            density = seen.density if density is None else density
        track = self.compose(
            mix or reading.probabilities,
            notes,
            temperature,
            seed,
            ensemble=ensemble,
            tempo=tempo,
            mode=mode,
            density=density,
            composer=composer,
            progress=progress,
        )
        track.poster, track.reading, track.colours, track.title = poster, reading, seen, title
        return track
