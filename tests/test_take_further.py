"""A take goes on and is partly written anew, from memory, from its MIDI file and by its recipe: the same notes each way."""

import json
from dataclasses import replace

import mido
import pytest

from posterbeat import PosterBeat, Score, ScoreError, Track
from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES
from posterbeat.steps import MOST_STEPS, GoOn, Rewrite
from posterbeat.track import LARGEST_MIDI
from tests.composer.small import small_composer, typical
from tests.music.made import tune

ROWS = [f"110 5.0 0 48 2 {typical(40, 10, 20, 20, 10)}|4 33 9 0 3 5|0 0 15 2 4 5|6 48 17 0 3 4"]


@pytest.fixture(scope="module")
def beat() -> PosterBeat:
    composer = small_composer(ROWS)
    composer.mark = "ab12cd34ef"
    return PosterBeat(None, composer)


@pytest.fixture(scope="module")
def track(beat) -> Track:
    return beat.compose("drama", notes=150, seed=4, instruments="piano, bass, violin", chords="Am F")


def same(one: Score, two: Score) -> bool:
    return Score.from_midi(one.to_midi()) == Score.from_midi(two.to_midi())


def test_a_midi_file_brings_its_take_back(track, tmp_path):
    back = Track.from_midi(track.save(tmp_path / "a.mid"))
    assert (back.genre_mix, back.controls, back.steps, back.weights, back.own, back.remark) == (
        track.genre_mix, track.controls, (), "ab12cd34ef", False, None)
    assert same(back.score, track.score) and back.recipe == track.recipe and back.recipe.notes == track.recipe.notes


def test_a_take_comes_back_from_its_recipe_and_from_its_file_with_the_same_notes(beat, track, tmp_path):
    further = beat.rewrite(beat.go_on(track, seconds=10, seed=5), part="bass", bars=(2, 3), seed=6)
    assert further.steps == (GoOn(10, 5), Rewrite("Electric Bass (finger)", (2, 3), 6))
    assert same(beat.again(further.recipe).score, further.score)
    by_file = beat.rewrite(beat.go_on(track.save(tmp_path / "a.mid"), seconds=10, seed=5).save(tmp_path / "b.mid"),
                           part="bass", bars="2-3", seed=6)
    assert by_file.recipe == further.recipe and same(by_file.score, further.score)
    assert further.plan.bars == by_file.plan.bars > track.plan.bars


def test_the_seed_of_a_step_is_drawn_and_kept(beat, track):
    one = beat.rewrite(track, part=0)
    assert 0 <= one.steps[0].seed < 2**32 and one.seed == track.seed
    assert same(beat.rewrite(track, part=0, seed=one.steps[0].seed).score, one.score)


def test_a_file_of_other_weights_says_so_and_a_recipe_of_theirs_is_refused(beat, track, tmp_path):
    path = track.save(tmp_path / "a.mid")
    back = Track.from_midi(path, weights="0123456789")
    assert "Another composer's weights wrote this file" in back.remark and back.own and same(back.score, track.score)
    beat.composer.mark = "0123456789"
    try:
        with pytest.raises(ParameterError, match="weights wrote this piece .ab12cd34ef; here are 0123456789."):
            beat.again(track.recipe)
    finally:
        beat.composer.mark = "ab12cd34ef"


def test_a_file_whose_notes_were_changed_says_so(track, tmp_path):
    midi = mido.MidiFile(track.save(tmp_path / "a.mid"))
    for event in midi.tracks[1]:
        if event.type in ("note_on", "note_off"):
            event.note = min(127, event.note + 1)
    midi.save(tmp_path / "b.mid")
    back = Track.from_midi(tmp_path / "b.mid")
    assert "notes of this file were changed" in back.remark and back.own and back.steps == ()


def test_a_midi_of_somebody_else_goes_on(beat, tmp_path):
    path = tmp_path / "tune.mid"
    tune(bars=6).to_midi().write(str(path))
    given = Track.from_midi(path)
    assert given.own and set(given.genre_mix.values()) == {1 / len(GENRES)} and given.remark is None
    longer = beat.go_on(path, seconds=10, seed=1)
    assert longer.own and longer.score.seconds > given.score.seconds + 8
    assert Track.from_midi(longer.save(tmp_path / "b.mid")).steps == longer.steps
    assert Track.from_midi(path.read_bytes(), genre="horror").genre_mix["horror"] == 1
    with pytest.raises(ParameterError, match="began as a MIDI file from elsewhere"):
        beat.again(longer.recipe)


def forged(path, text):
    """A tune with a text event."""
    midi = tune().to_midi()
    midi.write(str(path))
    file = mido.MidiFile(path)
    file.tracks[0].insert(0, mido.MetaMessage("text", text=text, time=0))
    file.save(path)
    return path


@pytest.mark.parametrize("text", ["posterbeat {", "posterbeat " + json.dumps({"version": 1}), "posterbeat \x00"])
def test_a_forged_text_event_is_told(beat, tmp_path, text):
    with pytest.raises(ScoreError, match="What this MIDI file says of how it was composed cannot be read"):
        beat.go_on(forged(tmp_path / "a.mid", text), seconds=10)


def test_other_text_events_mean_nothing(tmp_path):
    assert Track.from_midi(forged(tmp_path / "a.mid", "by nobody")).own


@pytest.mark.parametrize("content, says", [
    (b"", "not a readable MIDI file"), (b"MThd" + bytes(40), "MIDI file"), (b"\x89PNG" * 10, "not a readable MIDI file"),
    (b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0", "holds no note"), (bytes(LARGEST_MIDI + 1), "larger than 2 MB"),
])
def test_files_that_are_no_piece_are_told(beat, content, says):
    for step in (GoOn(10, 1), Rewrite("bass", None, 1)):
        with pytest.raises(ScoreError, match=says) as caught:
            beat.take_step(content, step)
        assert str(caught.value).endswith(".")


@pytest.mark.parametrize("tempo", [1, 100])  # microseconds a beat, as MIDI has them
def test_a_tempo_at_which_seconds_are_millions_of_bars_is_refused(beat, tmp_path, tempo):
    path = tmp_path / "a.mid"
    tune().to_midi().write(str(path))
    file = mido.MidiFile(path)
    file.tracks[0].insert(0, mido.MetaMessage("set_tempo", tempo=tempo, time=0))
    file.tracks[0][:] = [file.tracks[0][0], *(event for event in file.tracks[0][1:] if event.type != "set_tempo")]
    file.save(path)
    with pytest.raises(ParameterError, match="bars: 2,000 at most"):
        beat.go_on(path, seconds=10)


@pytest.mark.parametrize("given", ["nowhere.mid", "/", "\0", 5, None])
def test_a_path_that_leads_nowhere_is_told(beat, given):
    with pytest.raises(ScoreError, match="The MIDI file cannot be read"):
        beat.go_on(given)


def test_steps_that_are_too_much_work_are_refused_before_the_first(beat, track, monkeypatch):
    large = beat.compose("drama", notes=2000, seed=4)
    monkeypatch.setattr(beat.composer, "take_step", lambda *given, **named: pytest.fail("a step was taken"))
    recipe = replace(large.recipe, steps=(Rewrite(bars=(1, 10**5), seed=1),) * MOST_STEPS)
    with pytest.raises(ParameterError, match="steps that write about 125,000 notes anew: 50,000 at most are written at a time"):
        beat.again(recipe)
    with pytest.raises(ParameterError, match="50,000 at most"):
        beat.again(replace(recipe, steps=(*[GoOn(300, 1)] * 2, *recipe.steps)[:MOST_STEPS]))


def test_steps_under_which_a_piece_grows_are_refused_as_soon_as_it_has(beat, track, monkeypatch):
    grown = beat.compose("drama", notes=2000, seed=4, tempo=track.score.tempo).score
    monkeypatch.setattr(beat.composer, "take_step", lambda *given, **named: grown)
    with pytest.raises(ParameterError, match="50,000 at most"):
        beat.take_steps(track, (Rewrite(bars=(1, 10**5), seed=1),) * MOST_STEPS)


def test_a_take_takes_no_more_steps_than_its_recipe_holds(beat, track):
    with pytest.raises(ParameterError, match=f"taken {MOST_STEPS} steps"):
        beat.go_on(replace(track, steps=(GoOn(10, 1),) * MOST_STEPS))
