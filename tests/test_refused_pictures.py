"""What is no picture, or none that should be read, is refused in a sentence."""

import struct
import warnings

import numpy as np
import pytest
from PIL import Image

from posterbeat.errors import PosterError
from posterbeat.picture_file import MAX_BYTES, MAX_PIXELS
from posterbeat.poster import open_poster
from tests.pictures import drawn, png_header, refusal, saved


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_no_poster_is_asked_for(nothing):
    assert "No poster was given" in refusal(nothing) and "JPEG" in refusal(nothing)


def test_missing_file_is_named_without_its_folder(tmp_path):
    sentence = refusal(tmp_path / "nowhere.jpg")
    assert "nowhere.jpg" in sentence and "does not exist" in sentence and str(tmp_path) not in sentence


@pytest.mark.parametrize("path", ["bad\0name.jpg", "x" * 5000])
def test_impossible_path_is_refused(path):
    assert "JPEG" in refusal(path)


def test_folder_is_not_a_file(tmp_path):
    assert "not a file" in refusal(tmp_path)


def test_text_named_jpg_is_not_a_picture(tmp_path):
    path = tmp_path / "poster.jpg"
    path.write_text("Once upon a time there was a text file.")
    for image in (path, str(path), path.read_bytes()):
        sentence = refusal(image)
        assert "not a picture" in sentence and "JPEG, PNG, WebP" in sentence


def test_empty_file_and_empty_bytes(tmp_path):
    path = tmp_path / "poster.png"
    path.touch()
    for image in (path, b""):
        assert "empty (0 bytes)" in refusal(image)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("kept", [0.02, 0.6])
def test_truncated_file_is_refused_not_half_read(format_name, kept):
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 150, 3), dtype=np.uint8))
    data = saved(noise, format_name)
    sentence = refusal(data[: max(20, int(len(data) * kept))])
    assert "damaged or cut off" in sentence and "JPEG" in sentence


def test_any_cut_or_flipped_bytes_never_raise_anything_else():
    rng = np.random.default_rng(7)
    for format_name in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"):
        data = saved(drawn((24, 36)), format_name)
        for _ in range(60):
            broken = bytearray(data[: rng.integers(1, len(data) + 1)])
            for place in rng.integers(0, len(broken), 4):
                broken[place] = rng.integers(0, 256)
            try:
                assert open_poster(bytes(broken)).mode == "RGB"
            except PosterError as error:
                assert str(error).endswith(".")


def test_20000_pixels_square_are_refused_before_decoding():
    sentence = refusal(png_header(20_000, 20_000))  # holds no pixels: only its header can have been read
    assert "20,000 x 20,000" in sentence and "100 megapixels" in sentence


def test_decompression_bomb_is_refused_before_decoding(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    assert path.stat().st_size < 1_000_000
    assert "100 megapixels" in refusal(path)


@pytest.mark.parametrize("width", [65_535, 2**31 - 1])
def test_bomb_of_every_size_is_refused(width):
    assert "JPEG" in refusal(png_header(width, width)) or "100 megapixels" in refusal(png_header(width, width))


def test_huge_jpeg_header_is_refused():
    data = saved(drawn(), "JPEG")
    start = data.index(b"\xff\xc0") + 5  # start of frame: height, width
    data = data[:start] + struct.pack(">HH", 60_000, 60_000) + data[start + 4 :]
    assert "100 megapixels" in refusal(data)


def test_pixel_limit_counts_all_pixels_not_the_sides():
    image = Image.new("1", (MAX_PIXELS // 1000, 1000))
    assert open_poster(image).size == (image.width // 2, image.height // 2)  # in 400 megabytes at most, and worked on in fewer
    assert "100 megapixels" in refusal(Image.new("1", (MAX_PIXELS // 1000 + 1, 1000)))


def test_more_than_30_mb_are_refused_unread(tmp_path):
    path = tmp_path / "large.jpg"
    with open(path, "wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "30 MB" in refusal(path)
    assert "30 MB" in refusal(bytes(MAX_BYTES + 1))


def test_pillows_global_limit_is_left_alone():
    before = Image.MAX_IMAGE_PIXELS
    refusal(png_header(20_000, 20_000))
    open_poster(drawn())
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_damaged_heic_is_refused_as_damaged():
    data = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(200)
    assert "damaged" in refusal(data)


@pytest.mark.parametrize("value", [3, 2.5, ["a.jpg"], {"path": "a.jpg"}, object()])
def test_other_types_are_refused(value):
    assert type(value).__name__ in refusal(value)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((3, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 3), np.int64),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
    ],
    ids=lambda array: f"{array.shape}-{array.dtype}",
)
def test_arrays_of_another_shape_or_type_are_refused(array):
    sentence = refusal(array)
    assert str(array.shape) in sentence and "uint8" in sentence


def test_too_large_array_is_refused():
    array = np.broadcast_to(np.uint8(0), (20_000, 20_000, 3))
    assert "100 megapixels" in refusal(array)


def test_closed_picture_is_refused(tmp_path):
    path = tmp_path / "poster.png"
    drawn().save(path)
    picture = Image.open(path)
    picture.close()
    refusal(picture)


# --- read ------------------------------------------------------------------------------------------------------
