"""Colour profiles of the usual wide spaces, made from their published primaries, and pictures stored in them."""

import struct

import numpy as np
from PIL import Image

SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
SPACES = {  # name -> columns red, green, blue in XYZ under D50, and the exponent of the tone curve
    "Adobe RGB": (np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]), 2.2),
    "Display P3": (np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]), 2.2),
    "ProPhoto": (np.array([[0.79767, 0.13519, 0.03134], [0.28804, 0.71188, 0.00009], [0.0, 0.0, 0.82491]]), 1.8),
}


def profile(space: str) -> bytes:
    """An ICC profile, version 2, of three primaries and a tone curve each (ICC.1:2001-04, 6.3.1.2)."""
    primaries, gamma = SPACES[space]
    columns = {kind: _xyz(primaries[:, i]) for i, kind in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    return _profile(b"RGB ", {**columns, **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(gamma))})


def grey_profile(gamma: float) -> bytes:
    """An ICC profile of one tone curve (6.3.1.1)."""
    return _profile(b"GRAY", {b"kTRC": _curve(gamma)})


def stored_in(picture: Image.Image, space: str) -> Image.Image:
    """The numbers by which a wide space describes the colours of an sRGB picture."""
    primaries, gamma = SPACES[space]
    light = _linear(np.asarray(picture, dtype=float) / 255) @ (np.linalg.inv(primaries) @ SRGB).T
    return Image.fromarray(np.rint(255 * np.clip(light, 0, 1) ** (1 / gamma)).astype(np.uint8))


def _linear(srgb: np.ndarray) -> np.ndarray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _fixed(values) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _xyz(values) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    white = (0.9642, 1.0, 0.8249)  # D50
    name = b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(78)
    tags = {b"desc": name, b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": _xyz(white), **tags}
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for kind, value in tags.items():
        value += bytes(-len(value) % 4)
        table += kind + struct.pack(">II", start + len(body), len(value))
        body += value
    size = start + len(body)
    header = struct.pack(">I4sI4s4s4s12s4s", size, bytes(4), 0x02100000, b"mntr", space, b"XYZ ", bytes(12), b"acsp")
    header += bytes(28) + _fixed(white)
    return header + bytes(128 - len(header)) + struct.pack(">I", len(tags)) + table + body
