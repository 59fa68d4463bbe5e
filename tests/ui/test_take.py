"""A take: its files are called by film and genre, and say of themselves what they are."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import av
import numpy as np
import pypdfium2
import pytest
import soundfile
from PIL import Image
from tinytag import TinyTag

from posterbeat.audio.render import Rendering
from posterbeat.audio.stems import Stems, StemWriter
from posterbeat.controls import Controls
from posterbeat.errors import PosterBeatError
from posterbeat.genres import mixture
from posterbeat.music.score import Score
from posterbeat.track import Track
from posterbeat.ui.take import Take

RATE = 44100
PIECE = Path(__file__).parents[2] / "examples" / "soundtracks" / "comedy-1.mid"


@pytest.fixture
def take_for(tmp_path, monkeypatch):
    """A function from a poster's file name (or None) to the take of a short piece."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    whole = Score.from_midi(PIECE)
    few = slice(0, 40)
    score = Score(whole.onset[few], whole.duration[few], whole.pitch[few], whole.velocity[few], whole.program[few])

    def make(name, parts=()):
        poster = tmp_path / name if name else None
        if poster:
            Image.new("RGB", (300, 450), "crimson").save(poster, "JPEG")
        track = Track(score, mixture("comedy"), Controls(seed=4294967295))
        stems = Stems.for_parts(tuple(f"Part {number}" for number in range(len(parts)))) if parts else None
        if stems:
            writer = StemWriter(stems.folder)
            for _ in range(5):  # of which each is longer than a file
                writer.write(np.stack([np.full((RATE, 2), part, np.int16) for part in parts]))
            writer.close()
        # What plays it is tested elsewhere.
        samples = np.full((RATE * (5 if parts else 1), 2), sum(parts) or 5000, np.int16)
        track._rendering = Rendering(samples, RATE, "a test", stems)
        return Take.keep(track, poster and str(poster))

    return make


@pytest.mark.parametrize("name, stem", [
    ("The_Long Night (2009).jpg", "The-Long-Night-2009-comedy"), ("Amélie.jpg", "Amélie-comedy"),
    ("image.png", "posterbeat-comedy"), ("IMG_2041.jpg", "posterbeat-comedy"), ("comedy.jpg", "posterbeat-comedy"),
    ("..jpg", "posterbeat-comedy"), (None, "posterbeat-comedy"), ("W" * 200 + ".jpg", "W" * 40 + "-comedy")])
def test_files_are_called_by_film_and_genre(take_for, name, stem):
    take = take_for(name)
    assert Path(take.midi).name == f"{stem}.mid" and Path(take.wav).name == f"{stem}.wav"


def test_downloads_are_tagged_and_have_the_poster_as_cover(take_for):
    take = take_for("Amélie.jpg")
    told = TinyTag.get(take.convert(".mp3"), image=True)
    assert told.title == "Amélie: music for a comedy" and told.composer == "PosterBeat, seed 4294967295"
    assert Image.open(BytesIO(told.images.front_cover.data)).size == (300, 450)
    assert "Amélie: music for a comedy" in Path(take.convert(".musicxml")).read_text()
    assert pypdfium2.PdfDocument(take.convert(".pdf")).get_metadata_dict()["Title"] == "Amélie: music for a comedy"


def test_a_take_is_kept_as_a_wide_film_and_as_a_tall_one(take_for):
    take = take_for("Amélie.jpg")
    for tall, size in ((False, (1280, 720)), (True, (1080, 1920))):
        with av.open(take.convert(".mp4", tall)) as film:
            assert (film.streams.video[0].width, film.streams.video[0].height) == size


def test_the_parts_lie_beside_the_take_and_are_mixed_and_packed(take_for):
    take = take_for(None, parts=(1000, 200, 4))
    assert len(take.stems.files) == 2 and len(take.roll["stems"]) == 2  # five seconds, four to a file
    for levels, value in (([1, 1, 1], 1204), ([0, 1, 0], 200), ([0.5, 0, 1], 504), ([0, 0, 0], 0)):
        mixed = soundfile.read(take.mix(levels), dtype="int16")[0]
        assert mixed.shape == (5 * RATE, 2) and (mixed == value).all()
    with ZipFile(take.convert(".zip")) as archive:
        assert archive.namelist() == ["Part 0.wav", "Part 1.wav", "Part 2.wav"]
        assert (soundfile.read(BytesIO(archive.read("Part 1.wav")), dtype="int16")[0] == 200).all()
    with pytest.raises(PosterBeatError):
        take.mix([1, 1])
