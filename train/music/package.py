"""Turn a trained network into the folder that is shipped.

    python -m train.music.package runs/composer/best.safetensors data/music.npz weights/composer

Writes config.json (sizes, and attributes of training pieces that requests are drawn from) and model.safetensors in half
precision. metrics.json and README.md come from `train.music.evaluate`.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from posterbeat.composer.bilstm_composer import BiLSTMComposer, ComposerConfig
from posterbeat.genres import GENRES
from posterbeat.instruments import DRUM_FAMILY
from train.tables import sentences

_ROWS = 300  # pieces a genre whose attributes are kept
_MIN_NOTES = 200
_QUALITY = np.array([4.0, 2.0, 1.0])  # weight of label quality A, B, C
_PER_PIECE = ("length", "genre", "split", "quality", "bar", "minor", "shift", "tempo", "density", "ensemble")
_LABEL = 0.4  # share of the piece's own label in how typical it is; the rest is what its attributes say


def attributes(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """What a request tells of each piece, as numbers of like size: np.ndarray of float, shape (pieces, 59)."""
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
    weight = _QUALITY[arrays["quality"]]
    for index in range(len(GENRES)):
        of_genre = learn & (arrays["genre"] == index)
        weight[of_genre] /= weight[of_genre].sum()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2000, random_state=seed))
    x = attributes(arrays)
    model.fit(x[learn], arrays["genre"][learn], logisticregression__sample_weight=weight[learn] * learn.sum())
    return (1 - _LABEL) * model.predict_proba(x) + _LABEL * np.eye(len(GENRES))[arrays["genre"]]


def profiles(data: Path, seed: int = 0) -> dict[str, list[str]]:
    """Rows as `request.Profiles` reads them, of training pieces drawn without replacement, better labels first."""
    random = np.random.default_rng(seed)
    with np.load(data, allow_pickle=False) as file:
        arrays = {name: file[name] for name in _PER_PIECE}
    typical = np.round(100 * typicality(arrays)).astype(int)
    rows = {}
    for index, genre in enumerate(GENRES):
        fit = (arrays["split"] == 0) & (arrays["genre"] == index) & (arrays["length"] >= _MIN_NOTES)
        # A piece that is mostly drums is no soundtrack.
        fit &= arrays["ensemble"][:, DRUM_FAMILY] <= 0.5
        # Tempi far out are how some files write double time; nearly empty pieces give a composer nothing to do.
        fit &= (arrays["tempo"] >= 45) & (arrays["tempo"] <= 210) & (arrays["density"] >= 1)
        weight = _QUALITY[arrays["quality"]] * fit
        chosen = random.choice(len(weight), min(_ROWS, int(fit.sum())), replace=False, p=weight / weight.sum())
        # Families that play less than a hundredth of the notes are left out.
        shares = np.round(100 * arrays["ensemble"][chosen] * (arrays["ensemble"][chosen] > 0.01)).astype(int)
        rows[genre] = [
            " ".join(map(str, (round(float(arrays["tempo"][i]), 1), round(float(arrays["density"][i]), 2), arrays["minor"][i],
                               arrays["bar"][i], arrays["shift"][i], *share, *typical[i])))
            for i, share in zip(chosen, shares)
        ]
    return rows


@sentences()
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
