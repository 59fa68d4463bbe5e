"""Turn a trained network into the folder that is shipped.

    python -m train.package_composer runs/composer/best.safetensors data/music.npz weights/composer

Writes config.json (sizes, and attributes of training pieces that requests are drawn from) and model.safetensors in half
precision. metrics.json and README.md come from `train.evaluate_composer`.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from posterbeat.genres import GENRES
from posterbeat.music.composer import BiLSTMComposer, ComposerConfig

_ROWS = 300  # pieces a genre whose attributes are kept
_MIN_NOTES = 200


def profiles(data: Path, seed: int = 0) -> dict[str, list[str]]:
    """Rows of `request.COLUMNS` by genre, of training pieces drawn without replacement, better labels first."""
    random = np.random.default_rng(seed)
    with np.load(data, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files if name not in ("fields", "onset", "match", "match_length")}
    rows = {}
    for index, genre in enumerate(GENRES):
        fit = (arrays["split"] == 0) & (arrays["genre"] == index) & (arrays["length"] >= _MIN_NOTES)
        # A piece that is mostly drums is no soundtrack.
        fit &= arrays["ensemble"][:, 16] <= 0.5
        # Tempi far out are how some files write double time; nearly empty pieces give a composer nothing to do.
        fit &= (arrays["tempo"] >= 45) & (arrays["tempo"] <= 210) & (arrays["density"] >= 1)
        weight = np.array([4.0, 2.0, 1.0])[arrays["quality"]] * fit
        chosen = random.choice(len(weight), min(_ROWS, int(fit.sum())), replace=False, p=weight / weight.sum())
        # Families that play less than a hundredth of the notes are left out.
        shares = np.round(100 * arrays["ensemble"][chosen] * (arrays["ensemble"][chosen] > 0.01)).astype(int)
        rows[genre] = [
            " ".join(map(str, (round(float(arrays["tempo"][i]), 1), round(float(arrays["density"][i]), 2), arrays["minor"][i],
                               arrays["bar"][i], arrays["shift"][i], *share)))
            for i, share in zip(chosen, shares)
        ]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    learned = json.loads(arguments.network.with_name("best.json").read_text())
    model = BiLSTMComposer(ComposerConfig(profiles=profiles(arguments.data), notes_seen=learned["notes_seen"]))
    model.network.load_state_dict(load_file(arguments.network))
    model.to(torch.float16).save_pretrained(arguments.out)


if __name__ == "__main__":
    main()
