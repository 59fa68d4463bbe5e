"""The example posters are what their script draws."""

from importlib import import_module
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from posterbeat.colours import read_colours
from posterbeat.genres import GENRES
from posterbeat.poster import open_poster

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize("genre", GENRES)
def test_script_draws_the_committed_poster(genre, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    buffer = BytesIO()
    import_module(f"artwork.{genre}").draw().save(buffer, "JPEG", quality=88)
    drawn = np.asarray(Image.open(buffer), dtype=np.int16)
    kept = np.asarray(open_poster(EXAMPLES / "posters" / f"{genre}.jpg"), dtype=np.int16)
    assert drawn.shape == kept.shape == (720, 480, 3)
    error = np.abs(drawn - kept)
    # another FreeType or processor may move an edge by a hair, never a shape
    assert error.mean() < 1.5 and (error > 48).mean() < 0.01


@pytest.mark.parametrize("genre", GENRES)
def test_poster_is_small_and_carries_no_metadata(genre):
    path = EXAMPLES / "posters" / f"{genre}.jpg"
    assert 20_000 < path.stat().st_size < 150_000
    with Image.open(path) as picture:
        assert picture.format == "JPEG" and picture.mode == "RGB" and not picture.getexif()


def test_dark_and_bright_posters_stand_for_different_music():
    colours = {genre: read_colours(open_poster(EXAMPLES / "posters" / f"{genre}.jpg")) for genre in GENRES}
    assert colours["horror"].mode == "minor" and colours["comedy"].mode == "major"
    assert colours["horror"].tempo < colours["comedy"].tempo
