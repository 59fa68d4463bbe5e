"""Tags: what a file says of itself is read by another library, and the sound stays what it was."""

import xml.etree.ElementTree as ET
from io import BytesIO

import av
import numpy as np
import pytest
import soundfile
from ensembles import ensemble
from PIL import Image
from tinytag import TinyTag

from posterbeat.audio.export import save
from posterbeat.audio.render import Rendering
from posterbeat.audio.tags import Tags
from posterbeat.controls import Controls
from posterbeat.music.score import Score
from posterbeat.track import Track

RATE = 44100
TAGS = Tags("Düne: music for a horror film with some comedy", "horror", 7)


@pytest.fixture(scope="module")
def sound():
    time = np.arange(RATE) / RATE
    tone = np.round(np.sin(2 * np.pi * 440 * time) * 20000).astype(np.int16)
    return Rendering(np.stack([tone, tone], 1), RATE, "")


def poster():
    return Image.new("RGB", (800, 1200), (180, 40, 60))


@pytest.mark.parametrize("suffix", [".mp3", ".mp4"])
def test_players_read_title_genre_composer_seed_and_cover(tmp_path, sound, suffix):
    path = save(tmp_path / f"piece{suffix}", ensemble(1), sound, poster(), TAGS)
    told = TinyTag.get(path, image=True)
    assert (told.title, told.genre, told.artist, told.composer) == (TAGS.title, "Horror", "PosterBeat", "PosterBeat, seed 7")
    assert told.comment == "Composed by PosterBeat, seed 7" or suffix == ".mp3"
    cover = Image.open(BytesIO(told.images.front_cover.data))
    assert cover.size == (400, 600)
    assert np.abs(np.asarray(cover.convert("RGB")).astype(int) - (180, 40, 60)).max() < 8


@pytest.mark.parametrize("suffix", [".mp3", ".mp4"])
def test_without_a_poster_there_is_no_cover(tmp_path, sound, suffix):
    told = TinyTag.get(save(tmp_path / f"piece{suffix}", ensemble(1), sound, None, TAGS), image=True)
    assert told.title == TAGS.title and told.images.any is None


def test_a_tagged_mp3_sounds_as_it_did(tmp_path, sound):
    plain = save(tmp_path / "plain.mp3", ensemble(1), sound)
    tagged = save(tmp_path / "tagged.mp3", ensemble(1), sound, poster(), TAGS)
    assert tagged.read_bytes()[:3] == b"ID3" != plain.read_bytes()[:3]
    assert np.array_equal(soundfile.read(plain)[0], soundfile.read(tagged)[0])


@pytest.mark.parametrize("suffix", [".mp3", ".mp4", ".musicxml"])
def test_the_same_tags_give_the_same_bytes(tmp_path, sound, suffix):
    one, two = (save(tmp_path / f"{name}{suffix}", ensemble(1), sound, poster(), TAGS).read_bytes() for name in "ab")
    assert one == two


def test_sheet_music_says_who_composed_it(tmp_path):
    root = ET.parse(save(tmp_path / "piece.musicxml", ensemble(1), None, tags=TAGS)).getroot()
    assert root.findtext("work/work-title") == TAGS.title
    assert root.findtext("identification/creator[@type='composer']") == "PosterBeat, seed 7"
    assert root.findtext(".//miscellaneous-field[@name='genre']") == "horror"


def test_a_track_s_files_name_its_film_genre_and_seed(tmp_path):
    track = Track(Score.from_midi(ensemble(1)), {"comedy": 0.7, "horror": 0.3}, Controls(seed=7), title="Düne")
    assert track.tags == Tags("Düne: music for a comedy with some horror", "comedy", 7)
    told = TinyTag.get(track.save(tmp_path / "piece.mp3"))
    assert told.title == track.tags.title
    track.title = None
    assert track.tags.title == "Music for a comedy with some horror"


@pytest.mark.parametrize("size, left", [((400, 600), 126), ((1200, 400), 0)])
def test_a_tall_film_has_the_poster_above_the_roll(tmp_path, sound, size, left):
    path = save(tmp_path / "piece.mp4", ensemble(1), sound, Image.new("RGB", size, (180, 40, 60)), tall=True)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    assert frames[0].shape == (1920, 1080, 3)
    above = min(1240, 1080 * size[1] // size[0])
    assert np.abs(frames[0][20:above - 20, left + 20:1060 - left].mean((0, 1)) - (180, 40, 60)).max() < 8
    change = np.abs(frames[2] - frames[-2])
    assert change[:above - 20].mean() < 0.3 < change[above + 20:].mean()
