"""Read the words of posters once and keep them: the recogniser takes half a second a poster, learning from them none.

    python -m train.posters.words_recognise ../shared/data/posters test data/words/test.jsonl
    python -m train.posters.words_recognise ../shared/data/posters val data/words/val.jsonl --count 500

A line of the file is a poster: {"id", "split", "size": [width, height], "lines": [[text, confidence, left, top, right,
bottom], ...]}. A call that was stopped goes on where it was. The words belong to the posters' makers: learn from them,
and publish none of them as they stand.
"""

import argparse
import csv
import json
import random
import zipfile
from pathlib import Path

from posterbeat.poster import open_poster
from posterbeat.vision.text_reader import TextLine, TextReader
from train.posters.data import IMDB


def posters_of(folder: Path, split: str, all_sources: bool = False, count: int | None = None) -> list[str]:
    """File names of a split, or `count` of them, in an order drawn by chance, always the same: what an unfinished call has
    read is a fair sample."""
    table = next(folder.glob("posters*.csv"))
    with table.open(newline="", encoding="utf-8") as rows:
        files = [row["file"] for row in csv.DictReader(rows)
                 if row["split"] == split and (all_sources or row["genres_source"] == IMDB)]
    random.Random(0).shuffle(files)
    return files[:count]


def kept_words(path: Path) -> dict[str, tuple[TextLine, ...]]:
    """The lines of every poster of a file that `recognise` wrote, by id; none where there is no such file."""
    if not path.exists():
        return {}
    kept = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            poster = json.loads(line)
        except ValueError:  # cut off when a call was stopped
            continue
        kept[poster["id"]] = tuple(TextLine(text, confidence, tuple(box)) for text, confidence, *box in poster["lines"])
    return kept


def recognise(folder: Path, split: str, target: Path, files: list[str], threads: int = 1) -> int:
    """Read the words of those `files` of `folder`/`split`.zip that `target` lacks; returns how many were read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    there, reader = kept_words(target), TextReader(threads)
    todo = [file for file in files if Path(file).stem not in there]
    with zipfile.ZipFile(folder / f"{split}.zip") as pictures, target.open("a", encoding="utf-8") as out:
        out.write("\n" if there else "")  # whatever was cut off ends here
        for file in todo:
            poster = open_poster(pictures.read(file))
            lines = [[line.text, line.confidence, *line.box] for line in reader.read(poster)]
            out.write(json.dumps({"id": Path(file).stem, "split": split, "size": poster.size, "lines": lines}) + "\n")
            out.flush()
    return len(todo)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="holds posters*.csv and a zip a split")
    parser.add_argument("split", choices=("train", "val", "test"))
    parser.add_argument("target", type=Path)
    parser.add_argument("--count", type=int, help="that many posters, drawn by chance")
    parser.add_argument("--all-sources", action="store_true", help="posters whose genres stand in no order, too")
    parser.add_argument("--threads", type=int, default=1)
    wish = parser.parse_args()
    files = posters_of(wish.folder, wish.split, wish.all_sources, wish.count)
    read = recognise(wish.folder, wish.split, wish.target, files, wish.threads)
    print(f"{read} posters read, {len(files) - read} had been")


if __name__ == "__main__":
    main()
