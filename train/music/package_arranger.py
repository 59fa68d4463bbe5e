"""Turn the trained networks into the folder that is shipped.

    python -m train.music.package_arranger runs/writer runs/planner data/arranger.npz weights/arranger

Writes config.json (attributes of training pieces that briefs are drawn from) and model.safetensors in half precision.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from posterbeat.composer.model import Arranger, ArrangerConfig
from posterbeat.genres import GENRES
from posterbeat.instruments import DRUM_FAMILY, FAMILIES
from train.music.package import typicality

_ROWS = 300  # pieces a genre whose attributes are kept
_MIN_NOTES = 600
_QUALITY = np.array([2.0, 1.5, 1.0])  # weight of label quality A, B, C


def profiles(data: Path, seed: int = 0) -> list[str]:
    """Rows as `brief.Profiles` reads them, of training pieces drawn without replacement, better labels first."""
    random = np.random.default_rng(seed)
    with np.load(data, allow_pickle=False) as file:
        about, pace, parts, cells, copy = (file[name] for name in ("about", "pace", "parts", "cells", "copy"))
        of_parts, of_cells, bars = (file[f"len_{name}"] for name in ("parts", "cells", "copy"))
    edge, cell_edge = np.concatenate([[0], np.cumsum(of_parts)]), np.concatenate([[0], np.cumsum(of_cells)])
    share = np.zeros((len(about), len(FAMILIES)))
    counts = cells[:, 2].astype(float)
    for piece, voices in enumerate(of_parts):
        sums = counts[cell_edge[piece]:cell_edge[piece + 1]].reshape(-1, voices).sum(0)
        np.add.at(share[piece], parts[edge[piece]:edge[piece + 1], 0], sums / max(sums.sum(), 1))
    arrays = {"genre": about[:, 0], "split": about[:, 1], "quality": about[:, 2], "bar": about[:, 3], "minor": about[:, 5],
              "tempo": pace[:, 0], "density": pace[:, 1], "ensemble": share}
    typical = np.round(100 * typicality(arrays)).astype(int)
    rows = []
    for index in range(len(GENRES)):
        fit = (about[:, 1] == 0) & (about[:, 0] == index) & (about[:, 7] >= _MIN_NOTES)
        fit &= share[:, DRUM_FAMILY] <= 0.5  # a piece that is mostly drums is no soundtrack
        # Tempi far out are how some files write double time; nearly empty pieces give a composer nothing to do.
        fit &= (pace[:, 0] >= 45) & (pace[:, 0] <= 210) & (pace[:, 1] >= 1)
        weight = _QUALITY[about[:, 2]] * fit
        for piece in random.choice(len(weight), min(_ROWS, int(fit.sum())), replace=False, p=weight / weight.sum()):
            head = (round(float(pace[piece, 0]), 1), round(float(pace[piece, 1]), 2), about[piece, 5], about[piece, 3],
                    about[piece, 6], *typical[piece])
            of_piece = parts[edge[piece]:edge[piece + 1]]
            rows.append("|".join([" ".join(map(str, head)), *(
                " ".join(map(str, (family, program, register, voices, busy, active)))
                for family, register, voices, busy, active, program in of_piece.tolist())]))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("writer", type=Path)
    parser.add_argument("planner", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    seen = [json.loads((folder / "best.json").read_text())["seen"] for folder in (options.writer, options.planner)]
    model = Arranger(ArrangerConfig(profiles=profiles(options.data), notes_seen=seen[0], plans_seen=seen[1]))
    model.networks.load_state_dict(load_file(options.writer / "best.safetensors"))
    model.planner.load_state_dict(load_file(options.planner / "best.safetensors"))
    model.to(torch.float16).save_pretrained(options.out)


if __name__ == "__main__":
    main()
