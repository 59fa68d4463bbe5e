"""What is beside a picture in its file, or missing after it, does not matter; what is missing of it does."""

import re
import struct
import subprocess
import sys
import zlib
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from posterbeat.colours import read_colours
from posterbeat.errors import PosterError
from posterbeat.poster import open_poster
from tests.icc_profiles import SPACES, grey_profile, profile, stored_in
from tests.pictures import refusal, saved


def painted(size=(90, 130)) -> Image.Image:
    """Soft colours of many hues, all of which every usual colour space holds, and no two rows alike."""
    small = np.random.default_rng(3).integers(50, 190, (6, 5, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def error_of(poster: Image.Image, expected: Image.Image) -> float:
    assert poster.mode == "RGB" and poster.size == expected.size
    return np.abs(np.asarray(poster, float) - np.asarray(expected.convert("RGB"), float)).mean()


# --- colour profiles -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_colours_are_read_through_the_profile(space, format_name):
    lossless = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}, "AVIF": {"quality": 98}}
    stored = stored_in(painted(), space)
    assert error_of(stored, painted()) > 4  # the numbers alone are other colours
    poster = open_poster(saved(stored, format_name, icc_profile=profile(space), **lossless.get(format_name, {})))
    assert error_of(poster, painted()) < 2
    assert abs(read_colours(poster).tempo - read_colours(painted()).tempo) <= 1


def test_profile_counts_for_pictures_with_transparency_and_palettes_too():
    stored = stored_in(painted(), "ProPhoto")
    clear = stored.convert("RGBA")
    clear.putalpha(Image.new("L", stored.size, 255))
    for picture in (clear, stored.quantize(256)):
        assert error_of(picture.convert("RGB"), painted()) > 12
        assert error_of(open_poster(saved(picture, "PNG", icc_profile=profile("ProPhoto"))), painted()) < 6
    opened = Image.open(BytesIO(saved(stored, "PNG", icc_profile=profile("ProPhoto"))))
    assert error_of(open_poster(opened), painted()) < 2


def test_grey_goes_through_a_grey_profile_whatever_its_depth():
    ramp = np.arange(256)[None, :].repeat(4, axis=0)
    linear = np.where(ramp / 255 <= 0.04045, ramp / 255 / 12.92, ((ramp / 255 + 0.055) / 1.055) ** 2.4)
    for top, kind in ((255, np.uint8), (65535, np.uint16)):
        stored = Image.fromarray(np.rint(linear ** (1 / 1.4) * top).astype(kind))
        row = np.asarray(open_poster(saved(stored, "PNG", icc_profile=grey_profile(1.4))))[0, :, 1].astype(int)
        assert np.abs(row - np.arange(256)).mean() < 2


def test_lab_pictures_are_read():
    lab = ImageCms.profileToProfile(
        painted(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert error_of(open_poster(saved(lab, "TIFF")), painted()) < 3


@pytest.mark.parametrize("wrong", [b"no profile", b"", profile("ProPhoto")[:200], grey_profile(1.4)])
def test_a_broken_or_foreign_profile_is_ignored(wrong):
    for format_name in ("PNG", "JPEG"):
        assert error_of(open_poster(saved(painted(), format_name, icc_profile=wrong)), painted()) < 3


# --- beside the picture ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("end", [b"", b"\xff", b"\xff\x00\x00", b"\0\0\0\0"])
def test_a_jpeg_without_its_end_marker_is_read(options, end):
    data = saved(painted(), "JPEG", **options)
    assert data.endswith(b"\xff\xd9")
    assert error_of(open_poster(data[:-2] + end), open_poster(data)) == 0


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "BMP"])
def test_of_a_picture_cut_off_the_rows_that_are_there_are_told(format_name):
    data = saved(painted(), format_name)
    rows = [
        int(re.search(r"\((\d+) of its 130 rows are there\)", refusal(data[: int(len(data) * kept)]))[1])
        for kept in (0.5, 0.7, 0.9)
    ]
    assert rows == sorted(set(rows)) and 10 < rows[0] and rows[-1] < 130


def test_every_cut_of_a_jpeg_is_either_whole_or_refused():
    whole = saved(painted(), "JPEG", subsampling=0)
    expected = open_poster(whole)
    for cut in range(1, len(whole) - 700, 7):
        data = whole[:-cut]
        try:
            poster = open_poster(data)
        except PosterError:
            continue
        assert cut < 6 and error_of(poster, expected) < 0.5  # the last bits may be nothing but filling


def test_a_progressive_jpeg_cut_within_a_scan_is_refused():
    data = saved(painted(), "JPEG", progressive=True)
    assert "damaged or cut off" in refusal(data[: int(len(data) * 0.8)])


def text_chunks(amount: int) -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "x" * amount, zip=True)
    texts.add_itxt("Software", "y" * amount, zip=True)
    return texts


def test_a_png_with_large_texts_is_read():
    data = saved(painted(), "PNG", pnginfo=text_chunks(5_000_000))
    assert error_of(open_poster(data), painted()) == 0


def test_a_png_with_a_large_profile_is_read_through_it():
    large = bytearray(profile("ProPhoto")) + np.random.default_rng(0).bytes(3_000_000)
    large[:4] = struct.pack(">I", len(large))
    data = saved(stored_in(painted(), "ProPhoto"), "PNG", icc_profile=bytes(large))
    assert error_of(open_poster(data), painted()) < 2


def test_a_profile_that_unpacks_without_end_is_ignored():
    body = b"x\0\0" + zlib.compress(bytes(60_000_000))
    chunk = struct.pack(">I4s", len(body), b"iCCP") + body + struct.pack(">I", zlib.crc32(b"iCCP" + body))
    data = saved(painted(), "PNG")
    assert error_of(open_poster(data[:33] + chunk + data[33:]), painted()) == 0


def test_a_png_is_read_without_its_end_and_with_wrong_check_sums_beside_the_picture():
    data = saved(painted(), "PNG", pnginfo=text_chunks(300))
    broken = bytearray(data)
    broken[data.index(b"zTXt") + 14] ^= 0xFF
    broken[data.index(b"iTXt") + 30] ^= 0xFF
    for lost in (bytes(broken), data[:-12], data[:-16], data[:-14]):
        assert error_of(open_poster(lost), painted()) == 0


def test_a_png_with_a_bad_bit_in_the_picture_is_refused():
    data = bytearray(saved(painted(), "PNG"))
    data[bytes(data).index(b"IDAT") + 600] ^= 0xFF
    assert "damaged or cut off" in refusal(bytes(data))


@pytest.mark.parametrize("kept", [0.3, 0.6])
def test_a_gif_cut_off_is_refused_with_transparency_too(kept):
    clear = painted().quantize(64)
    for data in (saved(clear, "GIF"), saved(clear, "GIF", transparency=3)):
        assert "damaged or cut off" in refusal(data[: int(len(data) * kept)])


# --- the clipboard of Windows ----------------------------------------------------------------------------------


def clipboard_bmp(alpha: int) -> bytes:
    """32 bits a pixel with a mask for the fourth byte, as Windows puts a picture on the clipboard (BITMAPV5HEADER)."""
    picture = painted()
    rows = np.dstack([np.asarray(picture)[::-1, :, ::-1], np.full(picture.size[::-1], alpha, np.uint8)]).tobytes()
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    header = struct.pack("<IiiHHIIiiII", 124, *picture.size, 1, 32, 3, len(rows), 2835, 2835, 0, 0) + masks
    header += b"BGRs" + bytes(124 - len(header) - 4)
    return b"BM" + struct.pack("<IHHI", 14 + 124 + len(rows), 0, 0, 14 + 124) + header + rows


@pytest.mark.parametrize("alpha", [0, 255])
def test_a_clipboard_bmp_whose_fourth_byte_is_unused_is_no_white_page(alpha):
    assert error_of(open_poster(clipboard_bmp(alpha)), painted()) == 0
    with Image.open(BytesIO(clipboard_bmp(alpha))) as picture:
        assert error_of(open_poster(picture), painted()) == 0


def test_an_alpha_channel_that_is_used_counts():
    assert open_poster(clipboard_bmp(1)).getpixel((5, 5))[0] > 250


def heic(picture: Image.Image, **settings) -> bytes:
    file = BytesIO()
    pillow_heif.from_pillow(picture).save(file, quality=95, **settings)
    return file.getvalue()


def test_a_telephone_s_heic_is_read_upright_and_in_its_colours():
    poster = painted((96, 128))
    assert error_of(open_poster(heic(poster)), poster) < 3
    turned = Image.Exif()
    turned[0x0112] = 6
    assert open_poster(heic(poster, exif=turned.tobytes())).size == (128, 96)
    stored = stored_in(poster, "Display P3")
    stored.info["icc_profile"] = profile("Display P3")
    assert error_of(open_poster(heic(stored)), poster) < 3 < error_of(open_poster(heic(stored_in(poster, "Display P3"))), poster)


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_a_heic_cut_off_is_refused(kept):
    data = heic(painted((256, 384)))
    with pytest.raises(PosterError, match="damaged or cut off"):
        open_poster(data[: int(len(data) * kept)])


def of_size(width: int, height: int, mode: str, format_name: str, **settings) -> bytes:
    """A picture of four colours in its quarters."""
    small = Image.new("RGB", (2, 2))
    small.putdata([(200, 30, 30), (30, 160, 40), (40, 60, 200), (220, 200, 40)])
    file = BytesIO()
    settings |= {"compression": "tiff_lzw"} if format_name == "TIFF" else {}
    small = small.quantize(4) if mode == "P" else small.convert(mode)
    small.resize((width, height), Image.Resampling.NEAREST).save(file, format_name, **settings)
    return file.getvalue()


@pytest.mark.parametrize("mode, format_name", [("RGB", "JPEG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("P", "PNG"), ("CMYK", "JPEG"),
                                               ("L", "TIFF")])
def test_a_poster_at_printing_size_is_shrunk_and_not_refused(mode, format_name):
    data = of_size(5400, 8100, mode, format_name)  # 18 x 27 inches at 300 dots an inch: 44 megapixels
    poster = open_poster(data)
    assert poster.size == (2700, 4050)
    expected = open_poster(of_size(54, 81, mode, format_name))
    for place in ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
        found, wanted = (picture.getpixel((int(picture.width * place[0]), int(picture.height * place[1])))
                         for picture in (poster, expected))
        assert max(abs(a - b) for a, b in zip(found, wanted)) < 6


def test_a_shrunk_poster_is_upright_as_its_tags_say():
    turned = Image.Exif()
    turned[0x0112] = 6
    for format_name in ("JPEG", "TIFF"):
        assert open_poster(of_size(8100, 5400, "L", format_name, exif=turned)).size == (2700, 4050)


READ = """
import resource, sys
from posterbeat.poster import open_poster
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size = open_poster(sys.argv[1]).size
print(*size, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("mode, format_name, settings", [
    ("RGB", "JPEG", {"quality": 60, "progressive": True}), ("RGBA", "PNG", {"compress_level": 1})])
def test_the_largest_posters_need_no_more_memory_than_two_readers_may_have(tmp_path, mode, format_name, settings):
    path = tmp_path / "poster"
    path.write_bytes(of_size(8000, 12_000, mode, format_name, **settings))
    done = subprocess.run([sys.executable, "-c", READ, path], capture_output=True, text=True, timeout=250)
    width, height, megabytes = map(int, done.stdout.split())
    assert (width, height) == (4000, 6000), done.stderr
    assert megabytes < 620
