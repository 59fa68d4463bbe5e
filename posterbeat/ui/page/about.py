"""What the page says about itself; its figures are read from the metrics that the evaluations wrote."""

import json
from html import escape
from pathlib import Path
from typing import Any

from posterbeat.hub import weights_folder
from posterbeat.ui.page.charts import bars, figure_words, station

_WAY = (
    ("Poster", "any picture, upright, on white"),
    ("Reader", "one network looks at the picture, another reads its words: five genres, and the poster's colours"),
    ("Composer", "a network plans chords, parts and repeats, another reads that plan both ways, a third writes it part by part"),
    ("Orchestra", "recorded instruments play the notes, each part for itself"),
)
_LIMITS = (
    "A single picture says only roughly what genre a film is, and most films have several: the reading is a guess with a "
    "probability, and you can override it.",
    "The reader learned from posters of released films, with the genres that film databases give them.",
    "The composer learned from instrumental pieces, most of them written for games. It writes no songs, and a long "
    "piece holds together less well than a short one.",
    "Your poster is read here and sent nowhere. Uploads and music are removed within about an hour.",
)


def how() -> str:
    """The stations from poster to sound, as HTML."""
    steps = "".join(
        f"<li>{station(name)}<b>{escape(name)}</b><span>{escape(says)}</span></li>" for name, says in _WAY
    )
    return f"<section class='about'><h2>How it works</h2><ol class='way'>{steps}</ol></section>"


def measured() -> str:
    """The figures with their intervals, what is confused, what is copied, and the limits, as HTML."""
    figures = "".join(
        f"<tr><th scope='row'>{escape(what)}</th><td>{escape(value)}</td></tr>" for what, value in _figures()
    )
    table = (
        "<table class='figures'><caption>On posters and pieces it never saw (95 % intervals)</caption>"
        f"{figures}</table>"
    )
    shown = "".join(part for part in (table if figures else "", _confusion(), _copying()) if part)
    figures = f"<h2>How well it does</h2><div class='measured'>{shown}</div>" if shown else ""
    limits = "".join(f"<li>{escape(limit)}</li>" for limit in _LIMITS)
    return f"<section class='about'>{figures}<h2>Data and limits</h2><ul>{limits}</ul></section>"


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
        "<table class='confusion'><caption>What posters of each genre (rows) were read as (columns), per cent</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _copying() -> str:
    """How much melody is a training piece's, beside new pieces by people, which share some, too."""
    sets = _metrics("composer").get("sets", {})
    made, real = sets.get("generated", {}), sets.get("real_test_600", {})
    groups, said = [], []
    for name, title, shares in (
        ("copied_longest_p95", "Longest run of notes in common", False),
        ("copied_8_p95", "Share of the melody in common", True),
    ):
        if name in made and name in real:
            groups.append((title, [("composed", made[name]), ("by people", real[name])], shares))
            said.append(f"{title}: composed {figure_words(made[name], shares)}, by people {figure_words(real[name], shares)}.")
    if not groups:
        return ""
    return (
        f"<figure>{bars(groups, ' '.join(said))}<figcaption>Melody in common with any piece it learned from, "
        "in the one piece in twenty that has the most of it, compared with pieces by people that it did not learn from. "
        "Lines: 95 % intervals.</figcaption></figure>"
    )


def _figures() -> list[tuple[str, str]]:
    reader, composer = _metrics("classifier"), _metrics("composer")
    words = _metrics("words")
    both = {name: words.get(name, {}).get("both", {}).get("balanced_accuracy") for name in ("stored", "larger")}
    bits, sets = composer.get("bits_per_note", {}), composer.get("sets", {})
    made, real = sets.get("generated", {}), sets.get("real_test_600", {})
    drawn = composer.get("plans", {}).get("drawn", {})
    rows = [
        ("Genre read correctly from picture and words, mean over the five (chance: 20 %)", _share(both["stored"])),
        ("The same on posters 300 to 500 pixels wide", _share(both["larger"])),
        ("Genre read correctly from the picture alone, 160 pixels wide", _share(reader.get("balanced_accuracy"))),
        ("Genre read is one of the film's genres", _share(reader.get("any_genre"))),
        ("How far the probability shown is off, on average", _share(reader.get("ece"))),
        ("Surprise at the next note of pieces it never heard, in bits (less is better)", _number(bits.get("composer"))),
        ("The same for a table of which note follows which two", _number(bits.get("trigram"))),
        ("A network trained on real pieces hears the genre composed for (chance: 20 %)", _share(made.get("judge_recall"))),
        ("The same network on pieces that people wrote", _share(real.get("judge_recall"))),
        ("Share of the half-bars in which the planned chord is heard", _share(drawn.get("follows_plan"))),
        ("Similarity to real pieces in pitch, length and density (1: the same)", _number(made.get("overlapped_area"))),
    ]
    return [(what, value) for what, value in rows if value]


def _metrics(kind: str) -> dict[str, Any]:
    path = Path(weights_folder(kind)) / "metrics.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _share(figure: dict | None) -> str:
    return figure_words(figure, share=True) if figure and figure.get("value") is not None else ""


def _number(figure: dict | None) -> str:
    return figure_words(figure, digits=2) if figure and figure.get("value") is not None else ""
