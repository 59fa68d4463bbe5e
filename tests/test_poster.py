"""Every kind of picture a person may drop is read as a plain RGB poster or refused in a sentence."""

import struct
import threading
import warnings
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, features

from posterbeat.colours import read_colours
from posterbeat.errors import PosterError
from posterbeat.picture_file import MAX_BYTES, MAX_PIXELS
from posterbeat.poster import open_poster

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 60), (30, 50, 190), (255, 255, 255)


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def drawn(size=(80, 120)) -> Image.Image:
    """A picture whose corners tell which way up it is: red top left, green top right, blue bottom left."""
    width, height = size
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 2, height // 2), fill=RED)
    draw.rectangle((width // 2, 0, width, height // 2), fill=GREEN)
    draw.rectangle((0, height // 2, width // 2, height), fill=BLUE)
    return picture


def saved(picture: Image.Image, format_name: str, **options) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, format_name, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to no data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def assert_like(poster: Image.Image, expected: Image.Image, mean_error: float = 4.0) -> None:
    assert isinstance(poster, Image.Image) and poster.mode == "RGB"
    assert poster.size == expected.size
    error = np.abs(np.asarray(poster, dtype=float) - np.asarray(expected.convert("RGB"), dtype=float)).mean()
    assert error <= mean_error


def refusal(image) -> str:
    with pytest.raises(PosterError) as caught:
        open_poster(image)
    sentence = str(caught.value)
    assert sentence[0].isupper() and sentence.endswith(".") and len(sentence) < 300
    return sentence


# --- refused ---------------------------------------------------------------------------------------------------


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
    assert "20,000 x 20,000" in sentence and "50 megapixels" in sentence


def test_decompression_bomb_is_refused_before_decoding(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    assert path.stat().st_size < 1_000_000
    assert "50 megapixels" in refusal(path)


@pytest.mark.parametrize("width", [65_535, 2**31 - 1])
def test_bomb_of_every_size_is_refused(width):
    assert "JPEG" in refusal(png_header(width, width)) or "50 megapixels" in refusal(png_header(width, width))


def test_huge_jpeg_header_is_refused():
    data = saved(drawn(), "JPEG")
    start = data.index(b"\xff\xc0") + 5  # start of frame: height, width
    data = data[:start] + struct.pack(">HH", 60_000, 60_000) + data[start + 4 :]
    assert "50 megapixels" in refusal(data)


def test_pixel_limit_counts_all_pixels_not_the_sides():
    image = Image.new("1", (MAX_PIXELS // 1000, 1000))
    assert open_poster(image).size == image.size
    assert "50 megapixels" in refusal(Image.new("1", (MAX_PIXELS // 1000 + 1, 1000)))


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


def test_heic_is_read_or_refused_in_a_sentence():
    data = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(200)
    sentence = refusal(data)
    assert "HEIC" in sentence or "damaged" in sentence  # damaged: where a plugin reads HEIC


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
    assert "50 megapixels" in refusal(array)


def test_closed_picture_is_refused(tmp_path):
    path = tmp_path / "poster.png"
    drawn().save(path)
    picture = Image.open(path)
    picture.close()
    refusal(picture)


# --- read ------------------------------------------------------------------------------------------------------


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
