"""Small pictures for the tests, and what is asked of them."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw

from posterbeat.errors import PosterError
from posterbeat.poster import open_poster

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 60), (30, 50, 190), (255, 255, 255)


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
