"""How light, saturated and warm posters are: quantiles for posterbeat/colours.json.

    python -m train.posters.measure_colours POSTERS_FOLDER
"""

import argparse
import json
import random
import zipfile
from pathlib import Path

import numpy as np

import posterbeat.colours
from posterbeat.colours import measure_colours
from posterbeat.poster import open_poster

MEASURES = ("lightness", "saturation", "warmth")
STEPS = 51  # quantiles 0, 0.02, ..., 1: finer than any listener


def reference_quantiles(archive: zipfile.ZipFile, count: int, seed: int) -> dict[str, list[float]]:
    """Quantiles of each measure over `count` posters drawn from an archive, and of the mean of their ranks ("mood")."""
    names = sorted(name for name in archive.namelist() if not name.endswith("/"))
    names = random.Random(seed).sample(names, min(count, len(names)))
    measured = np.array([measure_colours(open_poster(archive.read(name))) for name in names])  # (posters, 3)
    levels = np.linspace(0.0, 1.0, STEPS)
    quantiles = np.quantile(measured, levels, axis=0).round(4)  # (STEPS, 3)
    ranks = np.column_stack([np.interp(measured[:, i], quantiles[:, i], levels) for i in range(len(MEASURES))])
    columns = {name: quantiles[:, i].tolist() for i, name in enumerate(MEASURES)}
    return {"posters": len(names), **columns, "mood": np.quantile(ranks.mean(axis=1), levels).round(4).tolist()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("posters", type=Path, help="folder with train.zip")
    parser.add_argument("--count", type=int, default=3000, help="posters drawn from the training split")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(posterbeat.colours.__file__).with_name("colours.json"))
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.posters / "train.zip") as archive:
        reference = reference_quantiles(archive, arguments.count, arguments.seed)
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in reference.items())
    arguments.out.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{arguments.out}: {reference['posters']} posters")


if __name__ == "__main__":
    main()
