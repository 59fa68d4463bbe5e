"""Draw what a shared link shows, and the page's icon: python tools/draw_preview.py

Writes preview.jpg (1200 x 630, as link previews want it) and icon.png into posterbeat/ui/page. The notes are those of a piece
that comes with the project, the poster is its example; lettering uses the font that comes inside Pillow.
"""

from pathlib import Path

import pretty_midi
from PIL import Image, ImageDraw, ImageFont

from posterbeat.instruments import COLOURS, DRUMS, family_of

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "posterbeat" / "ui" / "page"
POSTER, PIECE = ROOT / "examples/posters/action.jpg", ROOT / "examples/soundtracks/action-0.mid"
WIDTH, HEIGHT, FINER = 1200, 630, 2  # drawn at twice the size, so that edges are smooth
GROUND, GOLD, LIGHT, DIM = "#100e0c", "#f0bd5b", "#f1ebe0", "#b0a596"
SECONDS = 9.0  # of the piece, across the roll


def preview() -> Image.Image:
    """The name, what it does, and a poster beside a piano roll."""
    canvas = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), GROUND)
    pen = ImageDraw.Draw(canvas)
    poster = Image.open(POSTER).convert("RGB").resize((420 * FINER, HEIGHT * FINER), Image.Resampling.LANCZOS)
    canvas.paste(poster, (0, 0))
    left = 470 * FINER
    pen.text((left, 70 * FINER), "poster", LIGHT, ImageFont.load_default(104 * FINER))
    wide = pen.textlength("poster", ImageFont.load_default(104 * FINER))
    pen.text((left + wide, 70 * FINER), "beat", GOLD, ImageFont.load_default(104 * FINER))
    pen.text((left, 210 * FINER), "Give it a film poster,\nhear its soundtrack.", DIM, ImageFont.load_default(42 * FINER),
             spacing=14 * FINER)
    _roll(pen, left, 370 * FINER, WIDTH * FINER, (HEIGHT - 40) * FINER)
    return canvas.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _roll(pen: ImageDraw.ImageDraw, left: int, top: int, right: int, bottom: int) -> None:
    midi = pretty_midi.PrettyMIDI(str(PIECE))
    notes = [(note, family_of(DRUMS if track.is_drum else track.program))
             for track in midi.instruments for note in track.notes if note.start < SECONDS]
    low, high = min(note.pitch for note, _ in notes), max(note.pitch for note, _ in notes)
    scale, step = (right - left) / SECONDS, (bottom - top) / (high - low + 1)
    for note, family in notes:
        x, y = left + note.start * scale, bottom - (note.pitch - low + 1) * step
        pen.rounded_rectangle((x, y, x + max(6, (note.end - note.start) * scale - 4), y + max(6, step - 1)), 3, COLOURS[family])
    cursor = left + (right - left) // 3
    pen.rectangle((cursor, top, cursor + 2 * FINER, bottom), GOLD)


def icon(side: int = 192) -> Image.Image:
    """A poster of three notes."""
    canvas = Image.new("RGBA", (side * 4, side * 4))
    pen, unit = ImageDraw.Draw(canvas), side * 4 / 16
    pen.rounded_rectangle((2.5 * unit, 0, 13.5 * unit, 16 * unit), 1.6 * unit, GOLD)
    for x, y, length in ((4.5, 10.5, 3.5), (7, 7, 4.5), (5.5, 3.5, 3)):
        pen.rounded_rectangle((x * unit, y * unit, (x + length) * unit, (y + 1.9) * unit), 0.5 * unit, GROUND)
    return canvas.resize((side, side), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    preview().save(PAGE / "preview.jpg", quality=85, optimize=True)
    icon().save(PAGE / "icon.png", optimize=True)
