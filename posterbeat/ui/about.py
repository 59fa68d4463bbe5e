"""What the page says about itself; its figures are read from the metrics that the evaluations wrote."""

import json
from html import escape
from pathlib import Path
from typing import Any

from posterbeat.hub import weights_folder

_WAY = (
    ("Poster", "any picture, upright, on white"),
    ("Reader", "a convolutional network: five genres, and the poster's colours"),
    ("Composer", "a bidirectional LSTM reads the phrases so far, an LSTM writes the next, note by note"),
    ("Orchestra", "MIDI, played with a General MIDI soundfont"),
)
_LIMITS = (
    "A genre is a coarse thing to read from one picture, and most films have several: the reading is a guess with a "
    "probability, and you can override it.",
    "The composer learned from instrumental pieces, most of them written for games. It writes no songs, and a long "
    "piece holds together less well than a short one.",
    "Your poster is read here and sent nowhere. Uploads and music are removed within about an hour.",
)


def about() -> str:
    """The page's last section, as HTML."""
    steps = "".join(f"<li><b>{escape(name)}</b><span>{escape(says)}</span></li>" for name, says in _WAY)
    limits = "".join(f"<li>{escape(limit)}</li>" for limit in _LIMITS)
    figures = "".join(
        f"<tr><th scope='row'>{escape(what)}</th><td>{escape(value)}</td></tr>" for what, value in _figures()
    )
    table = f"<table><caption>Measured on posters and pieces it never saw</caption>{figures}</table>" if figures else ""
    return (
        f"<div class='about'><ol class='way'>{steps}</ol><div class='measured'>{table}{_confusion()}</div>"
        f"<ul>{limits}</ul></div>"
    )


def _confusion() -> str:
    """What posters of each genre were read as, a row a genre, in per cent; the darker the more."""
    matrix = _metrics("classifier").get("confusion")
    if not matrix:
        return ""
    head = "".join(f"<th scope='col'>{escape(genre)}</th>" for genre in matrix["genres"])
    rows = ""
    for genre, counts in zip(matrix["genres"], matrix["counts"]):
        shares = [100 * count / max(1, sum(counts)) for count in counts]
        cells = "".join(f"<td style='--share: {share:.0f}%'>{share:.0f}</td>" for share in shares)
        rows += f"<tr><th scope='row'>{escape(genre)}</th>{cells}</tr>"
    return (
        "<table class='confusion'><caption>What posters of each genre were read as, per cent</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _figures() -> list[tuple[str, str]]:
    reader, composer = _metrics("classifier"), _metrics("composer")
    bits, sets = composer.get("bits_per_note", {}), composer.get("sets", {})
    made, real = sets.get("generated", {}), sets.get("real_test_600", {})
    rows = [
        ("Genre read right, mean of the five (chance: 20 %)", _share(reader.get("balanced_accuracy"))),
        ("Genre read is one of the film's own", _share(reader.get("any_genre"))),
        ("Bits a note, composer (fewer is better)", _number(bits.get("composer"))),
        ("Bits a note, a trigram of the same fields", _number(bits.get("trigram"))),
        ("Composed genre recognised by a judge (chance: 20 %)", _share(made.get("judge_recall"))),
        ("The same judge on pieces that people wrote", _share(real.get("judge_recall"))),
        ("Melody shared with a training piece, composed (median share of runs of eight)", _share(made.get("copied_8_median"))),
        ("The same of pieces that people wrote", _share(real.get("copied_8_median"))),
        ("Alike to real pieces in pitch, length and density (1: the same)", _number(made.get("overlapped_area"))),
    ]
    return [(what, value) for what, value in rows if value]


def _metrics(kind: str) -> dict[str, Any]:
    path = Path(weights_folder(kind)) / "metrics.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _share(figure: dict | None) -> str:
    if not figure or figure.get("value") is None:
        return ""
    span = f" ({100 * figure['low']:.0f} to {100 * figure['high']:.0f})" if "low" in figure else ""
    return f"{100 * figure['value']:.0f} %{span}"


def _number(figure: dict | None) -> str:
    return f"{figure['value']:.2f}" if figure and figure.get("value") is not None else ""
