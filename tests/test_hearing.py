"""A piece is heard while it is written, with the bytes that it has when it is written first and played then."""

import os
import sys
import threading

import numpy as np
import pytest

from posterbeat import PosterBeat
from posterbeat.audio.fluidsynth import library
from posterbeat.controls import Controls
from posterbeat.errors import ParameterError
from posterbeat.music.outline import Outline, Section
from posterbeat.music.score import Score

BAR, BARS, PROGRAMS = 48, 8, (128, 33, 40)
LENGTHS, SECONDS = (6, 12, 24), BARS * 4 * 60 / 140


def piece(seed: int, loudness: int = 5) -> Score:
    """Drums, a bass and a violin, and their plan."""
    random = np.random.default_rng(seed)
    rows = [(bar * BAR + place * 6, LENGTHS[part], low + random.choice([0, 4, 7]), loudness * 16 + 8, PROGRAMS[part], part)
            for bar in range(BARS) for part, low in enumerate((36, 38, 64)) for place in range(8 - 2 * part)]
    plan = Outline(
        parts=("Drum kit", "Electric Bass (finger)", "Violin"), chords=(("C",),) * BARS, cells=(("new",) * 3,) * BARS,
        recalls=((0,) * 3,) * BARS, sections=(Section("A", 1, BARS),), programs=PROGRAMS,
        levels=(((8, 0, loudness), (6, 10, loudness), (4, 17, loudness)),) * BARS)
    onset, duration, pitch, velocity, program, part = np.array(rows).T
    return Score(onset, duration, pitch, velocity, program, tempo=140, bar=BAR, part=part, plan=plan)


def some(score: Score, rows: np.ndarray) -> Score:
    return Score(*(getattr(score, name)[rows] for name in ("onset", "duration", "pitch", "velocity", "program")),
                 tempo=score.tempo, bar=score.bar, part=score.part[rows], plan=score.plan)


class Composer:
    """Writes `piece`, bar by bar if anybody wants to know, and waits in the middle until somebody has heard something."""

    def __init__(self, by_bars=True, fails=False):
        self.by_bars, self.fails = by_bars, fails
        self.heard, self.stopped = threading.Event(), threading.Event()

    def generate(self, genre_mix, *, controls, progress=None, on_bar=None):
        whole = piece(controls.seed)
        try:
            if on_bar is not None and self.by_bars:
                on_bar(some(whole, np.zeros(len(whole), bool)), 0)
                for bar in range(BARS):
                    if bar == 5:
                        assert not library() or self.heard.wait(100)
                        if self.fails:
                            raise ZeroDivisionError
                    on_bar(some(whole, whole.onset // BAR == bar), (bar + 1) * BAR)
        except BaseException:
            self.stopped.set()
            raise
        return whole


def listened(beat, **wishes):
    hearing, blocks = beat.stream("horror", seed=3, **wishes), []
    for rate, block in hearing:
        assert rate == 44100 and block.dtype == np.int16 and block.shape[1] == 2
        blocks.append(block)
        beat.composer.heard.set()
    return hearing, np.concatenate(blocks)


@pytest.mark.parametrize("by_bars", [True, False], ids=["bar by bar", "at the end"])
def test_the_blocks_are_the_bytes_of_the_whole(by_bars, monkeypatch):
    monkeypatch.setattr("posterbeat.hearing._EVERY", 0)
    hearing, sound = listened(PosterBeat(None, Composer(by_bars)))
    whole = PosterBeat(None, Composer()).compose("horror", seed=3)
    assert np.array_equal(sound, whole.audio)
    assert len(sound) >= SECONDS * 44100
    assert hearing.track.score == whole.score and hearing.track.audio.tobytes() == sound.tobytes() and hearing.seed == 3


def test_stems_and_mp3_are_kept_while_it_is_heard():
    hearing, sound = listened(PosterBeat(None, Composer()), stems=True, mp3=True)
    stems = hearing.track.stems
    assert list(stems) == ["Drum kit", "Electric Bass (finger)", "Violin"]
    difference = sum(stem.astype(int) for stem in stems.values()) - sound
    assert np.square(difference, dtype=float).sum() < 0.005 * np.square(sound, dtype=float).sum()
    assert hearing.track.render().mp3[:1] == b"\xff"


def test_the_track_is_not_there_before_all_was_heard():
    hearing = PosterBeat(None, Composer()).stream("horror", seed=3)
    with pytest.raises(RuntimeError, match="all of its sound"):
        _ = hearing.track


def test_who_stops_listening_stops_the_composer():
    composer = Composer()
    for _ in PosterBeat(None, composer).stream("horror", seed=3):
        break
    composer.heard.set()
    assert composer.stopped.wait(60) or not library()


def test_an_error_of_the_composer_reaches_who_listens():
    with pytest.raises(ZeroDivisionError):
        listened(PosterBeat(None, Composer(fails=True)))


def test_a_wrong_control_is_refused_at_once():
    with pytest.raises(ParameterError, match="Seed"):
        PosterBeat(None, Composer()).stream("horror", seed=-1)
    with pytest.raises(ParameterError):
        PosterBeat(None, Composer()).stream("opera")


def test_a_soft_plan_makes_a_soft_piece_no_softer_to_hear():
    class Soft(Composer):
        def generate(self, genre_mix, *, controls, progress=None, on_bar=None):
            return piece(controls.seed, loudness=1)

    level = [np.sqrt(np.mean(np.square(PosterBeat(None, kind()).compose("horror", seed=3).audio, dtype=float)))
             for kind in (Composer, Soft)]
    assert abs(20 * np.log10(level[0] / level[1])) < 4


def test_the_real_composer_is_heard_bar_by_bar():
    beat = PosterBeat.load()
    wish = Controls(60, seed=5)
    told = []
    score = beat.composer.generate("drama", controls=wish, on_bar=lambda bar, until: told.append((bar, until)))
    assert not len(told[0][0]) and told[0][1] == 0 and told[0][0].plan == score.plan
    joined = told[0][0]
    for (_, before), (bar, until) in zip(told, told[1:]):
        assert until == before + score.bar and np.all((bar.onset >= before) & (bar.onset < until))
        joined = joined.followed_by(bar)
    assert joined == score and len(told) == score.plan.bars + 1
    assert np.array_equal(joined.duration, score.duration)


@pytest.mark.skipif(os.name != "posix" or sys.platform == "darwin", reason="a composer apart needs fork")
def test_a_composer_apart_tells_its_bars_too():
    beat = PosterBeat.load(apart=True)
    hearing = beat.stream("drama", 48, seed=5)
    sound = np.concatenate([block for _, block in hearing])
    track = beat.compose("drama", 48, seed=5)
    assert np.array_equal(sound, track.audio) and hearing.track.score == track.score
