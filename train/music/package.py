"""Turn the trained networks into the folder that is shipped.

    python -m train.music.package runs/writer runs/planner data/music.npz weights/composer

Writes config.json (attributes of training pieces that briefs are drawn from) and model.safetensors in half precision.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from posterbeat.composer.model import BiLSTMComposer, ComposerConfig
from posterbeat.genres import GENRES
from posterbeat.instruments import DRUM_FAMILY, FAMILIES
from train.tables import sentences

_ROWS = 300  # pieces a genre whose attributes are kept
_MIN_NOTES = 600
_QUALITY = np.array([2.0, 1.5, 1.0])  # weight of label quality A, B, C among those that are kept
_CERTAINTY = np.array([4.0, 2.0, 1.0])  # and in learning what is typical
_LABEL = 0.4  # share of the piece's own label in how typical it is; the rest is what its attributes say


def attributes(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """What a brief tells of each piece, as numbers of like size: np.ndarray of float, shape (pieces, 59)."""
    share = arrays["ensemble"]
    tempo, density = np.log(arrays["tempo"] / 110), np.log(np.maximum(arrays["density"], 0.2) / 5)
    plain = [tempo, tempo**2, density, density**2, arrays["minor"], arrays["bar"] == 48, arrays["bar"] == 36,
             (share > 0.01).sum(1) / 5]
    return np.concatenate([np.stack(plain, axis=1), np.sqrt(share), share > 0.01, share > 0.3], axis=1)


def typicality(arrays: dict[str, np.ndarray], seed: int = 0) -> np.ndarray:
    """How typical of each genre every piece is: np.ndarray of float, shape (pieces, 5), rows sum to 1.

    A logistic regression from the attributes to the genre, learned from the training pieces with genres weighing alike,
    says how much each genre has of such pieces; the piece's own label counts besides. The judge that measures the
    composer is another model and hears notes; it has no part in this.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    learn = arrays["split"] == 0
    weight = _CERTAINTY[arrays["quality"]]
    for index in range(len(GENRES)):
        of_genre = learn & (arrays["genre"] == index)
        weight[of_genre] /= weight[of_genre].sum()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2000, random_state=seed))
    x = attributes(arrays)
    model.fit(x[learn], arrays["genre"][learn], logisticregression__sample_weight=weight[learn] * learn.sum())
    return (1 - _LABEL) * model.predict_proba(x) + _LABEL * np.eye(len(GENRES))[arrays["genre"]]


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
        there = (about[:, 1] == 0) & (about[:, 0] == index)
        fit = there & (about[:, 7] >= _MIN_NOTES)
        fit &= share[:, DRUM_FAMILY] <= 0.5  # a piece that is mostly drums is no soundtrack
        # Tempi far out are how some files write double time; nearly empty pieces give a composer nothing to do.
        fit &= (pace[:, 0] >= 45) & (pace[:, 0] <= 210) & (pace[:, 1] >= 1)
        fit = fit if fit.any() else there  # who has short pieces alone learns from these
        if not fit.any():
            continue
        weight = _QUALITY[about[:, 2]] * fit
        for piece in random.choice(len(weight), min(_ROWS, int(fit.sum())), replace=False, p=weight / weight.sum()):
            head = (round(float(pace[piece, 0]), 1), round(float(pace[piece, 1]), 2), about[piece, 5], about[piece, 3],
                    about[piece, 6], *typical[piece])
            of_piece = parts[edge[piece]:edge[piece + 1]]
            rows.append("|".join([" ".join(map(str, head)), *(
                " ".join(map(str, (family, program, register, voices, busy, active)))
                for family, register, voices, busy, active, program in of_piece.tolist())]))
    return rows


@sentences()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("writer", type=Path)
    parser.add_argument("planner", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    seen = [json.loads((folder / "best.json").read_text())["seen"] for folder in (options.writer, options.planner)]
    model = BiLSTMComposer(ComposerConfig(profiles=profiles(options.data), notes_seen=seen[0], plans_seen=seen[1]))
    model.networks.load_state_dict(load_file(options.writer / "best.safetensors"))
    model.planner.load_state_dict(load_file(options.planner / "best.safetensors"))
    model.to(torch.float16).save_pretrained(options.out)


if __name__ == "__main__":
    main()
