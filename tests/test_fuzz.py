"""Mutated posters, controls, MIDI and weights: every one is taken, or refused in a sentence, within seconds.

The short form runs with the other tests; `make fuzz` runs thousands (POSTERBEAT_FUZZ multiplies what is tried) and writes
tools/reports/fuzz.json.
"""

import io
import json
import math
import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save

from posterbeat import PosterBeat, PosterBeatError, PosterError, Score, ScoreError, Track, WeightsError, mixture
from posterbeat.controls import COMPOSER_KINDS, Controls
from posterbeat.hub import read_tensors
from posterbeat.poster import open_poster
from tests.music.made import tune
from tests.report import report
from tests.served import call, draw_poster, served, upload

TIMES = int(os.environ.get("POSTERBEAT_FUZZ", "1"))
PATIENCE, IN_TURN = 5.0, 20.0  # seconds; the second where a call waits in the queue behind pieces that are composed
MEMORY = 1000  # megabytes that one test may add to the most that this process has held


def held() -> int:
    """Megabytes that this process has held at the most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class Trials:
    """Counts what was tried, and what of it was taken."""

    def __init__(self):
        self.tried, self.taken, self.longest, self.failed = 0, 0, 0.0, False

    def __call__(self, function, allowed):
        """Call the function; what it raises must be `allowed` and speak in a sentence."""
        begin, refusal = time.monotonic(), None
        try:
            function()
        except allowed as error:
            refusal = str(error)
        self.note(refusal, time.monotonic() - begin)

    def note(self, refusal, seconds, patience=PATIENCE):
        """Count one trial; `refusal` is None for what was taken."""
        self.tried, self.taken, self.longest = self.tried + 1, self.taken + (refusal is None), max(self.longest, seconds)
        self.failed = True
        if refusal is not None:
            assert 20 < len(refusal) < 600 and refusal.endswith(".") and "Traceback" not in refusal, refusal
        assert seconds < patience
        self.failed = False


@pytest.fixture
def trials(request):
    trials, before = Trials(), held()
    yield trials
    report("fuzz", request.node.name.removeprefix("test_"), tried=trials.tried, taken=trials.taken,
           refused_in_a_sentence=trials.tried - trials.taken, longest_seconds=round(trials.longest, 2),
           peak_megabytes=held(), ended_by_a_failure=trials.failed)
    assert trials.failed or 0 < trials.taken < trials.tried  # otherwise nothing was put to the test
    assert held() - before < MEMORY


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


def test_mutated_posters(trials):
    random = np.random.default_rng(0)
    picture = Image.fromarray(random.integers(0, 255, (90, 60, 3), np.uint8))
    files = []
    for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"):
        out = io.BytesIO()
        picture.save(out, form)
        files.append(out.getvalue())
    bomb = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")
    files.append(bomb.getvalue())
    for file in files * (32 * TIMES):
        trials(lambda file=file: open_poster(mutated(file, random)), PosterError)


class _Silent:
    """Stands where the composer does, and only counts what gets through to it."""

    def __init__(self):
        self.asked = []

    def generate(self, mix, controls, progress, on_bar=None):
        self.asked.append((mix, controls))
        return tune()


def test_any_controls(trials):
    random = np.random.default_rng(1)
    composer = _Silent()
    beat = PosterBeat(None, composer)
    odd = [None, True, "", "many", "300", "é" * 5000, b"64", float("nan"), math.inf, -math.inf, -1, 0, 1e308, 10**40, 1.5, [], {},
           (1, 2), object(), np.float32(0.5), np.int64(64), "\x00", "../../etc/passwd"]
    fit = {"genre": ["horror", {"comedy": 1, "drama": 2.5}], "notes": [32, 2000, 300.0], "temperature": [0.1, 2, 1.0],
           "seed": [None, 0, 2**32 - 1], "tempo": [None, 40, 220], "mode": [None, "major", "minor"], "density": [None, 0, 1]}
    mixtures = [{"horror": value} for value in odd if not isinstance(value, (list, dict))] + [{"western": 1}, {"horror": -1}]
    for _ in range(400 * TIMES):
        wish = {name: values[random.integers(len(values))] for name, values in fit.items()}
        for name in random.choice(list(fit), size=random.integers(0, 3), replace=False):
            pool = odd + mixtures if name == "genre" else odd
            wish[name] = pool[random.integers(len(pool))]
        trials(lambda wish=wish: beat.compose(**wish), PosterBeatError)
    assert len(composer.asked) == trials.taken
    for mix, controls in composer.asked:
        assert math.isclose(sum(mix.values()), 1) and min(mix.values()) >= 0
        assert 32 <= controls.notes <= 2000 and isinstance(controls.notes, int) and controls.seconds is None
        assert 0.1 <= controls.temperature <= 2 and 0 <= controls.seed < 2**32
        assert controls.tempo is None or 40 <= controls.tempo <= 220
        assert controls.mode in (None, "major", "minor")


def test_unknown_controls_are_refused():
    with pytest.raises(TypeError, match="volume"):
        PosterBeat(None, _Silent()).compose("horror", volume=11)


# One of these makes any call wrong.
WRONG = {"genre": ["western", "", 5, [], {}, {"horror": -1}, {"horror": "x"}, {"path": "/etc/passwd"}, float("nan"),
                   "é" * 100_000],
         "notes": [31, 2001, 1.5, "64", True, [], {}, -1, 10**40, float("nan"), float("inf"), "9" * 10_000, {"meta": 5}],
         "temperature": [0, 2.1, "1", float("nan"), -float("inf"), [1], {"a": {"b": []}}, 1e308],
         "seed": [-1, 2**32, 0.5, "7", float("nan"), [], "\0", "../../etc/passwd"], "ensemble": ["kazoos", 5, [], "x" * 100_000],
         "tempo": [39, 221, "fast", float("nan"), {}], "mode": ["dorian", 0, [], "\ud800"],
         "density": [-0.1, 1.1, "", float("inf")], "composer": ["kazoo", "", 5, [], "\u202estudy", "x" * 100_000],
         "instruments": [["kazoo"], ["piano"] * 30, "piano, " * 9, 5, [5], [[]], {"piano": 1}, "pi\u200bano", "\ud800", [],
                         "<img src=x onerror=alert(1)>", [{"path": "/etc/passwd"}], "piano" * 20_000],
         "chords": ["H", "C " * 129, "|" * 4000, 5, [5], [["C"]], "C\u202e", "\x1b[31mC", "C/" * 200, "C" * 100_000, {"C": 1}],
         "key": ["H minor", 5, [], "C minor " * 999, "\u200bC", "\ud83d", {"key": "C"}, "C\u0000"],
         "metre": ["5/9", 4, [], "4/4 " * 999, "\uff14/\uff14", "4\u20444", {}, "NaN"],
         "seconds": [9, 301, "60", True, [], {}, float("nan"), -float("inf"), 10**400, "\u0663\u0660"]}


def test_any_parameters_over_the_api(trials):
    random, app = np.random.default_rng(4), served()
    fit = {"genre": "drama", "notes": 32, "temperature": 1, "seed": 3, "ensemble": None, "tempo": 120, "mode": "minor",
           "density": 0.5, "composer": COMPOSER_KINDS[0], "instruments": None, "chords": None, "key": None, "metre": None,
           "seconds": None}
    call(app, "compose", fit)  # waits for the networks

    def one(seed):
        random = np.random.default_rng(seed)
        wish = dict(fit)
        wrong = random.choice(list(WRONG), size=random.integers(1, 4), replace=False)
        for name in wrong:
            wish[name] = WRONG[name][random.integers(len(WRONG[name]))]
        kind = random.integers(12)
        values = list(wish.values())
        if kind == 0:  # a right one among the wrong
            wish = fit
        elif kind == 1:
            wish[str(random.choice(["volume", "fn_index", "session_hash", "__proto__", "é" * 500]))] = 1
        elif kind == 2:
            del wish[random.choice(list(wish))]
        elif kind == 3:
            values = values[:random.integers(8)]
        elif kind == 4:
            values = values * int(random.integers(2, 30))
        begin = time.monotonic()
        answer, refusal = call(app, "compose", values if kind > 2 and random.random() < 0.5 else wish)
        return refusal, time.monotonic() - begin if refusal else 0, kind

    with ThreadPoolExecutor(4) as threads:
        for refusal, seconds, kind in threads.map(one, random.integers(2**32, size=100 * TIMES)):
            trials.note(refusal, seconds, IN_TURN)
            assert refusal or kind in (0, 2, 3)  # without its one wrong value a wish may be right


def test_any_poster_over_the_api(trials, tmp_path):
    random, app = np.random.default_rng(5), served()
    picture = draw_poster(tmp_path / "poster.jpg").read_bytes()
    for _ in range(15 * TIMES):
        status, path = upload(app, "poster.jpg", mutated(picture, random) if random.random() < 0.8 else picture)
        begin = time.monotonic()
        trials.note(call(app, "read_poster", [{"path": json.loads(path)[0]}])[1], time.monotonic() - begin)


def test_mutated_midi(trials):
    random = np.random.default_rng(2)
    out, take = io.BytesIO(), io.BytesIO()
    tune().to_midi().write(out)
    Track(tune(), mixture("drama"), Controls(seed=1, chords="Am F")).midi.write(take)
    for _ in range(100 * TIMES):
        trials(lambda: Score.from_midi(mutated(out.getvalue(), random)), ScoreError)
        trials(lambda: Track.from_midi(mutated(take.getvalue(), random)), ScoreError)


def test_mutated_weights(trials, tmp_path):
    random = np.random.default_rng(3)
    whole = save({"a.weight": random.normal(size=(200, 200)).astype(np.float32), "b": np.zeros(3, np.float16)})
    path = tmp_path / "model.safetensors"
    path.write_bytes(whole)
    assert set(read_tensors(path)) == {"a.weight", "b"}  # which also loads torch, outside the time that counts

    def read():
        path.write_bytes(mutated(whole, random))
        read_tensors(path)

    for _ in range(100 * TIMES):
        trials(read, WeightsError)
