"""Export: each format reads back as what went in, and nothing half written ever has a final name."""

import io
import subprocess
import sys
import zipfile

import av
import numpy as np
import pretty_midi
import pytest
import soundfile
from ensembles import ensemble
from PIL import Image

from posterbeat.audio.export import SUFFIXES, save
from posterbeat.audio.mp3 import encoded
from posterbeat.audio.render import Rendering, render
from posterbeat.audio.stems import Stems, StemWriter
from posterbeat.errors import ParameterError, PosterBeatError, RenderError

RATE = 44100
SECONDS = 2.3


@pytest.fixture(scope="module")
def midi():
    return ensemble(2)


@pytest.fixture(scope="module")
def samples():
    time = np.arange(int(SECONDS * RATE)) / RATE
    tones = np.stack([np.sin(2 * np.pi * 440 * time), np.sin(2 * np.pi * 660 * time)], 1)
    return np.round(tones * 20000).astype(np.int16)


@pytest.fixture
def sound(samples):
    """A fifth of a second, with its parts."""
    short = samples[:RATE // 5]
    stems = Stems.for_parts(("Violin", "Violin 2"))
    writer = StemWriter(stems.folder)
    writer.write(np.stack([np.round(short * share).astype(np.int16) for share in (0.75, 0.25)]))
    writer.close()
    return Rendering(short, RATE, "", stems)


@pytest.fixture(scope="module")
def poster():
    return Image.new("RGB", (400, 600), (180, 40, 60))


def test_midi_reads_back(tmp_path, midi, samples):
    again = pretty_midi.PrettyMIDI(str(save(tmp_path / "piece.mid", midi, Rendering(samples, RATE, ""))))
    assert [len(track.notes) for track in again.instruments] == [len(track.notes) for track in midi.instruments]


def test_wav_is_the_samples(tmp_path, midi, samples):
    again, rate = soundfile.read(save(tmp_path / "piece.wav", midi, Rendering(samples, RATE, "")), dtype="int16")
    assert rate == RATE
    assert np.array_equal(again, samples)


def test_mp3_sounds_like_the_samples(tmp_path, midi, samples):
    path = save(tmp_path / "piece.MP3", midi, Rendering(samples, RATE, ""))
    again, rate = soundfile.read(path)
    assert rate == RATE
    assert len(again) / rate == pytest.approx(SECONDS, abs=0.1)
    for side, pitch in enumerate((440, 660)):
        spectrum = np.abs(np.fft.rfft(again[RATE:2 * RATE, side]))
        assert np.argmax(spectrum) == pitch
    error = again[:len(samples)] - samples[:len(again)] / 32768
    assert np.sqrt((error[RATE // 2:-RATE // 2] ** 2).mean()) < 0.05 * np.abs(samples).max() / 32768
    assert path.stat().st_size < samples.nbytes / 4


def test_zip_holds_a_wav_for_each_part_and_the_same_bytes_each_time(tmp_path, midi, sound):
    path = save(tmp_path / "piece.zip", midi, sound)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["Violin.wav", "Violin 2.wav"]
        parts = [soundfile.read(io.BytesIO(archive.read(name)), dtype="int16")[0] for name in archive.namelist()]
    assert np.abs(sum(part.astype(int) for part in parts) - sound.samples).max() <= 1
    assert save(tmp_path / "again.zip", midi, sound).read_bytes() == path.read_bytes()


def test_zip_of_a_sound_whose_parts_were_not_kept_is_an_error(tmp_path, midi, samples):
    with pytest.raises(RenderError, match="with stems"):
        save(tmp_path / "piece.zip", midi, Rendering(samples, RATE, ""))
    assert list(tmp_path.iterdir()) == []


def test_an_mp3_that_was_encoded_while_it_was_played_is_as_one_encoded_later(tmp_path):
    heard = render(ensemble(2), mp3=True)
    assert heard.mp3 == encoded(heard.samples, heard.sample_rate)
    assert save(tmp_path / "piece.mp3", ensemble(2), heard).read_bytes() == heard.mp3


@pytest.fixture(scope="module")
def video(tmp_path_factory, midi, samples, poster):
    return save(tmp_path_factory.mktemp("video") / "piece.mp4", midi, Rendering(samples, RATE, ""), poster=poster)


def test_mp4_has_h264_and_aac_as_long_as_the_sound(video):
    with av.open(str(video)) as container:
        kinds = {stream.type: stream.codec_context.name for stream in container.streams}
        lengths = [float(stream.duration * stream.time_base) for stream in container.streams]
        frames = [frame.pts for frame in container.decode(video=0)]
    assert kinds == {"video": "h264", "audio": "aac"}
    assert lengths == pytest.approx([SECONDS] * 2, abs=0.1)
    assert len(frames) == 46  # 2.3 s at 20 a second


def test_mp4_carries_the_sound(video):
    with av.open(str(video)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    for side, pitch in enumerate((440, 660)):
        assert np.argmax(np.abs(np.fft.rfft(sound[side, RATE:2 * RATE]))) == pitch


def test_mp4_shows_the_poster_in_its_colours_beside_a_roll_that_moves(video):
    with av.open(str(video)) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int)
                  for index, frame in enumerate(container.decode(video=0)) if index in (2, 30)]
    for frame in frames:
        assert frame.shape == (720, 1280, 3)
        assert np.abs(frame[100:600, 50:430].mean((0, 1)) - (180, 40, 60)).max() < 8
    change = np.abs(frames[0] - frames[1])
    assert change[:, :470].mean() < 2 < change[:, 490:].mean()


@pytest.mark.parametrize("size", [(1200, 300), (60, 900), (3, 3)])
def test_mp4_takes_posters_of_any_shape(tmp_path, midi, samples, size):
    path = save(tmp_path / "piece.mp4", midi, Rendering(samples[:RATE // 5], RATE, ""), poster=Image.new("RGB", size, "gold"))
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).width == 1280


def test_mp4_needs_no_poster_and_no_notes(tmp_path, samples):
    path = save(tmp_path / "piece.mp4", pretty_midi.PrettyMIDI(), Rendering(samples[:RATE // 2], RATE, ""))
    with av.open(str(path)) as container:
        assert len(list(container.decode(video=0))) == 10


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_existing_file_is_replaced_and_nothing_else_is_left(tmp_path, midi, sound, suffix):
    path = tmp_path / f"piece{suffix}"
    path.write_text("old")
    save(path, midi, sound)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes()[:3] != b"old"


@pytest.mark.parametrize("name", ["piece.ogg", "piece", "piece.mp3.txt"])
def test_an_unknown_ending_is_refused_with_the_choices(tmp_path, midi, samples, name):
    with pytest.raises(ParameterError, match=r"\.mid, \.wav, \.mp3, \.mp4"):
        save(tmp_path / name, midi, Rendering(samples, RATE, ""))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_that_is_not_there_is_an_error_with_advice(tmp_path, midi, sound, suffix):
    with pytest.raises(PosterBeatError, match="choose a folder"):
        save(tmp_path / "nowhere" / f"piece{suffix}", midi, sound)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_in_place_of_the_folder_is_an_error_with_advice(tmp_path, midi, sound, suffix):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PosterBeatError, match="choose a folder"):
        save(tmp_path / "file" / f"piece{suffix}", midi, sound)


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".mp4"])
def test_no_sound_is_an_error(tmp_path, midi, suffix):
    with pytest.raises(RenderError, match="no sound"):
        save(tmp_path / f"piece{suffix}", midi, Rendering(np.zeros((0, 2), np.int16), RATE, ""))
    assert list(tmp_path.iterdir()) == []


def test_a_failure_half_way_keeps_the_old_file(tmp_path, midi, samples):
    path = tmp_path / "piece.mp4"
    path.write_text("old")
    with pytest.raises(AttributeError):
        save(path, midi, Rendering(samples, RATE, ""), poster="not a picture")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "old"


FULL_DISK = """
import resource, sys
import numpy, pretty_midi
from posterbeat.audio.export import save
from posterbeat.audio.render import Rendering
from posterbeat.audio.stems import Stems, StemWriter
from posterbeat.errors import PosterBeatError
midi = pretty_midi.PrettyMIDI()
track = pretty_midi.Instrument(0)
track.notes = [pretty_midi.Note(90, 60, second, second + 0.5) for second in range(2000)]
midi.instruments.append(track)
noise = numpy.random.default_rng(0).integers(-9000, 9000, (44100, 2), dtype=numpy.int16)
stems = Stems.for_parts(("Piano",))
writer = StemWriter(stems.folder)
writer.write(noise[None])
writer.close()
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    save(sys.argv[1], midi, Rendering(noise, 44100, "", stems))
except PosterBeatError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_disk_that_is_full_is_an_error_and_leaves_nothing(tmp_path, suffix):
    pytest.importorskip("resource")
    path = tmp_path / f"piece{suffix}"
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, timeout=120)
    assert "Error" in done.stdout and "disk" in done.stdout or "room" in done.stdout, done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
