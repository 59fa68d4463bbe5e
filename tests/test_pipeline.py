"""PosterBeat end to end, with the weights that come with it."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile
from PIL import Image

import posterbeat
from posterbeat import GENRES, ParameterError, PosterBeat, PosterBeatError, PosterError, Score, WeightsError
from posterbeat.controls import check_notes, check_seed, check_temperature
from tests.served import draw_poster


@pytest.fixture(scope="module")
def beat():
    return PosterBeat.load()


@pytest.fixture(scope="module")
def poster(tmp_path_factory):
    return draw_poster(tmp_path_factory.mktemp("posters") / "red.png")


@pytest.fixture(scope="module")
def track(beat, poster):
    return beat(poster, notes=48, seed=11)


def notes_of(midi):
    return sum(len(instrument.notes) for instrument in midi.instruments)


def test_a_poster_becomes_a_track_that_says_how_it_was_made(track):
    assert len(track.score) == 48 and notes_of(track.midi) == 48
    assert track.seed == 11
    assert track.genre_mix == pytest.approx(track.reading.probabilities)
    assert set(track.reading.probabilities) == set(GENRES) and track.reading.genre in GENRES
    assert track.colours.mode in ("major", "minor") and track.controls.tempo == track.colours.tempo
    assert track.poster.size == (300, 450)


def test_the_sound_is_rendered_once_and_loud_enough(track):
    assert track.audio is track.audio
    assert track.sample_rate == 44100
    assert track.audio.dtype == np.int16 and track.audio.shape[1] == 2
    assert len(track.audio) >= track.midi.get_end_time() * 44100
    peak = np.abs(track.audio.astype(int)).max() / 32768
    assert -4 < 20 * np.log10(peak) < -0.99


def test_saved_files_hold_the_track(track, tmp_path):
    track.save(tmp_path / "out.mid")
    track.save(str(tmp_path / "out.wav"))
    assert Score.from_midi(tmp_path / "out.mid") == track.score.without_overlaps()
    samples, rate = soundfile.read(tmp_path / "out.wav", dtype="int16")
    assert rate == 44100 and np.array_equal(samples, track.audio)
    with pytest.raises(ParameterError, match=".mp4"):
        track.save(tmp_path / "out.ogg")


def test_a_track_says_what_was_planned_and_its_midi_marks_it(track, tmp_path):
    plan = track.plan
    assert plan.parts and len(plan.chords) == len(plan.cells) == plan.bars
    assert plan.sections[0].first == 1 and plan.sections[-1].last == plan.bars
    track.save(tmp_path / "out.mid")
    assert Score.from_midi(tmp_path / "out.mid").marks == plan.marks(track.score.bar)
    track.save(tmp_path / "out.musicxml")
    assert "<harmony>" in (tmp_path / "out.musicxml").read_text(encoding="utf-8")


def test_same_seed_same_notes_and_another_seed_others(beat):
    mix = {"horror": 0.7, "comedy": 0.3}
    first = beat.compose(mix, notes=64, seed=7)
    assert beat.compose(mix, notes=64, seed=7).score == first.score
    assert beat.compose(mix, notes=64, seed=8).score != first.score


@pytest.mark.parametrize("notes", [32, 33, 101, 150.0])
def test_exactly_the_notes_asked_for(beat, notes):
    track = beat.compose("action", notes=notes, seed=1)
    assert len(track.score) == notes and notes_of(track.midi) == notes


def test_a_drawn_seed_is_given_back_and_reproduces(beat):
    track = beat.compose("drama", notes=32)
    assert 0 <= track.seed < 2**32
    assert beat.compose("drama", notes=32, seed=track.seed).score == track.score
    assert beat.compose("drama", notes=32).seed != track.seed


def test_genre_overrides_the_reading_and_colours_can_be_left_out(beat, poster):
    track = beat(poster, genre="comedy", notes=32, seed=1, colours=False)
    assert track.genre_mix["comedy"] == 1.0
    assert track.colours is None and track.controls.tempo is None
    steered = beat(poster, genre="comedy", notes=32, seed=1, tempo=150)
    assert steered.score.tempo == 150 and steered.controls.mode == steered.colours.mode


def test_any_form_of_a_poster_is_read_alike(beat, poster):
    picture = Image.open(poster).convert("RGB")
    wanted = beat.read(poster).probabilities
    for form in (str(poster), poster.read_bytes(), picture, np.asarray(picture)):
        assert beat.read(form).probabilities == pytest.approx(wanted, abs=1e-6)


def test_progress_counts_up_and_an_exception_from_it_stops_the_work(beat):
    seen = []
    beat.compose("action", notes=96, seed=3, progress=lambda done, total: seen.append((done, total)))
    done = [at for at, _ in seen]
    assert done == sorted(done) and done[-1] <= 96 and len(done) > 3 and {total for _, total in seen} == {96}

    class Enough(Exception):
        pass

    def stop(done, total):
        raise Enough

    with pytest.raises(Enough):
        beat.compose("action", notes=2000, seed=3, progress=stop)


BAD = [
    ({"notes": 31}, "32 to 2000"),
    ({"notes": 2001}, "32 to 2000"),
    ({"notes": 1.5}, "32 to 2000"),
    ({"notes": "many"}, "32 to 2000"),
    ({"notes": True}, "32 to 2000"),
    ({"notes": float("inf")}, "32 to 2000"),
    ({"temperature": 0}, "0.1 to 2.0"),
    ({"temperature": float("nan")}, "0.1 to 2.0"),
    ({"temperature": -1}, "0.1 to 2.0"),
    ({"temperature": "hot"}, "0.1 to 2.0"),
    ({"temperature": True}, "0.1 to 2.0"),
    ({"seed": -1}, "0 to 4294967295"),
    ({"seed": 2**32}, "0 to 4294967295"),
    ({"seed": 0.5}, "0 to 4294967295"),
    ({"seed": "7"}, "0 to 4294967295"),
    ({"genre": "western"}, "action, animation, comedy, drama, horror"),
    ({"genre": {}}, "action, animation, comedy"),
    ({"genre": {"horror": -1}}, "0 or more"),
    ({"genre": {"horror": 0, "drama": 0}}, "above 0"),
    ({"genre": {"horror": float("nan")}}, "0 or more"),
    ({"genre": 3}, "action, animation, comedy"),
    ({"tempo": 20}, "40 to 220"),
    ({"tempo": "fast"}, "40 to 220"),
    ({"density": 2}, "0 .*1"),
    ({"mode": "dorian"}, "minor"),
    ({"ensemble": "kazoos"}, "orchestra"),
]


@pytest.mark.parametrize("controls, says", BAD, ids=[str(controls) for controls, _ in BAD])
def test_a_wrong_control_is_refused_with_its_range(beat, poster, controls, says):
    with pytest.raises(ParameterError, match=says) as refused:
        beat.compose(**{"genre": "horror", "notes": 32, "seed": 1, **controls})
    assert isinstance(refused.value, PosterBeatError) and str(refused.value).endswith(".")
    with pytest.raises(ParameterError, match=says):
        beat(poster, **{"genre": "horror", "notes": 32, "seed": 1, **controls})


def test_a_wrong_poster_is_refused_in_a_sentence(beat, tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    for wrong in (None, tmp_path / "text.jpg", tmp_path / "none.jpg", b""):
        with pytest.raises(PosterError) as refused:
            beat(wrong, notes=32)
        assert str(refused.value).endswith(".")


def test_checks_accept_what_stands_for_a_number():
    assert check_notes(300.0) == 300 and isinstance(check_notes(300.0), int)
    assert check_notes(np.int64(64)) == 64
    assert check_temperature(np.float32(0.5)) == 0.5 and check_temperature(1) == 1.0
    assert check_seed(np.uint32(2**32 - 1)) == 2**32 - 1
    assert len({check_seed(None) for _ in range(8)}) == 8


def test_the_environment_and_arguments_name_the_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("POSTERBEAT_CLASSIFIER", str(tmp_path / "nothing here"))
    with pytest.raises(WeightsError, match="nothing here"):
        PosterBeat.load()
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match="empty"):
        PosterBeat.load(classifier=tmp_path / "empty")


def test_importing_posterbeat_is_light_and_finds_every_public_name():
    code = "import sys, posterbeat; assert not {'torch', 'numpy', 'PIL', 'gradio'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    for name in posterbeat.__all__:
        assert getattr(posterbeat, name) is not None and name in dir(posterbeat)
    with pytest.raises(AttributeError, match="Trombone"):
        _ = posterbeat.Trombone
