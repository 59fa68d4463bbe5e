"""The bytes of a picture file -> its pixels, where all of them are there."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pi_heif
from PIL import Image

# Imported for what they register: these formats and no others are tried, so that no upload reaches a
# decoder that starts another program (EPS) or that nobody needs for posters.
from PIL import (  # noqa: F401  isort: skip
    AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin,
)

from posterbeat.errors import PosterError

MAX_PIXELS = 100_000_000  # a cinema poster (27 x 40 in) at 300 dpi; decodes to 400 MB
WORKED_PIXELS = 25_000_000  # what is larger is halved as soon as it is decoded, so that no other step needs as much memory
MAX_BYTES = 30_000_000
MAX_PROFILE = 16_000_000  # bytes of a colour profile; printers' and scanners' reach 4 MB
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")

ACCEPTED = "a JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC picture of at most 100 megapixels and 30 MB"
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_TIFF_STARTS = (b"II*\0", b"MM\0*")
_TOO_LARGE = (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning)
_PNG_PICTURE = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf", b"acTL", b"fcTL", b"fdAT")  # chunks with pixels or their meaning
if "HEIF" not in Image.OPEN:  # a caller may have chosen another reader
    pi_heif.register_heif_opener(thumbnails=False)


def read_picture(data: bytes, name: str) -> Image.Image:
    """The pixels of a picture file.

    What is beside the pixels (texts, an end marker, check sums) may be damaged or missing.

    Parameters
    ----------
    data
        The whole file.
    name
        What the sentences of an error call it, such as "The poster".

    Returns
    -------
    PIL.Image.Image
        The first frame, decoded, in the mode that the file has; a JPEG of over `WORKED_PIXELS` at half its width and height.

    Raises
    ------
    PosterError
        Empty, damaged or too large, or no picture at all. Of a picture that is cut off it says how much is there.
    """
    if not data:
        raise PosterError(f"{name} is empty (0 bytes): give {ACCEPTED}.")
    if len(data) > MAX_BYTES:
        raise PosterError(f"{name} is over the limit of 30 MB: give {ACCEPTED}.")
    factory = _factory(data, name)
    try:
        try:
            return _decoded(factory, data, name)
        except (PosterError, *_TOO_LARGE):
            raise
        except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, EOFError, ...
            return _whole(factory, data, name, error)
    except _TOO_LARGE as error:
        raise PosterError(f"{name} is too large to be read: give {ACCEPTED}.") from error


def check_size(size: tuple[int, int], name: str) -> None:
    """PosterError where a picture of this width and height has no pixels or more than `MAX_PIXELS`."""
    width, height = size
    if width < 1 or height < 1:
        raise PosterError(f"{name} has no pixels ({width} x {height}): give {ACCEPTED}.")
    if width * height > MAX_PIXELS:
        raise PosterError(
            f"{name} has {width:,} x {height:,} pixels, over the limit of 100 megapixels "
            f"({MAX_PIXELS:,} pixels): make it smaller."
        )


def smaller(picture: Image.Image) -> Image.Image:
    """The picture at half its width and height, where it has over `WORKED_PIXELS`: as often as it takes."""
    while picture.width * picture.height > WORKED_PIXELS:
        half = tuple(-(-side // 2) for side in picture.size)
        averaged = picture.mode in ("L", "LA", "RGB", "RGBA", "CMYK")  # others' numbers are no amounts, or are not taken there
        shrunk = picture.reduce(2) if averaged else picture.resize(half, Image.Resampling.NEAREST)
        shrunk.info, shrunk.format = picture.info, picture.format
        picture = shrunk
    return picture


def browsers_show(start: bytes) -> bool:
    """Whether browsers show a picture file that begins so: of those that are read here, all but TIFF and HEIC."""
    return start[:4] not in _TIFF_STARTS and not (start[4:8] == b"ftyp" and start[8:12] in _HEIC_BRANDS)


class _Jpeg(JpegImagePlugin.JpegImageFile):
    """First picture of a JPEG, without asking EXIF for the resolution: that warns where EXIF is broken."""

    def _read_dpi_from_exif(self) -> None:
        pass


def _factory(data: bytes, name: str):
    """What opens this format. Not Image.open: its own limit warns through the process-wide warning filters."""
    for format_name in FORMATS:
        factory, accept = Image.OPEN.get(format_name, (None, None))
        if factory is not None and (accept is None or accept(data[:16]) is True):
            return _Jpeg if format_name == "JPEG" else factory
    raise PosterError(f"{name} is not a picture that can be read: give {ACCEPTED}.")


def _decoded(factory, data: bytes, name: str) -> Image.Image:
    picture = factory(BytesIO(data))
    check_size(picture.size, name)  # after the header, before any pixel
    if factory is _Jpeg and picture.width * picture.height > WORKED_PIXELS:
        picture.draft(None, (picture.width // 2, picture.height // 2))  # a JPEG can be decoded smaller than it is
    picture.load()
    return picture


def _whole(factory, data: bytes, name: str, cause: Exception) -> Image.Image:
    """The picture if all its pixels can be had from a file that the plain way refuses.

    It is decoded over two different backgrounds: pixels that differ were not in the file.
    """
    try:
        if factory is _Jpeg:
            over, under = (_decoded(factory, _ended(data, filling), name) for filling in (b"\0", b"\xff\0"))
        elif factory is PngImagePlugin.PngImageFile:
            bare, profile = _bare_png(data)
            over, under = (_decoded_over(factory, bare, name, ground) for ground in (0, 255))
            over.info["icc_profile"] = profile
        else:
            over, under = (_decoded_over(factory, data, name, ground) for ground in (0, 255))
        rows = zip(np.asarray(over), np.asarray(under), strict=True)  # a WebP is decoded at this moment
    except (PosterError, *_TOO_LARGE):
        raise
    except Exception:
        raise _damaged(name, 0, 1) from cause
    there = [np.array_equal(a, b) for a, b in rows]
    if all(there):
        return over
    # A JPEG's rows after the cut are the same grey in both.
    raise _damaged(name, there.index(False) if factory is _Jpeg else sum(there), len(there)) from cause


def _damaged(name: str, rows: int, height: int) -> PosterError:
    there = f" ({rows} of its {height} rows are there)" if rows else ""
    return PosterError(f"{name} is damaged or cut off{there} and cannot be read: give {ACCEPTED}.")


def _decoded_over(factory, data: bytes, name: str, ground: int) -> Image.Image:
    """What a file holds of a picture, over a background of one value."""
    picture = factory(BytesIO(data))
    check_size(picture.size, name)
    if picture.width * picture.height > MAX_PIXELS // 2:
        raise ValueError("two of these need more memory than a picture may")
    if factory is GifImagePlugin.GifImageFile and "transparency" in picture.info:
        raise ValueError("Pillow lays a background of its own")
    picture.im = Image.new(picture.mode, picture.size, (ground,) * len(picture.getbands())).im
    try:
        picture.load()
    except _TOO_LARGE:
        raise
    except Exception:
        picture.tile = []  # no more is to be decoded
    return picture


def _ended(jpeg: bytes, filling: bytes) -> bytes:
    """Followed by an end marker, and before that by a filling that shows only where data is missing."""
    return jpeg.rstrip(b"\xff") + filling * 16 + b"\xff\xd9"


def _bare_png(data: bytes) -> tuple[bytes, bytes | None]:
    """The chunks of a PNG that make up its picture, each with its right check sum, and its colour profile.

    PNG, third edition (W3C), 5.3: length, kind, data, check sum. Texts, dates and the like are left out.
    """
    kept, profile, place = [data[:8]], None, 8
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        if kind in _PNG_PICTURE:
            kept.append(_png_chunk(kind, body))
        elif kind == b"iCCP":
            profile = _png_profile(body)
        elif kind == b"IEND":
            break
        place += 12 + length
    return b"".join([*kept, _png_chunk(b"IEND", b"")]), profile


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png_profile(body: bytes) -> bytes | None:
    compressed = body.partition(b"\0")[2][1:]
    try:
        return zlib.decompressobj().decompress(compressed, MAX_PROFILE)
    except zlib.error:
        return None
