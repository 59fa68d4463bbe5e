"""Any picture file -> a clean RGB poster."""

import struct
from pathlib import Path

import numpy as np
from PIL import Image

from posterbeat.colour_profile import to_srgb
from posterbeat.errors import PosterError
from posterbeat.picture_file import ACCEPTED, MAX_BYTES, check_size, read_picture, smaller

_UPRIGHT = {  # EXIF orientation -> what brings the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_poster(image: str | Path | bytes | Image.Image | np.ndarray) -> Image.Image:
    """A picture in any usual form, as a plain RGB picture.

    Parameters
    ----------
    image
        Path of a picture file, the bytes of one, a PIL image (read at the frame where it stands), or a
        uint8 array, shape=(height, width, 3). At most `MAX_PIXELS` pixels, and 30 MB for a
        file. Of an animation the first frame is read.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, 8 bits a channel, upright as its EXIF orientation says, transparent parts on white; at half or a quarter of its
        width and height where it has over `WORKED_PIXELS`.
        Always a new picture that shares nothing with the one given.

    Raises
    ------
    PosterError
        Nothing given, no such file, an empty, damaged or too large file, or no picture at all.
    """
    if image is None or (isinstance(image, str) and not image.strip()):
        raise PosterError(f"No poster was given: choose {ACCEPTED}.")
    if isinstance(image, np.ndarray):
        return _from_array(image)
    if isinstance(image, Image.Image):
        name, picture = "The picture", image
    elif isinstance(image, (str, Path)):
        name = f"The file {Path(image).name[:80]!r}"
        picture = read_picture(_file_bytes(Path(image), name), name)
    elif isinstance(image, (bytes, bytearray, memoryview)):
        name = "The poster"
        picture = read_picture(bytes(image), name)
    else:
        raise PosterError(
            f"A poster cannot be read from a value of type {type(image).__name__}: give a file path, bytes, "
            "a PIL image or a (height, width, 3) uint8 array."
        )
    check_size(picture.size, name)
    try:
        picture.load()
        upright = _upright(picture)
        picture = smaller(picture)
        poster = _to_rgb(picture)
    except PosterError:
        raise
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PosterError(f"{name} is too large to be read: give {ACCEPTED}.") from error
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, EOFError, ...
        raise PosterError(f"{name} is damaged or cut off and cannot be read: give {ACCEPTED}.") from error
    if upright is not None:
        poster = poster.transpose(upright)
    poster.info = {}
    return poster


def _file_bytes(path: Path, name: str) -> bytes:
    try:
        if not path.exists():
            raise PosterError(f"{name} does not exist: give the path of {ACCEPTED}.")
        if not path.is_file():
            raise PosterError(f"{name} is not a file: give the path of {ACCEPTED}.")
        if path.stat().st_size > MAX_BYTES:
            raise PosterError(f"{name} is over the limit of 30 MB: give {ACCEPTED}.")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise PosterError(f"{name} cannot be opened: give the path of {ACCEPTED}.") from error


def _from_array(array: np.ndarray) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise PosterError(
            f"An array of shape {array.shape} and type {array.dtype} is no poster: "
            "give a uint8 array of shape (height, width, 3), values 0 to 255."
        )
    check_size((array.shape[1], array.shape[0]), "The array")
    return smaller(Image.fromarray(np.array(array, order="C")))


def _to_rgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        picture = _eight_bits(picture)
    if picture.mode == "RGBA" and picture.format in ("BMP", "DIB") and picture.getextrema()[3] == (0, 0):
        picture = picture.convert("RGB")  # Windows leaves the fourth byte of a pixel unused, and at zero
    picture = to_srgb(picture, profile)
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return picture


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits or floats, scaled to 8 bits: convert() would clip all above 255."""
    grey = np.nan_to_num(np.asarray(picture).astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = min(grey.min(), 0.0), grey.max()
    if picture.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    else:  # the file does not say its range: the narrowest usual one that holds all values
        usual = (1.0, 255.0, 65535.0) if picture.mode == "F" else (255.0, 65535.0)
        high = next((top for top in usual if high <= top), high)
    eight = Image.fromarray(np.rint((grey - low) * (255.0 / (high - low))).astype(np.uint8))
    transparent = picture.info.get("transparency")
    if isinstance(transparent, (int, float)):
        eight.putalpha(Image.fromarray(np.where(grey == transparent, 0, 255).astype(np.uint8)))
    return eight


def _upright(picture: Image.Image) -> Image.Transpose | None:
    """The turn that EXIF asks for. Read by hand: Pillow's parser warns about every broken tag it meets."""
    exif = picture.info.get("exif")
    if isinstance(exif, bytes):
        return _UPRIGHT.get(_exif_orientation(exif))
    return _UPRIGHT.get(picture.getexif().get(0x0112))


def _exif_orientation(exif: bytes) -> int | None:
    """Orientation (1 to 8) from the first directory of a TIFF-structured EXIF block; None where there is none."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        start = struct.unpack_from(order + "I", tiff, 4)[0]
        for entry in range(struct.unpack_from(order + "H", tiff, start)[0]):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * entry)
            if tag == 0x0112 and kind == 3:
                return value
    except (struct.error, TypeError):  # broken EXIF is no reason to refuse a picture
        pass
    return None
