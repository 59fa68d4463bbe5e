"""What the reference study reports of its stacks and what was seen here, and the card of the one that ships, from metrics.json.

    python -m train.study.write_card weights/historical
"""

import argparse
import json
from pathlib import Path

from train.music.write_card import cell, table

STUDY = {
    "first": "One note for ever.",
    "second": "Memorised: loss 0.08, one melody again and again.",
    "final": "Every piece is unique.",
}
HALF = 0.5  # a finding about a set of pieces is seen when it holds for half of it
RIGHT = 0.9  # of the next words in the training windows, where something was memorised
_LOSSES = (
    ("train_loss", "training loss, nats a word"),
    ("train_right", "right next words, training"),
    ("val_loss", "validation loss, nats a word"),
    ("val_right", "right next words, validation"),
)
_PIECES = (
    ("stuck", "pieces that end on one word for ever"),
    ("circling", "pieces that end in a circle of at most 16 words"),
    ("repeated", "words that repeat the one before"),
    ("different_words", "different words a piece"),
    ("alike", "8-grams of words that another piece of the set holds"),
    ("judge_recall", "pieces in which the judge hears the genre"),
    ("copied_longest_median", "longest copied run of the melody, pairs, median"),
    ("copied_longest_p95", "longest copied run of the melody, pairs, 95th percentile"),
    ("copied_8_median", "share of copied 8-grams of the melody, median"),
    ("copied_8_p95", "share of copied 8-grams of the melody, 95th percentile"),
    ("collapsed", "collapsed pieces"),
    ("pitch_class_entropy", "pitch-class entropy, bits"),
    ("scale_consistency", "scale consistency"),
    ("groove_consistency", "groove consistency"),
    ("returning_bars", "bars that closely match an earlier one"),
    ("opening_returns", "pieces whose opening two bars come back"),
    ("families", "instrument families a piece"),
    ("notes_at_once", "notes at once"),
    ("ends", "pieces that end on a held chord with the tonic"),
)


def finding(record: dict) -> dict:
    """Whether what the study reports of a stack is seen in one run: dict of "stack", "study", "here" and "seen"."""
    pieces, real = record["pieces"], record["real"]

    def value(name, of=pieces):
        return of[name]["value"]

    told = {
        "first": f"{_percent(value('stuck'))} of the pieces end on one word for ever, {_percent(value('circling'))} in a "
                 f"circle of at most sixteen; {_percent(value('repeated'))} of the words repeat the one before.",
        "second": f"Training loss {value('train_loss', record):.2f}, {_percent(value('train_right', record))} of the next words "
                  f"right (validation {value('val_loss', record):.2f} and {_percent(value('val_right', record))}); "
                  f"{_percent(value('copied_8_median'))} of a piece's melodic 8-grams stand in a training piece, "
                  f"{_percent(value('alike'))} of its 8-grams of words in another piece of the set.",
        "final": f"{_percent(value('stuck'))} of the pieces end on one word for ever, {_percent(value('circling'))} in a circle; "
                 f"{_percent(value('alike'))} of a piece's 8-grams of words stand in another piece of the set, "
                 f"{_percent(value('copied_8_median'))} of its melodic 8-grams in a training piece "
                 f"({_percent(value('copied_8_median', real))} of a real unseen piece's).",
    }
    seen = {
        "first": value("stuck") >= HALF,
        "second": value("train_right", record) >= RIGHT and value("copied_8_median") >= HALF,
        "final": max(value("circling"), value("alike"), value("copied_8_median")) < HALF,
    }
    stack = record["stack"]
    return {"stack": stack, "study": STUDY[stack], "here": told[stack], "seen": bool(seen[stack])}


def findings(metrics: dict) -> list[dict]:
    """`finding` of every run, in the order of the stacks, with the run's name as "run"."""
    order = list(STUDY)
    runs = sorted(metrics["runs"].items(), key=lambda item: (order.index(item[1]["stack"]), -item[1]["notes"]))
    return [{"run": name} | finding(record) for name, record in runs]


def card(metrics: dict) -> str:
    """The model card: front matter, use, what was seen, the record and figures of every run. All figures are from `metrics`."""
    runs = metrics["runs"]
    names = [found["run"] for found in metrics["findings"]]
    seen = [[found["run"].replace("_", " "), found["study"], "yes" if found["seen"] else "**no**", found["here"]]
            for found in metrics["findings"]]
    record = [[name.replace("_", " "), runs[name]["genre"], f"{runs[name]['notes']:,} ({runs[name]['pieces_learned']})",
               f"{runs[name]['words']:,}", f"{runs[name]['windows']:,}", _schedule(runs[name]),
               f"{runs[name]['epochs']:.1f}", f"{runs[name]['processor_seconds'] / 60:.0f}"] for name in names]
    losses = [[words, *(cell(runs[name][figure]) for name in names)] for figure, words in _LOSSES]
    columns = [(name.replace("_", " "), runs[name]["pieces"]) for name in names]
    if metrics["ships"]:
        shipped = runs[metrics["ships"]]
        columns += [("as it ships: begun with drawn words", shipped["shipped"]),
                    ("real, unseen, in the study's words", shipped["real"])]
    columns += [("PosterBeat's composer", metrics["beside"]["composer"]), ("real test pieces", metrics["beside"]["real"])]
    figures = [[words, *(cell(of.get(figure)) for _, of in columns)] for figure, words in _PIECES]
    counts = ", ".join(f"{words}: {of['collapsed']['n']}" for words, of in columns)
    return "\n".join([
        _INTRODUCTION,
        "## Are the study's findings reproduced?\n",
        table(["run", "the study", "seen", "here"], seen),
        f""""Seen" means, for the first stack: at least half of the pieces end on one word for ever (their last fifty words are
the same). For the second: at least {_percent(RIGHT)} of the next words in the training windows are right, and at least half of a
piece's melodic 8-grams stand in a training piece. For the final one: fewer than half of the pieces end in a circle, less than
half of a piece's 8-grams of words stand in another piece of the set, and less than half of the melodic ones in a training piece.

## What was trained

""",
        table(["run", "genre", "notes (pieces)", "words", "windows", "windows seen",
                "epochs", "minutes of one core"], record),
        """Each run had only minutes of one CPU core, so they are short. Two things save time where the table says so: at first
fewer than 100 words are read, or only the layers above the LSTMs are trained, on the output of the untrained LSTMs for every
window. After that all layers are trained on windows of 100, as in the study. Losses are without dropout on windows of 100,
evenly spaced; neighbouring windows overlap, so the intervals are too narrow.

""",
        table(["loss", *(name.replace("_", " ") for name in names)], losses),
        "## Figures of the pieces\n",
        f"""{metrics['notes']} notes each, seeds from 0 upwards, nothing picked; in brackets the 95 % bootstrap interval. Pieces
measured: {counts}. The stacks begin with a window of a training piece, as in the study, and always take the likeliest word.
Copying is counted against what each of them learned from: the stacks' own training pieces on the study's fixed step, all training
pieces for the composer. On a fixed step all notes are equally long, so melodies are compared by their intervals alone, and even
real pieces have more in common.

""",
        table(["figure", *(words for words, _ in columns)], figures),
    ])


def _schedule(run: dict) -> str:
    """What was seen in which order: steps of the head alone, then windows at each length, number a step and rate."""
    stretches, seen = {}, 0
    for told in run["curve"]:
        kind = f"{told['length']} words, {told['batch']} a step, rate {told['rate']:g}"
        stretches[kind] = stretches.get(kind, 0) + told["windows_seen"] - seen
        seen = told["windows_seen"]
    head = [f"the head alone, {run['head_steps']:,} steps"] if run["head_steps"] else []
    return "; ".join(head + [f"{windows:,} of {kind}" for kind, windows in stretches.items()])


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"



_INTRODUCTION = """---
license: mit
library_name: posterbeat
pipeline_tag: other
tags:
- music-generation
- midi
- lstm
---

# The reference study's final stack

Three bidirectional LSTMs of 512 units, batch norm, dropout, Dense(256), ReLU, batch norm, dropout, Dense: the last of three
networks of "Listen to What Poster Says" (2019), built layer by layer as published and trained here. It reads 100 words (a word
is a pitch or a chord) on a fixed step and predicts the next. It is kept to be heard and measured beside PosterBeat's own
composer, not because it composes well. It knows one genre; a request for another gives the same music.

```python
from posterbeat import PosterBeat
from posterbeat.music.historical import HistoricalStack

stack = HistoricalStack.from_pretrained("weights/historical")       # this folder, or a Hub repo
score = stack.generate("comedy", notes=300, seed=7)                 # the composer's signature
track = PosterBeat.load().compose("comedy", notes=300, seed=7, composer="historical")
```

Trained on MIDI transcriptions, most of them of works under copyright and labelled with a genre by rule or by hand. None of
them is part of this repository. No choice was based on `test` pieces.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    options = parser.parse_args()
    metrics = json.loads((options.weights / "metrics.json").read_text())
    (options.weights / "README.md").write_text(card(metrics), encoding="utf-8")


if __name__ == "__main__":
    main()
