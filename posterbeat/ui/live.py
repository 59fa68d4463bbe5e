"""A piece while it is written, as the page hears and sees it."""

from collections.abc import Iterator
from typing import Any

import soundfile

from posterbeat.audio.fluidsynth import SAMPLE_RATE
from posterbeat.controls import Controls
from posterbeat.errors import PosterBeatError
from posterbeat.hearing import Hearing
from posterbeat.steps import Cut
from posterbeat.text import file_name
from posterbeat.track import Track
from posterbeat.ui.components.piano_roll import roll_value
from posterbeat.ui.cover import cover_of
from posterbeat.ui.page import text
from posterbeat.ui.server.uploads import folder
from posterbeat.ui.streaming import gathered
from posterbeat.ui.take import shown_title, title_for

_TAIL = 4.0  # seconds that a piece may sound on after its last bar


class Live:
    """A hearing whose sound is written where the browser reads it while it grows, and whose notes are shown as they come.

    Parameters
    ----------
    hearing
        Of the piece.
    genre_mix, controls, poster
        What it is composed with; the poster's path, or None.

    Attributes
    ----------
    wav : Path, its sound; once all of it was heard, the very file of the take
    share : float, of it that was played, 0 to 1
    """

    def __init__(self, hearing: Hearing, genre_mix: dict[str, float], controls: Controls, poster: str | None):
        self._hearing, self._mix, self._controls = hearing, genre_mix, controls
        self._title, self.share = shown_title(genre_mix, controls), 0.0
        self._cover = cover_of(poster) if poster else None
        self.wav = folder() / file_name(title_for(poster), max(genre_mix, key=genre_mix.get), ".wav")

    def values(self) -> Iterator[dict[str, Any]]:
        """What the piano roll shows, again and again: all notes so far, and how many `samples` of the sound can be fetched.

        Raises
        ------
        PosterBeatError
            There is no room for the sound.
        """
        done = 0
        try:
            with soundfile.SoundFile(self.wav, "w", SAMPLE_RATE, 2, format="WAV", subtype="PCM_16") as file:
                for rate, samples in gathered(self._hearing):
                    file.write(samples)
                    file.flush()
                    done += len(samples)
                    value = self._value(done)
                    self.share = min(1.0, done / rate / value["seconds"])
                    yield value
        except (OSError, soundfile.SoundFileError) as error:
            raise PosterBeatError(text.NO_ROOM) from error

    def _value(self, samples: int) -> dict[str, Any]:
        score = self._hearing.score
        value = roll_value(score, self.wav, self._title)
        if score.plan:
            value["seconds"] = max(value["seconds"], score.second(score.plan.bars * score.bar))
        return {**value, "cover": self._cover, "live": True, "samples": samples, "longest": value["seconds"] + _TAIL}

    def written(self, weights: str) -> Track | None:
        """What was written so far, in whole bars, as a track that can be composed again; None where there is nothing yet."""
        written, bars = self._hearing.written, self._hearing.bars  # before the score, which may still grow
        score = self._hearing.score
        if score is None or not len(score):
            return None
        if written:
            return Track(score, self._mix, self._controls, weights=weights)
        first = score.first_bars(bars)
        return Track(first, self._mix, self._controls, steps=(Cut(bars),), weights=weights) if len(first) else None
