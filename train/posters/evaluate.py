"""Measure the classifier on `test` and write metrics.json beside its weights.

    python -m train.posters.evaluate                     weights/classifier on data/posters
    python -m train.posters.evaluate --parts yardsticks runs     the networks under runs/vision, the colour histogram
    python -m train.posters.evaluate --parts speed               the times again
    python -m train.posters.evaluate --split val                 print the figures of val, write nothing

What is not measured again stays as it is in metrics.json.

Balanced accuracy, recall, confusion, macro F1 and the others are over the posters whose genres stand in IMDb's own
order, labelled by the first listed of the five. Intervals are 95 % bootstrap intervals over posters.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from posterbeat.vision.classifier import PosterClassifier
from train.posters.data import Posters
from train.posters.figures import SEED, figures, interval, probabilities
from train.posters.yardsticks import training_runs, yardsticks

_PARTS = ("figures", "agreement", "covering", "speed", "yardsticks", "runs")


def changed(picture: np.ndarray) -> dict[str, bytes | Image.Image]:
    """The four changes that must not change a poster's genre."""
    poster = Image.fromarray(picture)

    def encoded(image, kind, **options):
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    border = (round(0.05 * poster.width), round(0.05 * poster.height))
    return {
        "jpeg_quality_60": encoded(poster, "JPEG", quality=60),
        "png_1000x1500": encoded(poster.resize((1000, 1500), Image.Resampling.BICUBIC), "PNG", compress_level=1),
        "border_5_percent": encoded(ImageOps.expand(poster, (*border, *border), "white"), "PNG"),
        "cmyk": encoded(poster.convert("CMYK"), "TIFF"),
    }


def agreement(classifier: PosterClassifier, posters: Posters, count: int = 500) -> dict:
    """Share of posters whose predicted genre stays under each change."""
    rows = np.sort(np.random.default_rng(SEED).permutation(len(posters.pixels))[:count])
    before = probabilities(classifier, posters.pixels[rows], exact=True).argmax(1)
    found, versions = {}, [changed(posters.pixels[row]) for row in rows]
    for change in versions[0]:
        after = probabilities(classifier, [version[change] for version in versions], exact=True).argmax(1)
        found[change] = interval(lambda same: float(same.mean()), (before == after).astype(float))
    return {**found, "n": len(rows)}


def covering(classifier: PosterClassifier, posters: Posters, count: int = 300) -> dict:
    """How far covering the hottest fifth of a poster lowers its genre's probability, and covering a random fifth."""
    rng = np.random.default_rng(SEED)
    rows = np.sort(rng.permutation(len(posters.pixels))[:count])
    hot_drops, random_drops = [], []
    for row in rows:
        picture = np.asarray(posters.pixels[row])
        heat = classifier.explain(picture)
        heat = np.asarray(Image.fromarray(heat).resize(picture.shape[1::-1], Image.Resampling.BILINEAR))
        # A random fifth of the same make: smooth blobs, not scattered pixels.
        noise = Image.fromarray(rng.random((6, 4)).astype(np.float32))
        noise = np.asarray(noise.resize(picture.shape[1::-1], Image.Resampling.BICUBIC))
        versions = [picture]
        for map_ in (heat, noise):
            covered = picture.copy()
            covered[map_ >= np.quantile(map_, 0.8)] = picture.mean((0, 1)).astype(np.uint8)
            versions.append(covered)
        plain, hot, anywhere = classifier.predict_batch(versions, exact=True)
        hot_drops.append(plain.probabilities[plain.genre] - hot.probabilities[plain.genre])
        random_drops.append(plain.probabilities[plain.genre] - anywhere.probabilities[plain.genre])
    hot_drops, random_drops = np.array(hot_drops), np.array(random_drops)
    return {
        "hottest_fifth": interval(lambda drops: float(drops.mean()), hot_drops),
        "random_fifth": interval(lambda drops: float(drops.mean()), random_drops),
        "ratio": interval(lambda hot, anywhere: float(hot.mean() / anywhere.mean()), hot_drops, random_drops),
        "n": len(rows),
    }


def speed(classifier: PosterClassifier, files: list[bytes]) -> dict:
    """Milliseconds from file to probabilities, one poster at a time and in a batch, on two threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    classifier.predict(files[0])
    classifier.predict_batch(files)  # the first time an engine is made
    times = []
    for file in files:
        start = time.perf_counter()
        classifier.predict(file)
        times.append(1000 * (time.perf_counter() - start))
    start = time.perf_counter()
    classifier.predict_batch(files)
    batched = 1000 * (time.perf_counter() - start) / len(files)
    torch.set_num_threads(threads)
    return {"median": round(float(np.median(times)), 1), "batch": round(batched, 1), "threads": 2, "n": len(files)}


def first_answer(weights: Path, file: bytes, times: int = 5) -> dict:
    """Seconds from the start of a process to its first reading, median of several."""
    code = ("import sys; from posterbeat import PosterClassifier; "
            "print(PosterClassifier.from_pretrained(sys.argv[1]).predict(sys.stdin.buffer.read()).genre)")
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, str(weights)], input=file, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - start)
    return {"median": round(float(np.median(taken)), 1), "n": times}


def timings(classifier: PosterClassifier, weights: Path, files: list[bytes]) -> dict:
    """The figures that depend on the machine and on what else runs on it."""
    return {
        "ms_per_poster": speed(classifier, files),
        "seconds_to_first_answer": first_answer(weights, files[0]),
        "load": round(os.getloadavg()[0], 1),
    }


def poster_files(posters: Posters, archive: Path, count: int = 64) -> list[bytes]:
    """Posters as files: those of the zip where it is, else as JPEG."""
    if archive.exists():
        with zipfile.ZipFile(archive) as pictures:
            return [pictures.read(name) for name in posters.table.file[:count]]
    return [changed(picture)["jpeg_quality_60"] for picture in posters.pixels[:count]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path("weights/classifier"))
    parser.add_argument("--data", type=Path, default=Path("data/posters"))
    parser.add_argument("--source", type=Path, default=Path("../shared/data/posters"), help="folder of the zips")
    parser.add_argument("--runs", type=Path, default=Path("runs/vision"))
    parser.add_argument("--split", default="test", choices=("test", "val"))
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS[:4])
    arguments = parser.parse_args()
    posters = Posters.load(arguments.data, arguments.split)
    classifier = PosterClassifier.from_pretrained(arguments.weights)
    found = {}
    if "figures" in arguments.parts:
        found |= {"split": arguments.split, "seed": SEED, "interval": "95 % bootstrap",
                  **figures(probabilities(classifier, posters.pixels, exact=True), posters)}
    if "agreement" in arguments.parts:
        found["agreement"] = agreement(classifier, posters)
    if "covering" in arguments.parts:
        found["covering"] = covering(classifier, posters)
    if "speed" in arguments.parts:
        files = poster_files(posters, arguments.source / f"{arguments.split}.zip")
        found |= timings(classifier, arguments.weights, files)
    if "yardsticks" in arguments.parts:
        found["yardsticks"] = yardsticks(arguments.data, arguments.runs, posters)
    if "runs" in arguments.parts:
        found["runs"] = training_runs(arguments.runs)
    print(json.dumps({name: figure for name, figure in found.items() if name != "runs"}, indent=2))
    if arguments.split == "test":
        write(arguments.weights / "metrics.json", found)


def write(path: Path, found: dict) -> None:
    """Add new figures to a metrics.json; of yardsticks and runs, earlier ones of other names stay."""
    metrics = json.loads(path.read_text()) if path.exists() else {}
    for name in ("yardsticks", "runs"):
        if name in found:
            found[name] = metrics.get(name, {}) | found[name]
    path.write_text(json.dumps(metrics | found, indent=2) + "\n")


if __name__ == "__main__":
    main()
