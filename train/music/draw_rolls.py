"""Draw piano rolls of MIDI files into one picture: python -m train.music.draw_rolls out.png a.mid b.mid ..."""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from posterbeat.instruments import DRUMS, FAMILIES
from posterbeat.music.key import estimate_key
from posterbeat.music.score import STEPS_PER_BEAT, Score

# One hue a family, far apart where families often sound together.
COLOURS = (
    (66, 135, 245), (94, 214, 214), (140, 110, 70), (46, 160, 67), (200, 60, 60), (150, 90, 220), (200, 130, 240),
    (250, 170, 40), (240, 220, 70), (120, 220, 120), (255, 120, 170), (170, 170, 220), (110, 110, 150),
    (180, 200, 90), (220, 160, 120), (140, 140, 140), (90, 90, 90),
)
KEYS = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
_TITLE, _ROLL, _DRUMS, _GAP = 18, 160, 34, 10  # heights in pixels of the parts of one row


def draw_roll(score: Score, width: int = 1800, title: str = "", bars: int | None = None) -> Image.Image:
    """One piece as a picture: pitch upwards, time to the right, drums in a strip below.

    Parameters
    ----------
    score : Score
    width : width of the picture in pixels
    title : words above the roll
    bars : draw only so many bars; None draws the whole piece

    Returns
    -------
    PIL.Image.Image, RGB, `width` pixels wide.
    """
    picture = Image.new("RGB", (width, _TITLE + _ROLL + _DRUMS + _GAP), (255, 255, 255))
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=12)
    end = int((score.onset + score.duration).max()) if len(score) else score.bar
    end = min(end, bars * score.bar) if bars else end
    end = max(score.bar, -(-end // score.bar) * score.bar)
    pitched = score.program != DRUMS
    tuned = score.pitch[pitched]
    low, high = (int(tuned.min()) - 1, int(tuned.max()) + 1) if len(tuned) else (48, 72)
    across, up = width / end, _ROLL / (high - low + 1)
    floor = _TITLE + _ROLL
    number_of_bars = end // score.bar
    for bar in range(number_of_bars + 1):
        x = bar * score.bar * across
        strong = bar % 4 == 0
        pen.line((x, _TITLE, x, floor + _DRUMS), fill=(170, 170, 170) if strong else (225, 225, 225))
        if strong and bar < number_of_bars and number_of_bars * 4 < width:
            pen.text((x + 2, _TITLE), str(bar + 1), fill=(170, 170, 170), font=ImageFont.load_default(size=9))
    for pitch in range(low, high + 1):  # a line on every C tells the octave
        if pitch % 12 == 0:
            y = floor - (pitch - low) * up
            pen.line((0, y, width, y), fill=(235, 235, 235))
    pen.line((0, floor, width, floor), fill=(120, 120, 120))
    kit = np.unique(score.pitch[~pitched])
    for row in range(len(score)):
        start = int(score.onset[row])
        if start >= end:
            break
        red, green, blue = COLOURS[int(score.family[row])]
        fade = 0.35 + 0.65 * score.velocity[row] / 127  # loud notes are fuller
        colour = tuple(round(255 - (255 - part) * fade) for part in (red, green, blue))
        left = start * across
        if score.program[row] == DRUMS:
            y = floor + 3 + (len(kit) - 1 - np.searchsorted(kit, score.pitch[row])) * (_DRUMS - 6) / max(1, len(kit))
            pen.rectangle((left, y, left + max(1, 2 * across), y + 2), fill=colour)
        else:
            right = min(end, start + int(score.duration[row])) * across - 1
            top = floor - (int(score.pitch[row]) - low + 1) * up
            pen.rectangle((left, top, max(left + 1, right), max(top + 1, top + up - 1)), fill=colour)
    pen.text((4, 2), title, fill=(0, 0, 0), font=font)
    x = width
    for family in reversed(np.unique(score.family)):  # the legend, from the right
        name = FAMILIES[int(family)]
        x -= int(font.getlength(name)) + 18
        pen.rectangle((x, 5, x + 8, 13), fill=COLOURS[int(family)])
        pen.text((x + 11, 2), name, fill=(60, 60, 60), font=font)
    return picture


def describe(name: str, score: Score) -> str:
    """A title line: name, notes, tempo, bars, estimated key, seconds."""
    tonic, mode = estimate_key(score)
    bars = -(-int((score.onset + score.duration).max()) // score.bar)
    return (f"{name}   {len(score)} notes, {score.tempo:.0f} bpm, {bars} bars of "
            f"{score.bar / STEPS_PER_BEAT:g} beats, {KEYS[tonic]} {mode}, {score.seconds:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path, help="PNG file to write")
    parser.add_argument("midi", type=Path, nargs="+", help="MIDI files, one row each")
    parser.add_argument("--width", type=int, default=1800, help="pixels")
    parser.add_argument("--bars", type=int, help="only the first bars")
    options = parser.parse_args()
    rows = []
    for path in options.midi:
        score = Score.from_midi(path)
        name = f"{path.parent.name}/{path.stem}"
        rows.append(draw_roll(score, options.width, describe(name, score), options.bars))
    sheet = Image.new("RGB", (options.width, sum(row.height for row in rows)), (255, 255, 255))
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    options.picture.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(options.picture)
    print(f"{options.picture}: {len(rows)} pieces")


if __name__ == "__main__":
    main()
