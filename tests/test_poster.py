"""Every kind of picture a person may drop is read as a plain RGB poster or refused in a sentence."""

import threading
import warnings
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageFilter, features

from posterbeat.colours import read_colours
from posterbeat.errors import PosterError
from posterbeat.poster import open_poster
from tests.pictures import BLUE, RED, WHITE, assert_like, drawn, png_header, saved


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF", "GIF"])
def test_usual_formats_from_path_string_bytes_and_picture(format_name, tmp_path):
    path = tmp_path / "poster.any"
    path.write_bytes(saved(drawn(), format_name))
    with Image.open(path) as picture:
        for image in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), picture):
            assert_like(open_poster(image), drawn())


def test_array_is_read_and_not_shared():
    array = np.asarray(drawn()).copy()
    poster = open_poster(array)
    array[:] = 0
    assert_like(poster, drawn(), 0)
    assert_like(open_poster(np.asarray(drawn())[:, ::-1]), drawn().transpose(Image.Transpose.FLIP_LEFT_RIGHT), 0)


def test_given_picture_is_neither_changed_nor_shared():
    picture = drawn()
    poster = open_poster(picture)
    poster.paste((0, 0, 0), (0, 0, 80, 120))
    assert_like(picture, drawn(), 0)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
def test_thinnest_pictures_are_read(size):
    picture = Image.new("RGB", size, RED)
    assert open_poster(saved(picture, "PNG")).size == size
    assert_like(open_poster(saved(picture, "PNG")), picture, 0)
    read_colours(open_poster(picture))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "YCbCr", "HSV", "CMYK", "La", "RGBa", "PA", "RGBX"])
def test_every_colour_mode_of_pillow_becomes_rgb(mode):
    grey = mode in ("1", "L", "LA", "La")
    source = Image.new("L", (20, 30), 255) if grey else drawn((20, 30))
    steps = {"La": "LA", "RGBa": "RGBA", "PA": "P"}
    picture = source.convert(steps[mode]).convert(mode) if mode in steps else source.convert(mode)
    assert picture.mode == mode
    # PA keeps the coarse colours that P was given
    assert_like(open_poster(picture), picture.convert("RGB") if mode in ("P", "PA") else source.convert("RGB"), 3)


def test_grey_jpeg_keeps_its_shades():
    grey = Image.linear_gradient("L")
    assert_like(open_poster(saved(grey, "JPEG", quality=95)), grey.convert("RGB"), 1)


def test_cmyk_jpeg_comes_out_as_the_rgb_original():
    original = drawn().filter(ImageFilter.GaussianBlur(8))
    data = saved(original.convert("CMYK"), "JPEG", quality=95)
    with Image.open(BytesIO(data)) as picture:
        assert picture.mode == "CMYK"
    assert_like(open_poster(data), original, 3)


def test_broken_colour_profile_does_not_matter():
    data = saved(drawn().convert("CMYK"), "TIFF", icc_profile=b"no profile at all")
    assert_like(open_poster(data), drawn(), 1)


def test_palette_with_and_without_transparency():
    palette = drawn().quantize(8)
    assert_like(open_poster(saved(palette, "PNG")), drawn(), 1)
    data = saved(palette, "PNG", transparency=bytes([0] * 8))
    assert_like(open_poster(data), Image.new("RGB", drawn().size, WHITE), 0)


def test_transparent_parts_lie_on_white():
    picture = drawn().convert("RGBA")
    picture.putalpha(Image.new("L", picture.size, 0))
    for format_name in ("PNG", "WEBP", "AVIF"):
        assert_like(open_poster(saved(picture, format_name)), Image.new("RGB", picture.size, WHITE), 1)
    half = Image.new("RGBA", (9, 9), (0, 0, 0, 128))
    assert abs(open_poster(half).getpixel((4, 4))[0] - 127) <= 1


def test_transparent_colour_of_an_opaque_png_lies_on_white():
    picture = Image.new("RGB", (6, 6), RED)
    assert open_poster(saved(picture, "PNG", transparency=RED)).getpixel((3, 3)) == WHITE


@pytest.mark.parametrize("format_name", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_not_clipped(format_name):
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None, :].repeat(10, axis=0)
    poster = open_poster(saved(Image.fromarray(ramp), format_name))
    expected = np.arange(256)[None, :].repeat(10, axis=0)
    assert np.abs(np.asarray(poster)[..., 0].astype(int) - expected).max() <= 1


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0, 1e7])
def test_floats_and_wide_integers_fill_the_range(top):
    ramp = np.linspace(0, top, 256, dtype=np.float32)[None, :].repeat(4, axis=0)
    pictures = [Image.fromarray(ramp)] + ([Image.fromarray(ramp.astype(np.int32))] if top > 1 else [])
    for picture in pictures:
        row = np.asarray(open_poster(picture))[0, :, 0].astype(int)
        assert np.abs(row - np.arange(256)).max() <= 1


def test_not_a_number_is_black():
    assert open_poster(Image.fromarray(np.full((3, 3), np.nan, np.float32))).getpixel((1, 1)) == (0, 0, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_orientation_brings_the_picture_upright(orientation, format_name):
    transpose = Image.Transpose
    stored_as = {  # how a camera held that way stores the picture: the inverse of the turn
        1: None, 2: transpose.FLIP_LEFT_RIGHT, 3: transpose.ROTATE_180, 4: transpose.FLIP_TOP_BOTTOM,
        5: transpose.TRANSPOSE, 6: transpose.ROTATE_90, 7: transpose.TRANSVERSE, 8: transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    stored = drawn() if stored_as is None else drawn().transpose(stored_as)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(stored, format_name, exif=exif)
    assert_like(open_poster(data), drawn(), 5)
    with Image.open(BytesIO(data)) as picture:
        assert_like(open_poster(picture), drawn(), 5)
    assert_like(open_poster(open_poster(data)), drawn(), 5)  # not turned twice


def test_broken_exif_is_ignored():
    for broken in (b"", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff\x01\x12", b"II*\0\x08\0\0\0\1\0\x12\1"):
        assert_like(open_poster(saved(drawn(), "JPEG", exif=b"Exif\0\0" + broken)), drawn(), 5)


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "AVIF", "TIFF", "PNG"])
def test_of_an_animation_the_first_frame_is_read(format_name):
    others = [Image.new("RGB", drawn().size, BLUE), Image.new("RGB", drawn().size, WHITE)]
    data = saved(drawn(), format_name, save_all=True, append_images=others)
    with Image.open(BytesIO(data)) as picture:
        assert picture.n_frames >= 3
    assert_like(open_poster(data), drawn(), 5)


def test_avif_is_read_in_this_environment():
    assert features.check("avif")  # the training posters are AVIF


def test_many_threads_read_the_same_pictures():
    pictures = {saved(drawn((60 + i, 90)), "PNG"): (60 + i, 90) for i in range(6)}
    bomb, wrong = png_header(20_000, 20_000), []

    def work():
        for data, size in pictures.items():
            if open_poster(data).size != size:
                wrong.append(size)
            try:
                open_poster(bomb)
                wrong.append("bomb")
            except PosterError:
                pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
