"""The whole way: a poster in, a track out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posterbeat.controls import COMPOSER_KINDS, Controls, asked_for
from posterbeat.errors import ParameterError
from posterbeat.genres import mixture
from posterbeat.hearing import Bars, Hearing
from posterbeat.hub import resolve, source_of
from posterbeat.recipe import Recipe, check_weights
from posterbeat.steps import MOST_STEPS, Cut, GoOn, Rewrite, Step
from posterbeat.track import Track

if TYPE_CHECKING:  # these pull in torch, which `import posterbeat` need not wait for
    from posterbeat.composer.model import BiLSTMComposer
    from posterbeat.music.historical import HistoricalStack
    from posterbeat.vision.classifier import PosterClassifier
    from posterbeat.vision.reading import GenreReading


class PosterBeat:
    """Reads posters and composes for them.

    Parameters
    ----------
    classifier
        What reads the genre: `predict(image, words=True) -> GenreReading`.
    composer
        What writes the notes: `generate(genre_mix, controls=..., progress=..., on_bar=...) -> Score`.
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
                progress: Callable[[int, int], None] | None = None, on_bar: Bars | None = None, **named: Any) -> Track:
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
        on_bar
            Called with the notes of each bar when it is written (see `BiLSTMComposer.generate`); the reference study's stack
            does not write by bars.

        Raises
        ------
        ParameterError
            A control is outside its range.
        WeightsError
            The reference study's stack is asked for and its weights are missing.
        """
        genre_mix = mixture(genre)
        controls = asked_for(controls, notes=notes, temperature=temperature, seed=seed, **named)
        if controls.composer_kind == COMPOSER_KINDS[0]:
            score = self.composer.generate(genre_mix, controls=controls, progress=progress, on_bar=on_bar)
        else:
            score = self.historical.generate(genre_mix, controls=controls, progress=progress)
        return Track(score, genre_mix, controls, weights=self.weights)

    @property
    def weights(self) -> str:
        """Which weights compose here, as `hub.weights_mark` tells; empty where that is not known."""
        return getattr(self.composer, "mark", "")

    def go_on(self, track: Track | str | Path | bytes, seconds: float = 30.0, seed: int | None = None, *,
              progress: Callable[[int, int], None] | None = None) -> Track:
        """A longer piece: its last bar, which closes it, gives way, and all before it stays note for note.

        Parameters
        ----------
        track : Track, or a MIDI file made here or elsewhere (path or bytes, see `Track.from_midi`)
        seconds : how much longer it becomes, 10 to 300; 600 in all at most
        seed, progress : as in `compose`

        Raises
        ------
        ParameterError
            A value outside its range, or the piece would become too long.
        ScoreError
            The file cannot be read, or is too large.
        """
        return self.take_step(track, GoOn(seconds, seed), progress=progress)

    def rewrite(self, track: Track | str | Path | bytes, part: str | int | None = None, bars: tuple[int, int] | None = None,
                seed: int | None = None, *, progress: Callable[[int, int], None] | None = None) -> Track:
        """The piece with a part, some bars, or a part in some bars written anew; all else stays note for note.

        Parameters
        ----------
        track, seed, progress : as in `go_on`
        part : its name, that of its instrument's family, or its place in `track.plan.parts`, counted from 0; None for all
        bars : the first and the last, counted from 1, both ends in; None for all

        Raises
        ------
        ParameterError
            There is no such part, or there are no such bars.
        ScoreError
            The file cannot be read, or is too large.
        """
        return self.take_step(track, Rewrite(part, bars, seed), progress=progress)

    def take_step(self, track: Track | str | Path | bytes, step: Step, *,
                  progress: Callable[[int, int], None] | None = None) -> Track:
        """The piece after one more step, as `go_on` and `rewrite` make it, and raise; after `Cut`, its first bars."""
        from posterbeat.music.cutting import cut
        from posterbeat.music.part_names import name_of

        if not isinstance(track, Track):
            track = Track.from_midi(track, weights=self.weights)
        if len(track.steps) >= MOST_STEPS:
            raise ParameterError(f"This piece has taken {MOST_STEPS} steps, the most there may be: start from an earlier one.")
        if isinstance(step, Rewrite) and step.part is not None:
            step = replace(step, part=name_of(track.score.without_overlaps(), step.part))  # a name stays, a place may not
        if isinstance(step, Cut):
            return replace(track, score=cut(track.score, step), steps=(*track.steps, step))
        score = self.composer.take_step(track.score, step, track.genre_mix, controls=track.controls, progress=progress)
        return replace(track, score=score, steps=(*track.steps, step), weights=self.weights)

    def take_steps(self, track: Track, steps: Sequence[Step], *, progress: Callable[[int, int], None] | None = None) -> Track:
        """The piece after some steps; raises as `take_step`, and ParameterError where all are too much work (`music.effort`)."""
        from posterbeat.music.effort import checked
        taken = 0.0
        for number, step in enumerate(steps):
            taken += checked(track.score, steps[number:], taken)  # each time: a piece may become denser than it was
            track = self.take_step(track, step, progress=progress)
        return track

    def again(self, recipe: Recipe, *, progress: Callable[[int, int], None] | None = None) -> Track:
        """Compose a piece anew by its recipe: the same notes.

        Raises
        ------
        ParameterError
            Other weights wrote it, it began as a MIDI file from elsewhere, or as of `take_steps`.
        """
        if recipe.own:
            raise ParameterError("This piece began as a MIDI file from elsewhere, which cannot be composed again: open its file.")
        check_weights(recipe.weights, self.weights)
        base = self.compose(recipe.genre_mix, controls=recipe.controls, progress=progress)
        return self.take_steps(base, recipe.steps, progress=progress)

    def stream(self, genre: str | Mapping[str, float] | None = None, notes: int | None = None, temperature: float = 1.0,
               seed: int | None = None, *, image: Any = None, controls: Controls | None = None, stems: bool = False,
               mp3: bool = False, progress: Callable[[int, int], None] | None = None, **named: Any) -> Hearing:
        """Hear a piece while it is written: `for rate, samples in beat.stream("horror", seconds=60, seed=7)`.

        Its blocks, joined, are the bytes of `compose(...).audio`, and of `self(image, ...).audio` where a poster is given.

        Parameters
        ----------
        genre
            As in `compose`; may be left out where there is an `image`.
        image : a poster, as `self(image)` takes it
        stems, mp3
            What is kept for the track beside its sound (see `Track.render`).
        notes, temperature, seed, controls, progress, named
            As in `compose`, or in `self(image)`: colours, words and title, too.

        Returns
        -------
        Hearing : (sample rate, np.ndarray of int16, shape (samples, 2)) as the sound is ready; afterwards `Hearing.track`

        Raises
        ------
        ParameterError
            A control is outside its range. What goes wrong later is raised to who listens.
        """
        own = {name: named.pop(name) for name in ("colours", "words", "title") if name in named}
        controls = asked_for(controls, notes=notes, temperature=temperature, seed=seed, **named)
        if image is None:
            write = partial(self.compose, mixture(genre), controls=controls, progress=progress)
        else:
            write = partial(self, image, genre and mixture(genre), controls=controls, progress=progress, **own)
        return Hearing(lambda on_bar: write(on_bar=on_bar), controls.seed, stems=stems, mp3=mp3)

    def __call__(self, image: Any, genre: str | Mapping[str, float] | None = None, notes: int | None = None,
                 temperature: float = 1.0, seed: int | None = None, *, colours: bool = True, words: bool = True,
                 title: str | None = None, controls: Controls | None = None,
                 progress: Callable[[int, int], None] | None = None, on_bar: Bars | None = None, **named: Any) -> Track:
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
        notes, temperature, seed, named, controls, progress, on_bar
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
        track = self.compose(mix or reading.probabilities, controls=controls, progress=progress, on_bar=on_bar)
        track.poster, track.reading, track.colours, track.title = poster, reading, seen, title
        return track
