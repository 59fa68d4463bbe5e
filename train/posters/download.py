"""Collect posters from a table of addresses, such as the public MovieGenre.csv.

    python -m train.posters.download MovieGenre.csv data/collected
    python -m train.posters.prepare --source data/collected

The table has the columns imdbId, Title, Genre (separated by `|`) and Poster (an address). Pictures are fetched at a
polite rate, tried again when the server is busy, and never fetched twice: a run that was stopped goes on where it was.
Broken files, placeholders and near duplicates are dropped. What comes out is laid out as prepare_posters.py wants it:
posters.csv, and one zip of 160 x 240 AVIF pictures a split.
"""

import argparse
import hashlib
import io
import re
import time
import urllib.error
import urllib.request
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from posterbeat.errors import PosterError
from posterbeat.genres import GENRES
from posterbeat.poster import open_poster
from posterbeat.whole_file import whole_file
from train.posters.prepare import SIZE, SPLITS

_AGENT = "posterbeat/0.1 (training data for a poster classifier)"
_SHARES = {"train": 0.83, "val": 0.07, "test": 0.10}
_NEAR = 3  # bits of 64 in which the perceptual hashes of two scans of one poster differ at most
_REPEATED = 3  # a picture that this many films share says "no poster available"
_FLAT = 6.0  # standard deviation of grey values below which nothing is drawn


def read_table(path: Path) -> pd.DataFrame:
    """imdb_id, title, year, genres, url of the films that carry one of the five genres, one row a film."""
    table = pd.read_csv(path, encoding_errors="replace", dtype=str, keep_default_na=False)
    missing = {"imdbId", "Title", "Genre", "Poster"} - set(table.columns)
    if missing:
        raise SystemExit(f"{path} lacks the columns {', '.join(sorted(missing))}.")
    found = pd.DataFrame({
        "imdb_id": ["tt" + digits.removeprefix("tt").zfill(7) for digits in table.imdbId],
        "title": table.Title.str.replace(r"\s*\(\d{4}\)\s*$", "", regex=True),
        "year": table.Title.str.extract(r"\((\d{4})\)\s*$", expand=False).fillna(""),
        "genres": table.Genre,
        "url": table.Poster.str.strip(),
    })
    found["label"] = [first_of_five(genres) for genres in found.genres]
    found = found[(found.label != "") & found.url.str.match(r"https?://")]
    return found.drop_duplicates("imdb_id").reset_index(drop=True)


def first_of_five(genres: str) -> str:
    """The first of the five genres in a list such as "Comedy|Drama", or "" where there is none."""
    return next((genre.lower() for genre in genres.split("|") if genre.lower() in GENRES), "")


def fetch(url: str, tries: int = 4, pause: float = 1.0) -> bytes | None:
    """The bytes at `url`; None where the server says that there are none. Busy servers are asked again, later."""
    for attempt in range(tries):
        try:
            request = urllib.request.Request(url, headers={"User-Agent": _AGENT})
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code not in (429, 500, 502, 503, 504):
                return None
            wait = error.headers.get("Retry-After", "")
            delay = float(wait) if re.fullmatch(r"\d+", wait) else pause * 2**attempt
        except (urllib.error.URLError, OSError, ValueError):
            delay = pause * 2**attempt
        if attempt + 1 < tries:
            time.sleep(min(delay, 60))
    raise ConnectionError(f"no answer from {url} in {tries} tries")


def download(table: pd.DataFrame, raw: Path, rate: float, pause: float = 1.0) -> None:
    """Fetch what is not there yet, at most `rate` pictures a second. An empty file marks one that does not exist."""
    raw.mkdir(parents=True, exist_ok=True)
    waiting = [row for row in table.itertuples() if not (raw / row.imdb_id).exists()]
    started, failed = time.monotonic(), 0
    for count, row in enumerate(waiting):
        time.sleep(max(0.0, started + count / rate - time.monotonic()))
        try:
            content = fetch(row.url, pause=pause)
        except ConnectionError as error:  # left out now, tried again by the next run
            failed += 1
            print(f"  {error}", flush=True)
            continue
        with whole_file(raw / row.imdb_id) as part:
            part.write_bytes(content or b"")
        if (count + 1) % 100 == 0 or count + 1 == len(waiting):
            print(f"{count + 1} of {len(waiting)} fetched, {failed} without an answer", flush=True)


def clean(table: pd.DataFrame, raw: Path) -> tuple[pd.DataFrame, dict[str, Image.Image], Counter]:
    """The films with a sound poster of their own, these at 160 x 240, and how many others were dropped and why."""
    import imagehash

    dropped, pictures, contents = Counter(), {}, defaultdict(list)
    for name in table.imdb_id:
        path = raw / name
        content = path.read_bytes() if path.exists() else b""
        if not content:
            dropped["not there"] += 1
            continue
        contents[hashlib.sha256(content).digest()].append(name)
        try:
            poster = open_poster(content)
        except PosterError:
            dropped["broken"] += 1
            continue
        if np.asarray(poster.convert("L"), float).std() < _FLAT or min(poster.size) < 60:
            dropped["placeholder"] += 1
            continue
        pictures[name] = poster.resize(SIZE, Image.Resampling.LANCZOS)
    for names in contents.values():
        if len(names) >= _REPEATED:
            dropped["placeholder"] += sum(pictures.pop(name, None) is not None for name in names)
    # Hashes that differ in three bits agree in one of four 16-bit parts: only those are compared.
    parts, kept = defaultdict(list), []
    for name in list(pictures):
        bits = imagehash.phash(pictures[name]).hash.flatten()
        keys = [(part, bits[16 * part : 16 * part + 16].tobytes()) for part in range(4)]
        if any((bits != other).sum() <= _NEAR for key in keys for other in parts[key]):
            dropped["near duplicate"] += 1
            del pictures[name]
            continue
        for key in keys:
            parts[key].append(bits)
        kept.append(name)
    return table[table.imdb_id.isin(kept)].reset_index(drop=True), pictures, dropped


def split_of(imdb_id: str) -> str:
    """The split that a film belongs to, decided by its id alone: it stays when the collection grows."""
    place = int.from_bytes(hashlib.sha256(imdb_id.encode()).digest()[:4], "big") / 2**32
    for split in SPLITS:
        place -= _SHARES[split]
        if place < 0:
            return split
    return SPLITS[0]


def balanced(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """As many training posters of each genre as the scarcest has, drawn at random, the other splits whole."""
    learn = table[table.split == "train"]
    each = learn.label.value_counts().min()
    drawn = learn.groupby("label").sample(each, random_state=seed)
    return pd.concat([drawn, table[table.split != "train"]]).sort_values("imdb_id").reset_index(drop=True)


def write(table: pd.DataFrame, pictures: dict[str, Image.Image], out: Path) -> None:
    """posters.csv and a zip of AVIF pictures a split."""
    for split in SPLITS:
        with zipfile.ZipFile(out / f"{split}.zip", "w", zipfile.ZIP_STORED) as archive:
            for row in table[table.split == split].itertuples():
                file = io.BytesIO()
                pictures[row.imdb_id].save(file, "AVIF", quality=63)
                archive.writestr(zipfile.ZipInfo(row.file), file.getvalue())
    table.drop(columns="url").to_csv(out / "posters.csv", index=False)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rate", type=float, default=4.0, help="pictures a second at most")
    parser.add_argument("--balance", action="store_true", help="as many training posters of each genre")
    arguments = parser.parse_args(argv)
    films = read_table(arguments.table)
    download(films, arguments.out / "raw", arguments.rate)
    table, pictures, dropped = clean(films, arguments.out / "raw")
    table.insert(0, "split", [split_of(name) for name in table.imdb_id])
    table.insert(0, "file", [f"{name}.avif" for name in table.imdb_id])
    listed = [{genre.lower() for genre in genres.split("|")} & set(GENRES) for genres in table.genres]
    table["n_of_five"], table["genres_source"] = [len(genres) for genres in listed], "imdb:MovieGenre"
    if arguments.balance:
        table = balanced(table)
    write(table, pictures, arguments.out)
    print(f"{len(table)} posters; dropped: {dict(dropped)}; {dict(table.split.value_counts())}")


if __name__ == "__main__":
    main()
