"""The colours of a picture, through the profile that its file carries, as sRGB."""

from io import BytesIO

from PIL import Image, ImageCms

_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}  # ICC colour space -> Pillow mode of its samples


def to_srgb(picture: Image.Image, profile: bytes | None = None) -> Image.Image:
    """The same picture in sRGB.

    Parameters
    ----------
    picture
        Any mode that Pillow converts to RGB, 8 bits a channel; or LAB.
    profile
        An ICC profile (ICC.1:2022) that says what its numbers mean. Without one, with a broken one, and with
        one for another kind of numbers (a printer's profile on an RGB picture), the numbers are taken for sRGB.

    Returns
    -------
    PIL.Image.Image
        Mode RGBA where the picture can be transparent, otherwise RGB.
    """
    alpha = None
    if picture.mode == "La":  # premultiplied: Pillow knows the way back only through LA
        picture = picture.convert("LA")
    if "transparency" in picture.info or picture.mode in ("RGBA", "RGBa", "LA", "PA"):
        if picture.mode != "LA":
            picture = picture.convert("RGBA")
        alpha = picture.getchannel("A")
        picture = picture.convert("L" if picture.mode == "LA" else "RGB")
    picture = _through(picture, profile)
    if alpha is not None:
        picture.putalpha(alpha)
    return picture


def _through(picture: Image.Image, data: bytes | None) -> Image.Image:
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(data))
        mode = _MODES[profile.profile.xcolor_space.strip()]
        if mode == "RGB" and picture.mode != "CMYK":
            picture = picture.convert("RGB")
        if picture.mode == mode:
            return _transformed(picture, profile)
    except (KeyError, TypeError, OSError, ImageCms.PyCMSError):
        pass  # no profile, or a broken one: not worth refusing the picture for
    if picture.mode == "LAB":  # Pillow's own conversion knows no way from it
        return _transformed(picture, ImageCms.createProfile("LAB"))
    return picture.convert("RGB")


def _transformed(picture: Image.Image, profile) -> Image.Image:
    return ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
