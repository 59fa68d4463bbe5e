"""The curve of the composer's training as a picture beside its card."""

import csv
import math
from itertools import chain, cycle
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from posterbeat.genres import GENRES

_MEAN, _BY_GENRE = "#111111", ("#c0392b", "#27864a", "#b9770e", "#1c3c78", "#8e44ad")  # further genres begin again
_LEFT, _TOP, _WIDTH, _HEIGHT = 70, 30, 560, 330


def read_curve(log: Path) -> list[dict]:
    """Figures on `val` as `train.music.train` logged them: notes seen, bits a note, and bits by genre."""
    with log.open() as file:
        rows = [row for row in csv.reader(file) if row[0] == "val"]
    return [{"sitting": int(row[1]), "notes_seen": int(row[3]), "bits": round(float(row[5]), 4),
             "by_genre": dict(zip(GENRES, map(float, row[6:])))} for row in rows]


def joined(earlier: list[dict], later: list[dict]) -> list[dict]:
    """Two curves as one, each number of notes seen once, the later figure of it."""
    return sorted(({row["notes_seen"]: row for row in [*earlier, *later]}).values(), key=lambda row: row["notes_seen"])


def draw_curve(rows: list[dict], path: Path) -> None:
    """Bits a note on `val` against millions of notes seen: the mean and each genre."""
    lines = {"mean": [row["bits"] for row in rows]} | {
        genre: [row["by_genre"][genre] for row in rows] for genre in GENRES}
    seen = [row["notes_seen"] / 1e6 for row in rows]
    first, last = math.floor(min(seen)), math.ceil(max(seen))
    low = math.floor(min(map(min, lines.values())))
    high = math.ceil(max(map(max, lines.values())))
    picture = Image.new("RGB", (_LEFT + _WIDTH + 130, _TOP + _HEIGHT + 60), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=15)

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + _WIDTH * (x - first) / (last - first), _TOP + _HEIGHT * (high - y) / (high - low)

    for level in range(low, high + 1):
        pen.line([at(first, level), at(last, level)], fill="#dddddd")
        pen.text((_LEFT - 10, at(first, level)[1]), str(level), fill="black", font=font, anchor="rm")
    for million in range(first, last + 1, max(1, (last - first) // 8)):
        pen.text((at(million, low)[0], _TOP + _HEIGHT + 14), str(million), fill="black", font=font, anchor="mm")
    pen.text((_LEFT + _WIDTH / 2, _TOP + _HEIGHT + 40), "million notes seen (bits a note on val)", fill="black", font=font,
             anchor="mm")
    for (name, values), colour in zip(lines.items(), chain([_MEAN], cycle(_BY_GENRE))):
        points = [at(x, y) for x, y in zip(seen, values)]
        pen.line(points, fill=colour, width=4 if name == "mean" else 2, joint="curve")
        pen.text((points[-1][0] + 8, points[-1][1]), name, fill=colour, font=font, anchor="lm")
    picture.save(path, optimize=True)
