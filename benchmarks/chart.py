"""The figures as a picture: an SVG of a few kilobytes, drawn from results.json alone."""

import math
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.stations import OWN

WIDTH = 860
_ROW, _LABEL, _ROOM = 24, 290, 110  # pixels: a bar with its gap, the names at its left, the figure at its right
_INK, _QUIET, _PAPER, _GRID = "#1f2430", "#5b6270", "#ffffff", "#d9dce3"
_OWN_COLOUR, _OTHER_COLOUR = "#4f46e5", "#a9b0bf"
_PLOT = (380, 190)  # pixels of a curve's field


def draw(figures: dict[str, Any]) -> str:
    """The chart as SVG."""
    parts, y = [], 34
    for title, rows in (
        ("A note composed, milliseconds", _milliseconds(figures["composing"]["a_note"])),
        ("A poster read, file to probabilities, milliseconds", _milliseconds(figures["reading"]["a_poster"])),
        ("A second of music rendered, milliseconds", _milliseconds(figures["playing"]["rendering_a_second"])),
        ("A second of music, poster to mp3, milliseconds", _milliseconds(figures["whole"]["a_second_of_music"])),
    ):
        parts.append(_bars(title, rows, y))
        y += 34 + _ROW * len(rows)
    curves = [("Seconds to compose, against notes",
               [(row["notes"], row["seconds"]["median"]) for row in figures["composing"]["by_notes"]])]
    if "visitors" in figures:
        loads = figures["visitors"]
        curves.append(("Pieces a minute, against visitors at once", [(load["visitors"], load["a_minute"]) for load in loads]))
        curves.append(("Seconds until 95 % of the pieces were there", [(load["visitors"], load["p95"]) for load in loads]))
    for index, (title, points) in enumerate(curves):
        parts.append(_curve(title, points, 24 + index % 2 * (_PLOT[0] + 40), y + index // 2 * (_PLOT[1] + 70)))
    height = y + -(-len(curves) // 2) * (_PLOT[1] + 70)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'font-family="system-ui, sans-serif" font-size="13" fill="{_INK}" role="img" aria-label="Speed of posterbeat">'
            f'<rect width="{WIDTH}" height="{height}" fill="{_PAPER}"/>{"".join(parts)}</svg>\n')


def _milliseconds(figures: dict[str, dict[str, float]]) -> list[tuple[str, float]]:
    return sorted(((name, 1000 * figure["median"]) for name, figure in figures.items()), key=lambda row: row[1])


def _bars(title: str, rows: list[tuple[str, float]], top: int) -> str:
    """Horizontal bars on a logarithmic scale that begins one decade or less below the smallest."""
    low = math.floor(math.log10(min(value for _, value in rows)) - 0.15)
    high = max(math.ceil(math.log10(max(value for _, value in rows))), low + 1)
    room = WIDTH - 24 - _LABEL - _ROOM
    drawn = [_text(24, top, title, weight="bold")]
    for decade in range(low, high + 1):
        x = _LABEL + room * (decade - low) / (high - low)
        drawn.append(f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{top + 8}" y2="{top + 8 + _ROW * len(rows)}" stroke="{_GRID}"/>')
    for index, (name, value) in enumerate(rows):
        y = top + 10 + _ROW * index
        length = room * (math.log10(value) - low) / (high - low)
        colour = _OWN_COLOUR if name.startswith(OWN) else _OTHER_COLOUR
        drawn += [_text(_LABEL - 8, y + 14, name, anchor="end"),
                  f'<rect x="{_LABEL}" y="{y + 2}" width="{max(2, length):.1f}" height="{_ROW - 8}" fill="{colour}"/>',
                  _text(_LABEL + max(2, length) + 6, y + 14, figure_text(value), colour=_QUIET)]
    return "".join(drawn)


def _curve(title: str, points: list[tuple[float, float]], left: int, top: int) -> str:
    """A line over a logarithmic x, both axes from their least to their greatest, y from 0."""
    width, height = _PLOT
    most = max(y for _, y in points) or 1.0
    first, last = math.log(points[0][0]), math.log(points[-1][0])
    inner = width - 70
    places = [(left + 46 + inner * (math.log(x) - first) / ((last - first) or 1), top + 20 + height * (1 - y / most), x, y)
              for x, y in points]
    floor = top + 20 + height
    drawn = [_text(left, top, title, weight="bold"),
             f'<line x1="{left + 46}" x2="{left + 46 + inner}" y1="{floor}" y2="{floor}" stroke="{_QUIET}"/>',
             _text(left + 40, top + 25, figure_text(most), anchor="end", colour=_QUIET),
             _text(left + 40, floor + 4, "0", anchor="end", colour=_QUIET)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, *_ in places)
    drawn.append(f'<polyline points="{line}" fill="none" stroke="{_OWN_COLOUR}" stroke-width="2"/>')
    for x, y, number, _ in places:
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_OWN_COLOUR}"/>',
                  _text(x, floor + 18, f"{number:g}", anchor="middle", colour=_QUIET)]
    return "".join(drawn)


def _text(x: float, y: float, words: str, anchor: str = "start", weight: str = "normal", colour: str = _INK) -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" fill="{colour}">'
            f"{escape(words)}</text>")


def figure_text(value: float) -> str:
    """Three digits, and no exponent."""
    digits = max(0, 2 - math.floor(math.log10(value))) if value > 0 else 0
    return f"{value:,.{digits}f}"
