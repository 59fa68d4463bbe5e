"""The words that the reference study's stacks learn, packed: as many of each genre's pieces as its protocol asks for."""

from pathlib import Path

from posterbeat.genres import GENRES
from train.study.train import sounding, write_texts

NOTES = {"train": 140_000, "val": 30_000}  # of each genre; the study's largest set has 120,000


def write_words(data: Path, out: Path, cache: Path) -> list[Path]:
    """Write `words-<split>_<genre>.txt`, surest labels first, as `train.study.train.write_texts` does.

    Parameters
    ----------
    data : midi.csv and the pieces
    cache : where the words of all pieces are, or are to be kept
    """
    written = []
    for split, most in NOTES.items():
        if not all((cache / f"{split}_{genre}.txt").exists() for genre in GENRES):
            write_texts(data, cache, split)
        for genre in GENRES:
            kept, count = [], 0
            for line in (cache / f"{split}_{genre}.txt").read_text().splitlines(keepends=True):
                kept.append(line)
                count += sounding(line.split())
                if count >= most:
                    break
            written.append(out / f"words-{split}_{genre}.txt")
            written[-1].write_text("".join(kept))
    return written
