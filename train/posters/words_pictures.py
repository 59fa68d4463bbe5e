"""What the picture alone says of posters whose words were recognised: as they are, and with every line painted over.

    python -m train.posters.words_pictures ../shared/data/posters val data/words/val.jsonl data/words/val.pictures.jsonl

A line of the file is a poster: {"id", "picture": [five probabilities], "painted": [five]}. A call that was stopped goes on
where it was.
"""

import argparse
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from posterbeat.poster import open_poster
from posterbeat.vision.classifier import PosterClassifier
from posterbeat.vision.reading import as_array
from posterbeat.vision.text_reader import TextLine
from train.posters.words_recognise import kept_words

_BATCH = 32
_MARGIN = 0.15  # of a line's height: letters reach beyond their box


def painted_over(poster: Image.Image, lines: Sequence[TextLine]) -> Image.Image:
    """A poster (mode RGB) with each line's place filled with its own mean colour: the words gone, the colours much the same."""
    painted = poster.copy()
    draw = ImageDraw.Draw(painted)
    for line in lines:
        more = _MARGIN * (line.box[3] - line.box[1])
        left, top, right, bottom = (round(place * side) for place, side in zip(
            (line.box[0], line.box[1] - more, line.box[2], line.box[3] + more), (*poster.size, *poster.size)))
        top, bottom = max(0, top), min(poster.height, bottom)
        if left < right and top < bottom:
            colour = np.asarray(poster.crop((left, top, right, bottom))).mean((0, 1))
            draw.rectangle((left, top, right - 1, bottom - 1), fill=tuple(int(value) for value in colour))
    return painted


def kept_pictures(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Probabilities of every poster of a file that `look` wrote: as it is, and painted over."""
    if not path.exists():
        return {}
    kept = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            poster = json.loads(line)
        except ValueError:  # cut off when a call was stopped
            continue
        kept[poster["id"]] = np.array(poster["picture"]), np.array(poster["painted"])
    return kept


def look(classifier: PosterClassifier, folder: Path, split: str, words: Path, target: Path) -> int:
    """Read the pictures of those posters of `words` that `target` lacks; returns how many were read."""
    there, known = kept_pictures(target), kept_words(words)
    with zipfile.ZipFile(folder / f"{split}.zip") as pictures, target.open("a", encoding="utf-8") as out:
        out.write("\n" if there else "")
        names = [name for name in pictures.namelist() if Path(name).stem in known and Path(name).stem not in there]
        for start in range(0, len(names), _BATCH):
            some = names[start : start + _BATCH]
            posters = [open_poster(pictures.read(name)) for name in some]
            bare = [painted_over(poster, known[Path(name).stem]) for name, poster in zip(some, posters)]
            read = [as_array(reading.probabilities) for reading in classifier.predict_batch([*posters, *bare], exact=True)]
            for name, picture, painted in zip(some, read, read[len(some) :]):
                found = {"picture": picture.round(6).tolist(), "painted": painted.round(6).tolist()}
                out.write(json.dumps({"id": Path(name).stem, **found}) + "\n")
            out.flush()
    return len(names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="holds a zip a split")
    parser.add_argument("split", choices=("train", "val", "test"))
    parser.add_argument("words", type=Path, help="what words_recognise wrote")
    parser.add_argument("target", type=Path)
    parser.add_argument("--weights", type=Path, default=Path("weights/classifier"))
    wish = parser.parse_args()
    read = look(PosterClassifier.from_pretrained(wish.weights), wish.folder, wish.split, wish.words, wish.target)
    print(f"{read} posters read")


if __name__ == "__main__":
    main()
