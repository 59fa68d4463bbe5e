"""The classifier's model card and its confusion matrix, both read from metrics.json.

    python -m train.posters.write_card weights/classifier
"""

import argparse
import json
import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from posterbeat.genres import GENRES

_FRONT = """---
license: mit
library_name: timm
pipeline_tag: image-classification
tags:
- image-classification
- timm
- movie-posters
- film
- genre
metrics:
- balanced_accuracy
---
"""
_WORDS = {
    "balanced_accuracy": "balanced accuracy (mean recall, first listed genre)",
    "unambiguous": "balanced accuracy, films with one of the five genres only",
    "any_genre": "guess is among all the film's genres",
    "macro_f1": "macro F1",
    "ece": "expected calibration error (lower is better)",
}
_YARDSTICKS = {
    "chance": "chance",
    "colour_histogram": "colour histogram, logistic regression",
    "poster_lenet": "LeNet, from scratch",
    "poster_resnet20": "ResNet20, from scratch",
    "poster_cnn": "small CNN, from scratch",
    "frozen_backbone": "this network with a frozen backbone",
}
_COLOURS = ("#1c3c78", "#c0392b", "#27864a", "#8e44ad", "#b9770e", "#117a8b", "#555555", "#d35400")
_CHANGES = {
    "jpeg_quality_60": "JPEG, quality 60",
    "png_1000x1500": "enlarged to 1000 x 1500, PNG",
    "border_5_percent": "white border of 5 %",
    "cmyk": "CMYK",
}


def share(figure: dict) -> str:
    """"61.3 % (59.0 to 63.5)" of a figure with its interval."""
    text = f"{100 * figure['value']:.1f} %"
    return text + (f" ({100 * figure['low']:.1f} to {100 * figure['high']:.1f})" if "low" in figure else "")


def printed(yardstick: dict) -> str:
    return f"{100 * yardstick['study_printed']:.0f} %" if "study_printed" in yardstick else ""


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def draw_confusion(counts: list[list[int]], path: Path, cell: int = 92) -> None:
    """The confusion matrix as a picture: a row a label, shares of the row."""
    left, top = 110, 60
    side = cell * len(GENRES)
    picture = Image.new("RGB", (left + side + 20, top + side + 20), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=17)
    draw.text((left + side / 2, 14), "guess", fill="black", font=font, anchor="mm")
    for row, (label, line) in enumerate(zip(GENRES, counts)):
        draw.text((left - 10, top + (row + 0.5) * cell), label, fill="black", font=font, anchor="rm")
        draw.text((left + (row + 0.5) * cell, top - 16), label, fill="black", font=font, anchor="mm")
        for column, count in enumerate(line):
            part = count / max(1, sum(line))
            x, y = left + column * cell, top + row * cell
            shade = tuple(round(255 + (dark - 255) * min(1, part / 0.8)) for dark in (28, 62, 120))
            draw.rectangle((x, y, x + cell - 2, y + cell - 2), fill=shade)
            ink = "white" if part > 0.4 else "black"
            draw.text((x + cell / 2, y + cell / 2 - 10), f"{100 * part:.0f} %", fill=ink, font=font, anchor="mm")
            draw.text((x + cell / 2, y + cell / 2 + 14), str(count), fill=ink, font=font, anchor="mm")
    picture.save(path, optimize=True)


def run_row(name: str, run: dict) -> tuple[str, ...]:
    """A training run as a row of the card's table."""
    height, width = run.get("read_size", run["size"])
    learned = {"head": "head alone", "deep": f"head and blocks from {run.get('split_at')} on", "full": "all layers",
               "study": "all layers, from scratch",
               "export": f"nothing more: {'average of ' if len(run.get('start', ())) > 1 else ''}"
                         f"{' and '.join(start_name(start) for start in run.get('start', ()))}"}[run["stage"]]
    smoothed, mirrored = f"{run['blur']:g}" if run.get("blur") else "none", "yes" if run["flip"] else "no"
    labels, val = {"study": "first genre", "export": ""}.get(run["stage"], "soft"), run["val"]
    if run.get("steady"):
        labels = f"what {' and '.join(start_name(start) for start in run['start'])} reads, for worn copies too"
    return (
        name, run.get("network") or run["backbone"], f"{height} x {width}", learned,
        labels, f"Beta({run['mixup']:g})" if run["mixup"] else "none",
        str(len(run["curve"])), smoothed, mirrored, share({"value": val["balanced_accuracy"]}), f"{val['log_loss']:.3f}",
    )


def start_name(path: str) -> str:
    """The run that a file or folder of weights came from."""
    place = Path(path)
    return place.parent.name if place.name in ("network.pt", "best.pt", "weights") else place.name


_RUN_COLUMNS = ("run", "network", "read at (height x width)", "learned", "labels", "mixup", "epochs",
                "smoothed by", "mirrored reading", "accuracy", "log loss")


def draw_curves(runs: dict, path: Path) -> None:
    """Balanced accuracy on val after every epoch, a line a run."""
    left, top, width, height = 70, 30, 560, 330
    picture = Image.new("RGB", (left + width + 190, top + height + 60), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=15)
    runs = {name: run for name, run in runs.items() if run["curve"]}
    longest = max(len(run["curve"]) for run in runs.values())
    highest = max(row["val_balanced_accuracy"] for run in runs.values() for row in run["curve"])
    low, high = 0.2, math.ceil(highest * 10) / 10

    def at(epoch: float, accuracy: float) -> tuple[float, float]:
        return left + width * epoch / longest, top + height * (high - accuracy) / (high - low)

    for tenth in range(round(low * 10), round(high * 10) + 1):
        draw.line([at(0, tenth / 10), at(longest, tenth / 10)], fill="#dddddd")
        draw.text((left - 8, at(0, tenth / 10)[1]), f"{10 * tenth} %", fill="black", font=font, anchor="rm")
    for epoch in range(0, longest + 1, max(1, longest // 8)):
        draw.text((at(epoch, low)[0], top + height + 14), str(epoch), fill="black", font=font, anchor="mm")
    draw.text((left + width / 2, top + height + 40), "epoch (balanced accuracy on val)", fill="black", font=font, anchor="mm")
    for place, (name, run) in enumerate(runs.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        points = [at(row["epoch"], max(low, row["val_balanced_accuracy"])) for row in run["curve"]]
        draw.line(points, fill=colour, width=3, joint="curve")
        for x, y in points:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
        draw.text((left + width + 16, top + 12 + 24 * place), name, fill=colour, font=font, anchor="lm")
    picture.save(path, optimize=True)


def confused(counts: list[list[int]]) -> str:
    """The two commonest confusions in words."""
    shares = sorted(
        ((count / max(1, sum(line)), label, guess)
         for label, line in zip(GENRES, counts) for guess, count in zip(GENRES, line) if guess != label),
        reverse=True,
    )
    return " and ".join(f"{label} as {guess} ({100 * part:.0f} % of {label})" for part, label, guess in shares[:2])


def trained(runs: dict) -> str:
    """The section on training runs, empty without any."""
    if not runs:
        return ""
    return f"""
## Training runs
Figures on `val`, by which runs were chosen; the curves are of the averaged weights.

{table(_RUN_COLUMNS, [run_row(name, run) for name, run in runs.items()])}
![Balanced accuracy on val after every epoch](curves.png)
"""


def card(metrics: dict, config: dict) -> str:
    """The card's text (Markdown)."""
    arguments, height, width = config.get("model_args", {}), *config["pretrained_cfg"]["input_size"][1:]
    backbone = arguments.get("backbone", "tf_efficientnet_lite0")
    smoothed = f", smoothed a little (Gaussian of {config['blur']:g} pixels)" if config.get("blur") else ""
    mirrored = ", once as it is and once mirrored" if config.get("test_time_flip") else ""
    recall = [(genre, f"{100 * metrics['recall'][genre]:.1f} %") for genre in GENRES]
    yardsticks = [
        (words, share(metrics["yardsticks"][name]["balanced_accuracy"]), printed(metrics["yardsticks"][name]))
        for name, words in _YARDSTICKS.items() if name in metrics.get("yardsticks", {})
    ]
    covering, speed = metrics["covering"], metrics["ms_per_poster"]
    start = metrics.get("seconds_to_first_answer", {}).get("median")
    start = f"; a new process gives its first answer after {start:.1f} s" if start else ""
    return f"""{_FRONT}
# PosterBeat's genre classifier

Reads the genre of a film from its poster: {", ".join(GENRES)}. It drives the music of PosterBeat, which composes a
soundtrack for a poster.

```python
from posterbeat import PosterClassifier

classifier = PosterClassifier.from_pretrained("weights/classifier")   # this folder, or its Hub repo id
reading = classifier.predict("poster.jpg")
reading.genre, reading.probabilities
classifier.explain("poster.jpg")                                      # which parts spoke for the genre
```

`import posterbeat.vision; timm.create_model("local-dir:weights/classifier", pretrained=True)` gives the bare network.

## The network
PosterNet on `{backbone}` (ImageNet weights to start from): the head reads mean and standard deviation of every stage,
the poster's own colours included, so that style counts beside content. A plain frame around the poster is cut away; then it
is brought to 160 x 240{smoothed} and read at {width} x {height} (width x height){mirrored}, so that
a file's size and sharpness do not affect the reading.
Probabilities are calibrated on held-out posters with every genre weighing the same.

## Measured
On {metrics["n"]} posters of films that it never saw (IMDb's genres, label = first of the five that the film lists).
Ranges are {metrics["interval"]} intervals, seed {metrics["seed"]}.

{table(("figure", "value"), [(words, share(metrics[name])) for name, words in _WORDS.items()])}
{table(("genre", "recall"), recall)}
![Confusion matrix: a row a label, a column a guess](confusion.png)

{table(("compared with", "balanced accuracy", "as the study of 2019 printed it, on its own posters"), yardsticks)}
The same genre is read when a poster is changed ({metrics["agreement"]["n"]} posters):

{table(("change", "same genre"), [(words, share(metrics["agreement"][name])) for name, words in _CHANGES.items()])}
Covering the hottest fifth of the heat map lowers the genre's probability by {covering["hottest_fifth"]["value"]:.3f},
a random fifth by {covering["random_fifth"]["value"]:.3f}: {covering["ratio"]["value"]:.1f} times
({covering["ratio"]["low"]:.1f} to {covering["ratio"]["high"]:.1f}, {covering["n"]} posters). A poster takes
{speed["median"]:.0f} ms from file to probabilities on {speed["threads"]} threads, {speed["batch"]:.0f} ms in a batch{start}.

## Data
About 26,000 posters of films with their genres as public tables list them (IMDb's order where known), one a film,
near duplicates removed, split by film. The posters are the work of their owners: none is part of this repository.
Targets are soft: the first listed genre most, the others some; genres count alike in the loss, and posters whose source
lists genres alphabetically count less.
{trained(metrics.get("runs", {}))}
## Limits
- Every poster is forced into the five genres; a documentary or a western gets whichever comes nearest.
- Genres overlap and labels are noisy. Most confused: {confused(metrics["confusion"]["counts"])}.
- The posters come mostly from the United States and Europe and from films known to IMDb and MovieLens users up to about
  2018: other countries' and older or newer styles are read less well.
- A poster says how a film was sold. It is no judgement of the film.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("weights/classifier"))
    folder = parser.parse_args().folder
    metrics = json.loads((folder / "metrics.json").read_text())
    config = json.loads((folder / "config.json").read_text())
    draw_confusion(metrics["confusion"]["counts"], folder / "confusion.png")
    if any(run["curve"] for run in metrics.get("runs", {}).values()):
        draw_curves(metrics["runs"], folder / "curves.png")
    (folder / "README.md").write_text(card(metrics, config))


if __name__ == "__main__":
    main()
