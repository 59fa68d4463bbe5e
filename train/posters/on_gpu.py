"""The whole PosterNet, end to end, on posters that lie in the device's memory; and the reference study's own network.

PosterNet first learns soft labels on pairs of clean and worn views, then is steadied, as in the last run: both views are to
be read as it read the clean one before. All its layers learn; norms keep their statistics. The weights with the lowest log
loss on `val`, of whichever part, are kept, those that it started from among them.
"""

import copy
import csv
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import timm
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import posterbeat.vision  # noqa: F401  registers the networks
from posterbeat.whole_file import whole_file
from train.device import bf16_works
from train.posters.data import Posters, soft_labels, study_subset, trust
from train.posters.device_views import DevicePosters
from train.posters.jpeg_wear import compressed
from train.posters.loop import STUDY, Settings, train
from train.posters.packed import read_shards
from train.posters.sources import logits_of
from train.posters.validation import val_figures

BLUR = 0.6  # pixels of a poster as stored, as `PosterClassifier` reads
_WEB = 60  # JPEG's quality at which a poster is to be read as before
_CHUNK = 256  # posters that are compressed at once


@dataclass(frozen=True)
class Learning:
    """size, read_size : height and width at which is learned and read
    posters : from one look at `val` to the next; batch : posters a step, each seen twice
    steady : share of the time
    most : of each split; 0: all
    passes : looks at `val` after which each part ends; 0: when its time is over
    epochs : of the study's network
    """

    size: tuple[int, int] = (336, 224)
    read_size: tuple[int, int] = (360, 240)
    posters: int = 16_384
    batch: int = 128
    steady: float = 0.25
    most: int = 0
    passes: int = 0
    epochs: int = STUDY.epochs


SMOKE = Learning(size=(96, 64), read_size=(96, 64), posters=16, batch=8, most=100, passes=1, epochs=1)


def read(pack: Path, learning: Learning, processes: int) -> tuple[Posters, Posters]:
    """Posters of `train` and `val`, decoded."""
    begun = time.monotonic()
    posters, held_out = (read_shards(pack, split, processes, learning.most) for split in ("train", "val"))
    print(f"{len(posters.pixels)} and {len(held_out.pixels)} posters in {time.monotonic() - begun:.0f} s", flush=True)
    return posters, held_out


class Keeper:
    """Measures a network on `val` as it is read, and keeps the best one.

    `model.safetensors`, `best.json` (what was reached, when) and `curve.csv` in `out`.
    """

    def __init__(self, held_out: Posters, size: tuple[int, int], device: torch.device, out: Path):
        self.device, self.out, self.best, self.part = device, out, float("inf"), "start"
        self.begun = time.monotonic()
        self.check = DevicePosters(held_out, size, device, augmented=False, blur=BLUR)
        parts = [compressed(part.permute(0, 3, 1, 2).float(), torch.full((len(part),), _WEB, device=device))
                 for part in self.check.pixels.split(_CHUNK)]
        pixels = torch.cat([part.permute(0, 2, 3, 1).to(torch.uint8) for part in parts])
        self.worn = DevicePosters(Posters(held_out.table, pixels), size, device, augmented=False, blur=BLUR)
        self.figures = val_figures(self.check, held_out, device)
        out.mkdir(parents=True, exist_ok=True)

    def __call__(self, model: nn.Module) -> tuple[float, float]:
        loss, accuracy = self.figures(model)
        plain, old = (logits_of(model, source, self.device).argmax(1) for source in (self.check, self.worn))
        told = {"part": self.part, "seconds": round(time.monotonic() - self.begun), "val_log_loss": round(loss, 4),
                "val_balanced_accuracy": round(accuracy, 4), "val_jpeg_agreement": round(float((plain == old).mean()), 4)}
        new = not (self.out / "curve.csv").exists()
        with (self.out / "curve.csv").open("a", newline="") as file:
            rows = csv.DictWriter(file, told)
            if new:
                rows.writeheader()
            rows.writerow(told)
        if loss < self.best:
            self.best = loss
            with whole_file(self.out / "model.safetensors") as part:
                save_file({name: value.contiguous() for name, value in model.state_dict().items()}, part)
            (self.out / "best.json").write_text(json.dumps(told, indent=1) + "\n")
        print(f"picture, {told}", flush=True)
        return loss, accuracy


def learn_picture(posters: Posters, held_out: Posters, backbone: str, start: Path, out: Path, scratch: Path,
                  device: torch.device, minutes: float, learning: Learning, seed: int = 0) -> None:
    """PosterNet from the weights `start`; see the head of this file.

    Parameters
    ----------
    out : of what is kept; scratch : of checkpoints, which are large
    minutes : for all of it
    """
    begun = time.monotonic()
    torch.manual_seed(seed)
    network = timm.create_model("posternet", backbone=backbone)
    network.load_state_dict({name: value.float() if value.is_floating_point() else value
                             for name, value in load_file(start).items()})
    network = network.to(device, memory_format=torch.channels_last)
    keeper = Keeper(held_out, learning.read_size, device, out)
    keeper(network)
    settings = Settings(
        epochs=12, posters=min(learning.posters, len(posters.pixels)), batch=min(learning.batch, len(posters.pixels)),
        lr=6e-4, backbone_lr=0.5, head_decay=0.3, mixup=0.2, consistency=1.0, ema=0.998, bf16=bf16_works(device),
        device=str(device), seed=seed, checkpoint_minutes=1e9)  # what is kept is kept by the keeper
    steady = replace(settings, steady=True, mixup=0.0, lr=3e-4, seed=seed + 1)
    # The head's norm follows what the layers below it learn; once they are only steadied it stays, too.
    parts = {"labels": (1 - learning.steady, settings, 0.5, [network.backbone]),
             "steady": (1.0, steady, 0.8, [network.backbone, network.head])}
    for name, (share, how, area, still) in parts.items():
        keeper.part = name
        left = minutes - (time.monotonic() - begun) / 60
        how = replace(how, epochs=learning.passes) if learning.passes else replace(how, minutes=max(share * left, 1e-3))
        source = DevicePosters(posters, learning.size, device, augmented=True, pairs=True, area=area, blur=BLUR)
        teacher = copy.deepcopy(network).eval().requires_grad_(False) if how.steady else None
        train(network, source, np.arange(len(source)), soft_labels(posters), posters.labels, keeper, scratch / name,
              how, [network.backbone], still, trust(posters), teacher)


def learn_cnn(posters: Posters, held_out: Posters, out: Path, scratch: Path, device: torch.device, learning: Learning,
              seed: int = 0) -> None:
    """The study's own network under its protocol: about 7,254 balanced posters, first listed genre, Adam, 15 epochs."""
    torch.manual_seed(seed)
    network = timm.create_model("poster_cnn")
    size = network.pretrained_cfg["input_size"][1:]
    rows = study_subset(posters, seed)
    learn = DevicePosters(Posters(None, posters.pixels[rows]), size, device, augmented=False)
    check = DevicePosters(held_out, size, device, augmented=False)
    settings = replace(STUDY, epochs=learning.epochs, batch=min(STUDY.batch, len(rows)), device=str(device), seed=seed,
                       checkpoint_minutes=1e9)
    figures = val_figures(check, held_out, device)
    train(network, learn, np.arange(len(rows)), soft_labels(posters, first=1.0, smooth=0.0)[rows], posters.labels[rows],
          figures, scratch, settings)
    loss, accuracy = figures(network)
    out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.cpu().contiguous() for name, value in network.state_dict().items()}, out / "model.safetensors")
    (out / "curve.csv").write_text((scratch / "curve.csv").read_text())
    (out / "best.json").write_text(json.dumps({
        "posters": len(rows), "epochs": learning.epochs, "val_log_loss": round(loss, 4),
        "val_balanced_accuracy": round(accuracy, 4)}, indent=1) + "\n")
