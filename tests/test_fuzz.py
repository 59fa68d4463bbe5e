"""Mutated posters, controls, MIDI and weights: every one is taken, or refused in a sentence, within seconds.

The short form runs with the other tests; `make fuzz` runs thousands (POSTERBEAT_FUZZ multiplies what is tried).
"""

import io
import math
import os
import time

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save

from posterbeat import PosterBeat, PosterBeatError, PosterError, Score, ScoreError, WeightsError
from posterbeat.hub import read_tensors
from posterbeat.poster import open_poster
from tests.music.made import tune

TIMES = int(os.environ.get("POSTERBEAT_FUZZ", "1"))
PATIENCE = 5.0  # seconds


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """Some bytes changed, cut, repeated, or another format's start put before them."""
    data = bytearray(data)
    for _ in range(random.integers(1, 4)):
        kind, place = random.integers(5), int(random.integers(max(1, len(data))))
        if kind == 0:
            for spot in random.integers(max(1, len(data)), size=random.integers(1, 20)):
                data[spot:spot + 1] = bytes([random.integers(256)])
        elif kind == 1:
            del data[place:]
        elif kind == 2:
            data[place:place] = data[place:place + int(random.integers(1, 400))]
        elif kind == 3:  # sizes and counts often stand in four bytes at the start
            data[place % 64:place % 64 + 4] = random.bytes(4)
        else:
            data[:4] = [b"\xff\xd8\xff\xe0", b"\x89PNG", b"GIF8", b"RIFF", b"II*\0", b"BM\0\0"][random.integers(6)]
    return bytes(data)


def tried(call, allowed):
    """Call; what it raises must be `allowed` and speak in a sentence; returns whether it was taken."""
    begin = time.monotonic()
    try:
        call()
        taken = True
    except allowed as error:
        taken, words = False, str(error)
        assert len(words) > 20 and words.endswith(".") and "Traceback" not in words and len(words) < 600
    assert time.monotonic() - begin < PATIENCE
    return taken


def test_mutated_posters():
    random = np.random.default_rng(0)
    picture = Image.fromarray(random.integers(0, 255, (90, 60, 3), np.uint8))
    files = []
    for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"):
        out = io.BytesIO()
        picture.save(out, form)
        files.append(out.getvalue())
    taken = [tried(lambda file=file: open_poster(mutated(file, random)), PosterError) for file in files * (35 * TIMES)]
    assert 0.02 < np.mean(taken) < 0.98  # otherwise nothing was put to the test


class _Silent:
    """Stands where the composer does, and only counts what gets through to it."""

    def __init__(self):
        self.asked = []

    def generate(self, mix, **controls):
        self.asked.append((mix, controls))
        return tune()


def test_any_controls():
    random = np.random.default_rng(1)
    composer = _Silent()
    beat = PosterBeat(None, composer)
    odd = [None, True, "", "many", "300", "é" * 5000, b"64", float("nan"), math.inf, -math.inf, -1, 0, 1e308, 10**40, 1.5, [], {},
           (1, 2), object(), np.float32(0.5), np.int64(64), "\x00", "../../etc/passwd"]
    fit = {"genre": ["horror", {"comedy": 1, "drama": 2.5}], "notes": [32, 2000, 300.0], "temperature": [0.1, 2, 1.0],
           "seed": [None, 0, 2**32 - 1], "tempo": [None, 40, 220], "mode": [None, "major", "minor"], "density": [None, 0, 1]}
    mixtures = [{"horror": value} for value in odd if not isinstance(value, (list, dict))] + [{"western": 1}, {"horror": -1}]
    refused = 0
    for _ in range(400 * TIMES):
        wish = {name: values[random.integers(len(values))] for name, values in fit.items()}
        for name in random.choice(list(fit), size=random.integers(0, 3), replace=False):
            pool = odd + mixtures if name == "genre" else odd
            wish[name] = pool[random.integers(len(pool))]
        refused += not tried(lambda wish=wish: beat.compose(**wish), PosterBeatError)
    assert refused > 50 and len(composer.asked) > 50
    for mix, controls in composer.asked:
        assert math.isclose(sum(mix.values()), 1) and min(mix.values()) >= 0
        assert 32 <= controls["notes"] <= 2000 and isinstance(controls["notes"], int)
        assert 0.1 <= controls["temperature"] <= 2 and 0 <= controls["seed"] < 2**32
        assert controls["tempo"] is None or 40 <= controls["tempo"] <= 220
        assert controls["mode"] in (None, "major", "minor")


def test_unknown_controls_are_refused():
    with pytest.raises(TypeError, match="volume"):
        PosterBeat(None, _Silent()).compose("horror", volume=11)


def test_mutated_midi():
    random = np.random.default_rng(2)
    out = io.BytesIO()
    tune().to_midi().write(out)
    taken = [tried(lambda: Score.from_midi(mutated(out.getvalue(), random)), ScoreError) for _ in range(100 * TIMES)]
    assert 0 < np.mean(taken) < 1


def test_mutated_weights(tmp_path):
    random = np.random.default_rng(3)
    whole = save({"a.weight": random.normal(size=(200, 200)).astype(np.float32), "b": np.zeros(3, np.float16)})
    path = tmp_path / "model.safetensors"

    def read():
        path.write_bytes(mutated(whole, random))
        read_tensors(path)

    taken = [tried(read, WeightsError) for _ in range(100 * TIMES)]
    assert 0 < np.mean(taken) < 1
