"""Light, shapes and lettering on a canvas of floats.

A canvas is a float32 array, shape=(HEIGHT, WIDTH, 3), values 0 to 1; a mask is one of shape=(HEIGHT, WIDTH). All is
drawn at twice the final size and shrunk at the end, which smooths every edge. Lettering uses the one outline font that
comes inside Pillow, so that the posters look alike on every machine.
"""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 960, 1440
FINAL = (WIDTH // 2, HEIGHT // 2)
Point = tuple[float, float]


def colour(name: str | tuple) -> np.ndarray:
    """A colour name or code as float32 RGB, shape=(3,), 0 to 1."""
    return np.array(ImageColor.getrgb(name) if isinstance(name, str) else name, dtype=np.float32) / 255.0


def gradient(*stops: tuple[float, str]) -> np.ndarray:
    """Canvas of colours that change from top to bottom; stops are (y in pixels, colour), y ascending."""
    places, colours = [stop[0] for stop in stops], np.array([colour(stop[1]) for stop in stops])
    column = np.column_stack([np.interp(np.arange(HEIGHT), places, colours[:, i]) for i in range(3)])
    return np.repeat(column[:, None, :], WIDTH, axis=1).astype(np.float32)


def grid() -> tuple[np.ndarray, np.ndarray]:
    """x and y of every pixel, two masks."""
    x, y = np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32)
    return np.broadcast_to(x, (HEIGHT, WIDTH)), np.broadcast_to(y[:, None], (HEIGHT, WIDTH))


def spot(centre: Point, radius: float | Point, power: float = 2.0) -> np.ndarray:
    """Mask of a light that fades from 1 at its centre to 0 at its radius (or its two radii)."""
    rx, ry = radius if isinstance(radius, tuple) else (radius, radius)
    x, y = grid()
    distance = np.hypot((x - centre[0]) / rx, (y - centre[1]) / ry)
    return np.clip(1 - distance, 0, 1) ** power


def fractal(seed: int, cell: Point = (320, 320), octaves: int = 6) -> np.ndarray:
    """Mask of cloudy noise, 0 to 1; cell is the width and height of the largest cloud."""
    rng = np.random.default_rng(seed)
    total, weight = np.zeros((HEIGHT, WIDTH), np.float32), 1.0
    for octave in range(octaves):
        columns = max(2, round(WIDTH * 2**octave / cell[0]) + 2)
        rows = max(2, round(HEIGHT * 2**octave / cell[1]) + 2)
        values = Image.fromarray(rng.random((min(rows, HEIGHT), min(columns, WIDTH)), dtype=np.float32))
        total += weight * np.asarray(values.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
        weight *= 0.5
    low, high = np.percentile(total[::4, ::4], (0.5, 99.5))
    return np.clip((total - low) / (high - low), 0, 1)


def mask(paint: Callable[[ImageDraw.ImageDraw], None]) -> np.ndarray:
    """Mask of what a function draws in 255 on black."""
    picture = Image.new("L", (WIDTH, HEIGHT))
    paint(ImageDraw.Draw(picture))
    return np.asarray(picture, dtype=np.float32) / 255.0


def curve(points: Sequence[Point], closed: bool = True, steps: int = 10) -> list[Point]:
    """A smooth line (Catmull-Rom) through points."""
    p = np.asarray(points, dtype=np.float64)
    p = np.vstack([p[-1:], p, p[:2]]) if closed else np.vstack([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:]):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    line = np.vstack(pieces if closed else [*pieces, p[-1:]])
    return [(float(x), float(y)) for x, y in line]


def shape(points: Sequence[Point], smooth: bool = True) -> np.ndarray:
    """Mask of a filled outline."""
    return mask(lambda draw: draw.polygon(curve(points) if smooth else list(points), fill=255))


def placed(points: Sequence[Point], at: Point, scale: float, mirror: bool = False) -> list[Point]:
    """Points of a small drawing, scaled and moved to a place on the canvas."""
    return [(at[0] + (-x if mirror else x) * scale, at[1] + y * scale) for x, y in points]


def stroke(points: Sequence[Point], start: float, end: float) -> np.ndarray:
    """Mask of a line that tapers from one width to another, as of a brush or a branch."""

    def paint(draw: ImageDraw.ImageDraw) -> None:
        for i, (x, y) in enumerate(points):
            radius = (start + (end - start) * i / max(1, len(points) - 1)) / 2
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)

    return mask(paint)


def blur(what: np.ndarray, radius: float | Point) -> np.ndarray:
    """A mask, softened; two radii soften more along x or y. Only the part that is not empty is worked on."""
    rx, ry = radius if isinstance(radius, tuple) else (radius, radius)
    rows, columns = _touched(what, round(3 * ry) + 3, round(3 * rx) + 3)
    picture = Image.fromarray((np.clip(what[rows, columns], 0, 1) * 255 + 0.5).astype(np.uint8))
    soft = np.zeros_like(what, dtype=np.float32)
    if picture.width and picture.height:
        soft[rows, columns] = np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32) / 255.0
    return soft


def shifted(what: np.ndarray, dx: int, dy: int) -> np.ndarray:
    """A mask moved by whole pixels; what enters at the border is 0."""
    moved, (height, width) = np.zeros_like(what), what.shape
    moved[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)] = what[
        max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)
    ]
    return moved


def _touched(where: np.ndarray, above: int = 0, beside: int = 0) -> tuple[slice, slice]:
    """The part of the canvas that a mask touches, and a margin: most shapes are small, and all of it is slow."""
    rows, columns = np.flatnonzero(where.max(axis=1) > 0), np.flatnonzero(where.max(axis=0) > 0)
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return (
        slice(max(0, rows[0] - above), rows[-1] + 1 + above),
        slice(max(0, columns[0] - beside), columns[-1] + 1 + beside),
    )


def over(canvas: np.ndarray, paint: str | np.ndarray, where: np.ndarray, strength: float = 1.0) -> None:
    """Lay paint (a colour or another canvas) over the canvas where the mask says."""
    part = _touched(where)
    paint = colour(paint) if isinstance(paint, str) else paint[part] if paint.ndim == 3 else paint
    opacity = np.clip(where[part] * strength, 0, 1)[..., None]
    canvas[part] += (paint - canvas[part]) * opacity


def glow(canvas: np.ndarray, light: str | np.ndarray, where: np.ndarray, strength: float = 1.0) -> None:
    """Add light to the canvas (screen: never beyond white)."""
    part = _touched(where)
    light = colour(light) if isinstance(light, str) else light[part] if light.ndim == 3 else light
    canvas[part] += (1 - canvas[part]) * np.clip(light * (where[part] * strength)[..., None], 0, 1)


def shade(canvas: np.ndarray, where: np.ndarray, strength: float = 1.0) -> None:
    """Darken the canvas where the mask says."""
    part = _touched(where)
    canvas[part] *= 1 - np.clip(where[part] * strength, 0, 1)[..., None]


def letters(text: str, cap: float, tracking: float = 0.0, bold: int = 0, squeeze: float = 1.0, soft: bool = False,
            shear: float = 0.0) -> Image.Image:
    """A line of lettering as an L picture, cropped.

    `cap` is the height of capitals in pixels, `tracking` the space between letters in cap heights, `bold` what is
    added to each stroke in percent of the cap height (`soft`: with round corners), `squeeze` the width factor.
    """
    up = max(1.0, 72 / cap)  # thin lines need a large drawing before they are shrunk
    size = cap * up
    font = ImageFont.load_default(size / 0.71)
    rim = round(size * bold / 100)
    gap = tracking * size / squeeze
    widths = [font.getlength(character) + gap for character in text]
    picture = Image.new("L", (int(sum(widths) + size * 2 + rim * 2), int(size * 2.2)))
    draw, x = ImageDraw.Draw(picture), size
    for character, width in zip(text, widths):
        draw.text((x, size * 1.5), character, fill=255, font=font, anchor="ls", stroke_width=rim if soft else 0)
        x += width
    if rim and not soft:
        picture = _thicker(picture, rim)
    if shear:
        picture = picture.transform(
            picture.size, Image.Transform.AFFINE, (1, shear, -shear * size * 1.5, 0, 1, 0), Image.Resampling.BICUBIC
        )
    picture = picture.crop(picture.getbbox())
    return picture.resize(
        (max(1, round(picture.width * squeeze / up)), max(1, round(picture.height / up))), Image.Resampling.LANCZOS
    )


def _thicker(picture: Image.Image, rim: int) -> Image.Image:
    """Grown by `rim` pixels to all sides, corners kept square (as MaxFilter, one axis after the other)."""
    values = np.asarray(picture)
    for axis in (0, 1):
        grown = values
        for step in range(1, rim + 1):
            grown = np.maximum(grown, np.maximum(np.roll(values, step, axis), np.roll(values, -step, axis)))
        values = grown
    return Image.fromarray(values)


def put(picture: Image.Image, centre: Point, angle: float = 0.0) -> np.ndarray:
    """Mask with a small L picture at a place, turned by an angle in degrees."""
    if angle:
        picture = picture.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    page = Image.new("L", (WIDTH, HEIGHT))
    page.paste(picture, (round(centre[0] - picture.width / 2), round(centre[1] - picture.height / 2)))
    return np.asarray(page, dtype=np.float32) / 255.0


def fitted(picture: Image.Image, width: float) -> Image.Image:
    """Lettering brought to a width, its proportions kept."""
    return picture.resize((round(width), round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)


def credits(lines: Sequence[str], bottom: float, cap: float = 21, width: float = 800) -> np.ndarray:
    """Mask of the block at a poster's foot: tall narrow capitals, words in lower case half as high.

    Each line is set to at most the given width, in pixels, the last one ending at `bottom`.
    """
    page, y = np.zeros((HEIGHT, WIDTH), np.float32), bottom - cap / 2 - (len(lines) - 1) * cap * 1.6
    for line in lines:
        words = [
            letters(word.upper(), cap if word.isupper() else cap * 0.52, 0.10, 3, 0.46 if word.isupper() else 0.7)
            for word in line.split()
        ]
        space = cap * 0.36
        total = sum(word.width for word in words) + space * (len(words) - 1)
        row = Image.new("L", (round(total) + 4, round(cap * 1.5)))
        x = 0.0
        for word in words:
            row.paste(word, (round(x), round(cap * 1.25 - word.height)))
            x += word.width + space
        page = np.maximum(page, put(fitted(row, width) if total > width else row, (WIDTH / 2, y)))
        y += cap * 1.6
    return page


def finish(canvas: np.ndarray, seed: int, grain: float = 0.03, vignette: float = 0.35) -> Image.Image:
    """The poster at its final size: darker corners, film grain, antialiased."""
    x, y = grid()
    corner = np.clip(np.hypot((x - WIDTH / 2) / (WIDTH * 0.72), (y - HEIGHT / 2) / (HEIGHT * 0.72)) - 0.45, 0, 1) ** 1.5
    shade(canvas, corner, vignette * 1.6)
    picture = Image.fromarray((np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8))
    small = np.asarray(picture.resize(FINAL, Image.Resampling.LANCZOS), dtype=np.float32) / 255.0
    speckle = np.random.default_rng(seed).normal(0, grain, small.shape[:2]).astype(np.float32)
    speckle *= 0.4 + small.mean(axis=2)  # as film: least in the blacks
    return Image.fromarray((np.clip(small + speckle[..., None], 0, 1) * 255 + 0.5).astype(np.uint8))
