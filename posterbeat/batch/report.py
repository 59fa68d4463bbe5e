"""What a catalogue's results look like from outside: a table (CSV, Parquet) and a page to browse and listen."""

import csv
import html
import json
import os
from collections.abc import Sequence
from pathlib import Path
from string import Template
from urllib.parse import quote

from posterbeat.controls import STEERING, to_text
from posterbeat.genres import GENRES
from posterbeat.text import legible
from posterbeat.whole_file import whole_file

COLUMNS = ("name", "genre", *GENRES, "genre_mix", "seed", "notes", "asked_seconds", "temperature", *STEERING,
           "composer_kind", "steps", "weights", "seconds", "words", "files", "error")
_PAGE = Path(__file__).with_name("report.html")


def write_tables(records: Sequence[dict], out: str | Path) -> list[Path]:
    """Write table.csv and, where pyarrow is installed, table.parquet: a row a poster, in the order given.

    Returns
    -------
    The files that were written.
    """
    rows = [{name: record[name] for name in COLUMNS} for record in records]
    for row in rows:
        row |= {"name": legible(row["name"]), "files": legible("|".join(row["files"])), "error": legible(row["error"])}
        row["instruments"] = to_text(row["instruments"]) if row["instruments"] else None
        row["genre_mix"] = json.dumps(row["genre_mix"]) if row["genre_mix"] else ""
    target = Path(out) / "table.csv"
    with whole_file(target) as part, part.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    written = [target]
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        return written
    kinds = {**dict.fromkeys(COLUMNS, pa.string()), **dict.fromkeys(GENRES, pa.float64()), "seed": pa.int64(),
             "notes": pa.int64(), **dict.fromkeys(("temperature", "tempo", "density", "asked_seconds", "seconds"), pa.float64())}
    table = pa.Table.from_pylist(rows, pa.schema([(name, kinds[name]) for name in COLUMNS]))
    # As a file that is open: a name with a colon would be taken for an address.
    with whole_file(Path(out) / "table.parquet") as part, part.open("wb") as file:
        parquet.write_table(table, file)
    return [*written, Path(out) / "table.parquet"]


def write_gallery(records: Sequence[dict], out: str | Path) -> Path:
    """Write index.html: every poster with its genres and its soundtrack; it needs no server."""
    cards = "\n".join(_card(record) for record in records)
    failed = sum(bool(record["error"]) for record in records)
    choices = "".join(f'<option value="{name}">{name}</option>' for name in GENRES)
    target = Path(out) / "index.html"
    with whole_file(target) as part:
        part.write_text(Template(_PAGE.read_text(encoding="utf-8")).substitute(
            cards=cards, choices=choices, count=len(records) - failed, failed=failed), encoding="utf-8")
    return target


def _card(record: dict) -> str:
    name = html.escape(legible(record["name"]))
    if record["error"]:
        return (f'<article data-genre="" data-name="{name.lower()}"><h2>{name}</h2>'
                f'<p class="error">{html.escape(legible(record["error"]))}</p></article>')
    bars = "".join(f'<li><span>{genre}</span><meter value="{record[genre]:.4f}" aria-label="{genre}">'
                   f'</meter><b>{record[genre]:.0%}</b></li>' for genre in GENRES)
    play = "".join(f'<audio controls preload="none" src="{_link(file)}"></audio>' if file.endswith((".mp3", ".wav"))
                   else f'<a href="{_link(file)}">{html.escape(Path(file).suffix[1:])}</a>' for file in record["files"])
    return (f'<article data-genre="{html.escape(record["genre"])}" data-name="{name.lower()}">'
            f'<img loading="lazy" src="{_link(record["thumbnail"])}" alt="Poster {name}"><h2>{name}</h2>'
            f'<ul>{bars}</ul>{play}<p>seed {record["seed"]}, {record["seconds"]:.0f} s</p></article>')


def _link(file: str) -> str:
    return quote(os.fsencode(file))  # the bytes of its name, which need not be UTF-8
