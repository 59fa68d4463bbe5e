"""Drawings of the page's last section, as SVG: the stations on the way, and how much was copied."""

from html import escape

_GOLD, _BLUE, _CORAL = "#dfa536", "#6fa8dc", "#e0705a"


def station(name: str) -> str:
    """A small drawing of a station on the way: "Poster", "Reader", "Composer" or "Orchestra"."""
    return f'<svg viewBox="0 0 120 72" aria-hidden="true">{_STATIONS[name]}</svg>'


def _bars() -> str:
    rows = ((58, _GOLD), (30, _GOLD), (17, _GOLD), (9, _GOLD), (5, _GOLD))
    return "".join(
        f'<rect x="22" y="{9 + 11.5 * row}" width="76" height="7" rx="3.5" fill="currentColor" opacity=".14"/>'
        f'<rect x="22" y="{9 + 11.5 * row}" width="{width}" height="7" rx="3.5" fill="{colour}"/>'
        for row, (width, colour) in enumerate(rows)
    )


def _notes() -> str:
    notes = ((12, 40, 16), (30, 32, 10), (42, 24, 20), (64, 32, 12), (78, 18, 24), (20, 54, 26), (50, 54, 22), (76, 50, 14))
    drawn = "".join(
        f'<rect x="{x}" y="{y}" width="{width}" height="6" rx="2" fill="{_BLUE if y > 45 else _GOLD}"/>' for x, y, width in notes
    )
    return f'{drawn}<path d="M72 8V64" stroke="{_CORAL}" stroke-width="2"/>'


def _wave() -> str:
    heights = (8, 18, 30, 22, 44, 56, 38, 50, 28, 40, 20, 30, 14, 8)
    return "".join(
        f'<rect x="{19 + 6 * place}" y="{36 - height / 2}" width="3.4" height="{height}" rx="1.7" fill="{_GOLD}"/>'
        for place, height in enumerate(heights)
    )


_STATIONS = {
    "Poster": '<rect x="38" y="4" width="44" height="64" rx="4" fill="currentColor" opacity=".16"/>'
    f'<circle cx="60" cy="25" r="12" fill="{_GOLD}"/><path d="M60 30L46 58H74Z" fill="currentColor" opacity=".75"/>',
    "Reader": _bars(),
    "Composer": _notes(),
    "Orchestra": _wave(),
}


def bars(groups: list[tuple[str, list[tuple[str, dict]], bool]], said: str) -> str:
    """Measured figures as bars with their intervals.

    Parameters
    ----------
    groups
        What is shown, then (who, figure with `value`, `low` and `high`) a bar, and whether figures are shares.
    said
        The same for those who cannot see it.
    """
    parts, y = [], 14
    for title, rows, shares in groups:
        most = max(figure["high"] for _, figure in rows) or 1.0
        parts.append(f'<text x="0" y="{y}">{escape(title)}</text>')
        for place, (who, figure) in enumerate(rows):
            y += 22
            value, low, high = (132 * figure[name] / most for name in ("value", "low", "high"))
            colour = _GOLD if place == 0 else "currentColor"
            parts.append(
                f'<text x="0" y="{y}" class="dim">{escape(who)}</text>'
                f'<rect x="92" y="{y - 10}" width="{max(1.5, value):.1f}" height="11" rx="2" fill="{colour}" '
                f'opacity="{1 if place == 0 else 0.45}"/>'
                f'<path d="M{92 + low:.1f} {y - 4.5}H{92 + high:.1f}" stroke="currentColor" stroke-width="1.5"/>'
                f'<text x="{92 + max(value, high) + 8:.1f}" y="{y}">{escape(figure_words(figure, shares))}</text>'
            )
        y += 34
    return f'<svg class="bars" viewBox="0 0 340 {y - 26}" role="img" aria-label="{escape(said)}">{"".join(parts)}</svg>'


def figure_words(figure: dict, share: bool = False, digits: int = 0) -> str:
    """A figure with its interval, where it has one: "62 % (60 to 65)", "3.37 (3.17 to 3.58)"."""
    scale = 100 if share else 1
    value, unit = f"{scale * figure['value']:.{digits}f}", " %" if share else ""
    if figure.get("low") is None:
        return value + unit
    return f"{value}{unit} ({scale * figure['low']:.{digits}f} to {scale * figure['high']:.{digits}f})"
