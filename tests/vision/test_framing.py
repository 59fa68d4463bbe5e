"""A frame around a poster is cut away, and nothing else is."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from posterbeat.vision.framing import without_frame
from tests.vision.drawn import grainy


@pytest.fixture(params=range(3))
def picture(request):
    """A poster whose edges are not plain."""
    return grainy(request.param)


@pytest.mark.parametrize("colour", ["white", "black", (120, 40, 40)])
@pytest.mark.parametrize("border", [(1, 1), (8, 12), (3, 20)])
def test_a_frame_is_cut_away(picture, border, colour):
    framed = ImageOps.expand(picture, (*border, *border), colour)
    assert np.array_equal(without_frame(framed), picture)


def test_two_frames_are_cut_away(picture):
    framed = ImageOps.expand(ImageOps.expand(picture, 3, "black"), 7, "white")
    assert np.array_equal(without_frame(framed), picture)


def test_a_frame_in_a_large_jpeg_is_cut_away(picture):
    large = picture.resize((1000, 1500), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    ImageOps.expand(large, (50, 75, 50, 75), "white").save(file, "JPEG", quality=75)
    found = without_frame(Image.open(file).convert("RGB"))
    assert abs(found.width - 1000) <= 12 and abs(found.height - 1500) <= 12


def test_a_poster_without_a_frame_stays(picture):
    assert without_frame(picture) is picture
    letterbox = ImageOps.expand(picture, (0, 20), "black")  # bars above and below are no frame
    assert without_frame(letterbox) is letterbox


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 400), (160, 240)])
def test_of_a_plain_picture_something_is_left(size):
    left = without_frame(Image.new("RGB", size, "white"))
    assert min(left.size) >= 1
    assert left.width >= 0.2 * size[0] and left.height >= 0.2 * size[1]
