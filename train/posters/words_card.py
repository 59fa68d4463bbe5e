"""The model card of the words' reader, read from metrics.json and config.json.

    python -m train.posters.words_card weights/words
"""

import argparse
import json
from pathlib import Path

from train.posters.write_card import share, table

_FRONT = """---
license: mit
library_name: posterbeat
pipeline_tag: text-classification
tags:
- text-classification
- movie-posters
- film
- genre
metrics:
- balanced_accuracy
---
"""
_SAID = {"picture": "the picture alone", "words": "the words alone", "both": "both, as shown to users",
         "painted_over": "the picture with its words painted over"}
_SETS = {"larger": "300 to 500 pixels across, as people upload them", "stored": "160 x 240 pixels, as training posters are kept"}


def card(metrics: dict, config: dict) -> str:
    """The card as Markdown."""
    parts = [_FRONT, """
# PosterBeat's reader of posters' words

Says what the words on a film poster tell about its genre: action, animation, comedy, drama, horror. PosterBeat reads a poster's
picture and its words apart and joins them.

```python
from posterbeat import PosterClassifier

classifier = PosterClassifier.from_pretrained("weights/classifier", words="weights/words")   # folders, or their Hub repo ids
reading = classifier.predict("poster.jpg", words=True)
reading.genre, reading.probabilities          # picture and words together
reading.picture                               # the picture alone
reading.words.title, reading.words.lines      # what was read, and where it stands
```

## How it works
RapidOCR finds and recognises lines of text (PP-OCR models, which its wheel brings along; they are not part of this
repository). Words, pairs of words and character n-grams of each line look up small vectors, weighted by how rare they are, how
surely the line was read and how tall it stands; a linear layer and a hidden one read their sum. The weights know n-grams only by
number, so that no poster's text can be read from them.
Picture and words are joined log-linearly, with powers learned on held-out posters; few or doubtful words count little, and no
words raise a genre's probability above """ + f"{config['combination']['ceiling']:.0%}.\n"]
    for name, about in _SETS.items():
        if name in metrics:
            rows = [(_SAID[kind], share(found["balanced_accuracy"]), share(found["right"]), share(found["ece"]),
                     f"{100 * found['ece_ceiling']:.1f} %")
                    for kind, found in ((kind, metrics[name][kind]) for kind in _SAID)]
            parts.append(f"\n## Measured: {about}\nOn {metrics[name]['n']:,} posters of films that it never saw (label = the "
                         "first of the five that IMDb lists). Words that are known were found on "
                         f"{metrics[name]['words_found']:.1%} of them; the tallest lines are the film's title, nearly letter by "
                         f"letter, on {share(metrics[name]['titles_found'])}.\n\n"
                         + table(("read", "balanced accuracy", "right", "calibration error", "that of a perfect one"), rows))
    parts.append("\nRanges are 95 % bootstrap intervals; a perfectly calibrated reader would stay under the last column in 95 "
                 "of 100 cases.\n")
    if "ms_per_poster" in metrics:
        took = metrics["ms_per_poster"]
        parts.append(f"\nMilliseconds from file to probabilities, median of {took['n']} posters on {took['threads']} threads: "
                     f"{took['picture']:.0f} the picture, {took['both']:.0f} with words, of which {took['words_genre']:.0f} for "
                     f"what is in these weights ({metrics['bytes'] / 1e6:.1f} MB).\n")
    learned = config["training"]
    parts.append(f"""
## Data
Titles of {learned['titles_learned']:,} films and the words recognised on {learned['posters_learned']:,} of their posters. The
posters and their words are the work of their owners: none is part of this repository.

## Limits
- It reads Latin letters; words in other scripts are shown but say nothing, and the picture decides alone.
- Names of actors, studios and makers speak as loudly as titles: a comedian in a drama misleads it.
- Anybody can write anything on a picture. The bound above limits what that does; it does not prevent it.
""")
    return "".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    metrics, config = (json.loads((folder / name).read_text()) for name in ("metrics.json", "config.json"))
    (folder / "README.md").write_text(card(metrics, config))


if __name__ == "__main__":
    main()
