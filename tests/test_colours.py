"""A poster's colours: measured as published, ranked, and the music they stand for."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from posterbeat.colours import measure_colours, read_colours
from tests.pictures import drawn


def plain(colour) -> Image.Image:
    return Image.new("RGB", (80, 120), colour)


def test_measures_agree_with_published_lab_values():
    lightness, chroma, warmth = measure_colours(plain((255, 0, 0)))  # sRGB red: L* 53.24, C* 104.55, h 40.0 degrees
    assert lightness == pytest.approx(53.24, abs=0.05) and chroma == pytest.approx(104.55, abs=0.1)
    assert warmth == pytest.approx(0.02 * 104.55**1.07 * np.cos(np.radians(10)) - 0.5, abs=0.01)
    assert measure_colours(plain((255, 255, 255))) == pytest.approx((100.0, 0.0, -0.5), abs=0.01)
    assert measure_colours(plain((0, 0, 0))) == pytest.approx((0.0, 0.0, -0.5), abs=0.01)


def test_bright_warm_poster_is_faster_and_major_than_dark_cool_one():
    sunny, night = read_colours(plain((255, 190, 40))), read_colours(plain((12, 18, 34)))
    assert sunny.mode == "major" and night.mode == "minor"
    assert sunny.tempo > 120 > 80 > night.tempo
    assert sunny.density > 0.5 and night.density < 0.2
    assert sunny.sentence == "light, saturated, warm: faster, major"
    assert night.sentence == "dark, muted, cool: slower, minor"


@pytest.mark.parametrize(
    ("one", "other", "field"),
    [
        ((60, 60, 60), (190, 190, 190), "lightness"),
        ((130, 120, 120), (220, 50, 40), "saturation"),
        ((60, 90, 200), (200, 120, 60), "warmth"),
    ],
)
def test_each_measure_rises_with_its_colour(one, other, field):
    assert getattr(read_colours(plain(one)), field) < getattr(read_colours(plain(other)), field)


def test_colours_are_ranks_in_range_and_repeat_exactly():
    rng = np.random.default_rng(3)
    for _ in range(20):
        poster = plain(tuple(int(v) for v in rng.integers(0, 256, 3)))
        colours = read_colours(poster)
        assert colours == read_colours(poster)
        for value in (colours.lightness, colours.saturation, colours.warmth, colours.density):
            assert 0.0 <= value <= 1.0
        assert 60 <= colours.tempo <= 168 and colours.mode in ("major", "minor")
        assert colours.mode in colours.sentence


def test_colours_hardly_depend_on_the_size_of_the_file():
    large = drawn((800, 1200)).filter(ImageFilter.GaussianBlur(30))
    small = large.resize((160, 240), Image.Resampling.LANCZOS)
    assert measure_colours(small) == pytest.approx(measure_colours(large), abs=0.3)
