"""Rendering: what comes out can be heard, is levelled, as long as the score, and the same every time."""

import logging
import os
import pwd
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
from ensembles import BUNDLED, ensemble

from posterbeat.audio.render import render
from posterbeat.audio.stream import renderer_name
from posterbeat.errors import RenderError


def decibels(amplitude) -> float:
    return float(20 * np.log10(np.maximum(amplitude, 1e-9) / 32767))


def peak(samples) -> float:
    return decibels(np.abs(samples.astype(int)).max())


def rms(samples) -> float:
    return decibels(np.sqrt(np.mean(samples.astype(float) ** 2)))


def test_sound_is_16_bit_stereo_and_level_with_peaks_one_decibel_below_full_scale(rendered, score):
    samples, rate = rendered
    assert (samples.dtype, samples.ndim, samples.shape[1], rate) == (np.int16, 2, 2, 44100)
    assert -3 < peak(samples) < -0.99
    assert -22 < rms(samples) < -13


def test_sound_lasts_as_long_as_the_score_and_a_tail(rendered, score):
    samples, rate = rendered
    assert score.get_end_time() <= len(samples) / rate < score.get_end_time() + 4


def test_every_part_of_the_score_sounds(rendered, score):
    samples, rate = rendered
    for second in range(int(score.get_end_time())):
        assert rms(samples[second * rate:(second + 1) * rate]) > -40, f"second {second} is silent"


def test_the_tail_fades_to_silence(rendered, score):
    samples, rate = rendered
    assert peak(samples[-rate // 200:]) < -50
    assert np.abs(samples[-1].astype(int)).max() <= 1


def test_the_same_score_gives_the_same_bytes_even_to_two_callers_at_once(each_renderer):
    scores = [ensemble(1, seed=1), ensemble(1, seed=2)]
    alone = [render(score).samples.tobytes() for score in scores]
    with ThreadPoolExecutor(2) as pool:
        together = [rendering.samples.tobytes() for rendering in pool.map(render, scores)]
    assert together == alone
    assert alone[0] != alone[1]


def test_rendering_neither_prints_nor_changes_the_score_nor_leaves_files(
        with_fluidsynth, score, capfd, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = [len(track.control_changes) for track in score.instruments]
    render(score)
    assert capfd.readouterr() == ("", "")
    assert [len(track.control_changes) for track in score.instruments] == before
    assert list(tmp_path.iterdir()) == []


def test_louder_notes_sound_louder(each_renderer):
    midi = pretty_midi.PrettyMIDI()
    piano = pretty_midi.Instrument(0)
    piano.notes = [pretty_midi.Note(40, 60, 0, 1), pretty_midi.Note(110, 60, 3, 4)]
    midi.instruments.append(piano)
    sound = render(midi)
    samples, rate = sound.samples, sound.sample_rate
    soft, loud = samples[:rate], samples[3 * rate:4 * rate]
    assert 6 < rms(loud) - rms(soft) < 30


@pytest.mark.parametrize(("program", "side"), [(40, "left"), (42, "right"), (33, "centre")])
def test_instruments_sit_where_an_orchestra_has_them(each_renderer, program, side):
    midi = pretty_midi.PrettyMIDI()
    track = pretty_midi.Instrument(program)
    track.notes = [pretty_midi.Note(100, 48 + step, step / 4, step / 4 + 0.24) for step in range(8)]
    midi.instruments.append(track)
    samples = render(midi).samples
    balance = rms(samples[:, 0]) - rms(samples[:, 1])
    assert {"left": balance > 1.5, "right": balance < -1.5, "centre": abs(balance) < 1.5}[side], balance


def test_a_very_soft_piece_is_brought_to_level(each_renderer):
    midi = ensemble(2)
    for track in midi.instruments:
        for note in track.notes:
            note.velocity = 8
    assert -3 < peak(render(midi).samples) < -0.99


def test_a_score_without_notes_is_refused():
    with pytest.raises(RenderError, match="no note"):
        render(pretty_midi.PrettyMIDI())


def test_a_score_of_hours_is_refused():
    midi = pretty_midi.PrettyMIDI()
    track = pretty_midi.Instrument(0)
    track.notes = [pretty_midi.Note(90, 60, 0, 1), pretty_midi.Note(90, 60, 9000, 9001)]
    midi.instruments.append(track)
    with pytest.raises(RenderError, match="3600 s"):
        render(midi)


# Soundfonts

def test_the_name_says_which_renderer_and_soundfont_play(with_fluidsynth, monkeypatch, silent_soundfont):
    assert renderer_name().startswith("FluidSynth with ")
    assert renderer_name(BUNDLED) == "FluidSynth with TimGM6mb"
    monkeypatch.setenv("POSTERBEAT_SOUNDFONT", str(silent_soundfont))
    assert renderer_name() == "FluidSynth with silent"
    assert renderer_name(BUNDLED) == "FluidSynth with TimGM6mb"


def test_without_fluidsynth_the_soundfont_of_a_wheel_plays(without_fluidsynth):
    assert renderer_name() == "symusic with TimGM6mb"


def test_without_an_installed_soundfont_the_one_of_a_wheel_plays(with_fluidsynth, monkeypatch):
    monkeypatch.setattr("posterbeat.audio.soundfonts.SOUNDFONTS", ())
    assert renderer_name() == "FluidSynth with TimGM6mb"
    assert -3 < peak(render(ensemble(2)).samples) < -0.99


def test_a_missing_soundfont_is_named(score, tmp_path, monkeypatch):
    with pytest.raises(RenderError, match=r"nowhere\.sf2 cannot be read"):
        render(score, soundfont=tmp_path / "nowhere.sf2")
    monkeypatch.setenv("POSTERBEAT_SOUNDFONT", str(tmp_path / "gone.sf2"))
    with pytest.raises(RenderError, match=r"gone\.sf2 cannot be read"):
        render(score)
    with pytest.raises(RenderError, match="cannot be read"):
        renderer_name(tmp_path)


def test_a_file_that_is_no_soundfont_is_refused(score, tmp_path):
    (tmp_path / "notes.sf2").write_text("not a soundfont")
    with pytest.raises(RenderError, match="is not a soundfont"):
        render(score, soundfont=tmp_path / "notes.sf2")


def test_silence_is_an_error_and_never_delivered(each_renderer, score, silent_soundfont):
    with pytest.raises(RenderError, match="silence"):
        render(score, soundfont=silent_soundfont)


def test_half_a_soundfont_is_refused(score, tmp_path):
    (tmp_path / "half.sf2").write_bytes(BUNDLED.read_bytes()[:3_000_000])
    with pytest.raises(RenderError, match="incomplete"):
        render(score, soundfont=tmp_path / "half.sf2")


# A FluidSynth that misbehaves: the sampler plays instead, and the log says why

SQUARE_WAVE = """
import struct, wave
with wave.open(out, "wb") as file:
    file.setparams((2, 2, {rate}, 0, "NONE", ""))
    high, low = struct.pack("<hh", {level}, {level}) * 50, struct.pack("<hh", -{level}, -{level}) * 50
    file.writeframes((high + low) * ({seconds} * {rate} // 100))
"""


@pytest.mark.parametrize(("script", "reason"), [
    (SQUARE_WAVE.format(seconds=8, rate=44100, level=2), "silence"),
    (SQUARE_WAVE.format(seconds=1, rate=44100, level=9000), "played 1.0 s of"),
    (SQUARE_WAVE.format(seconds=8, rate=22050, level=9000), "22050 Hz"),
    ("sys.exit(1)", "no sound file"),
    ("os.kill(os.getpid(), 11)", "no sound file"),
    ("open(out, 'wb').write(b'RIFFWAVE' * 9)", "no sound file"),
], ids=["silent", "short", "wrong rate", "fails", "crashes", "damaged file"])
def test_when_fluidsynth_misbehaves_the_sampler_plays(stand_in, score, caplog, script, reason):
    stand_in(script)
    with caplog.at_level(logging.WARNING):
        samples = render(score).samples
    assert reason in caplog.text
    assert rms(samples) > -30
    assert len(samples) / 44100 >= score.get_end_time()


def test_without_room_for_files_the_sampler_plays(with_the_program_alone, score, caplog, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    samples = render(score).samples
    assert "sampler plays instead" in caplog.text
    assert rms(samples) > -30


def test_a_hanging_fluidsynth_is_stopped_with_all_it_started(stand_in, score, caplog, tmp_path):
    note = tmp_path / "pid"
    stand_in(f"open({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(120)")
    began = time.monotonic()
    samples = render(score, time_limit=4).samples
    assert time.monotonic() - began < 60
    assert "had not finished after 4 s" in caplog.text
    assert rms(samples) > -30
    process = Path("/proc") / note.read_text() / "stat"
    if os.path.isdir("/proc/self"):
        deadline = time.monotonic() + 5
        while process.exists() and process.read_text().split()[2] != "Z" and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not process.exists() or process.read_text().split()[2] == "Z"  # ended, perhaps not yet collected


def test_a_fluidsynth_that_writes_nothing_costs_seconds(stand_in, score, caplog, monkeypatch):
    monkeypatch.setattr("posterbeat.audio.command._STALL", 2.0)
    stand_in("open(out, 'wb').write(bytes(5000))\ntime.sleep(120)")
    began = time.monotonic()
    samples = render(score).samples
    assert time.monotonic() - began < 40
    assert "wrote nothing for 2 s" in caplog.text and rms(samples) > -30


def test_a_slow_fluidsynth_that_goes_on_writing_is_waited_for(stand_in, score, caplog, monkeypatch):
    monkeypatch.setattr("posterbeat.audio.command._STALL", 3.0)
    stand_in("for n in range(10):\n open(out, 'ab').write(bytes(100))\n time.sleep(0.6)\n" + SQUARE_WAVE.format(
        seconds=30, rate=44100, level=9000))
    samples = render(score).samples
    assert not caplog.text and rms(samples) > -30


def test_a_user_without_a_home_hears_the_bundled_font(score, monkeypatch):
    def nobody(_):
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("POSTERBEAT_SOUNDFONT", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr("posterbeat.audio.soundfonts.SOUNDFONTS", ("~/.fluidsynth/default_sound_font.sf2",))
    assert renderer_name().endswith("TimGM6mb")
    assert rms(render(score).samples) > -30
    with pytest.raises(RenderError, match="cannot be read"):
        render(score, soundfont="~/font.sf2")


def test_a_listener_hears_how_far_the_rendering_is_and_can_stop_it(each_renderer):
    shares = []

    def listen(share):
        shares.append(share)
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(ensemble(8), progress=listen)
    assert shares == sorted(shares) and len(set(shares)) > 3 and 0.5 < shares[-1] <= 1
