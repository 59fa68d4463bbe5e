"""Train the poster networks.

    python -m train.posters.train                      all of the next four, up to weights/classifier
    python -m train.posters.prepare                       posters as arrays, once
    python -m train.posters.shallow_views                         PosterNet's frozen first blocks over all posters, once
    python -m train.posters.train head                 the head alone on the frozen backbone: seconds
    python -m train.posters.train deep                 the deeper blocks, from the head on: an hour on one core
    python -m train.posters.train full                 everything, end to end (with a GPU: --device cuda --bf16)
    python -m train.posters.train study poster_lenet   a network of the reference study, under its protocol
    python -m train.posters.train export --start A B   no training: averages weights, tries --read-size, --blur or --flip

Each writes checkpoints to its folder under runs/ and goes on from the last one when it is started again; a finished
run is exported to `--weights` (config.json, model.safetensors, calibrated on val). `--epochs` and the rest override
what a stage takes by default. Choose by the val figure that each prints; train/posters/evaluate.py looks at test.
"""

import argparse
import copy
import json
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import timm
import torch
from safetensors.torch import load_file
from torch import nn

import posterbeat.vision  # noqa: F401  registers the networks
from posterbeat.vision.batch_norm_folding import fold_batch_norms, unfold_batch_norms
from posterbeat.vision.classifier import PosterClassifier
from posterbeat.vision.openvino_runner import has_bf16
from posterbeat.vision.posternet import PosterNet
from train.parallel import Team
from train.posters.data import Posters, soft_labels, study_subset, trust
from train.posters.figures import probabilities
from train.posters.loop import STUDY, Settings, train
from train.posters.prepare import prepare
from train.posters.shallow_views import Deep, Descriptor, FreshViews, Shallow, imagenet_posternet, plain_views, runner
from train.posters.sources import CachedViews, Pictures
from train.posters.validation import balanced_figures, val_figures
from train.posters.weights import calibrate, calibrated_log, half_rounded, save_weights
from train.tables import sentences

_DEFAULTS = {
    "head": Settings(epochs=4, batch=512, lr=1e-3, ema=0.95, warmup=0.3, draw=0.0),
    "deep": Settings(epochs=4, lr=3e-4, backbone_lr=0.67, head_decay=0.3, mixup=0.2, ema=0.998, bf16=has_bf16()),
    "full": Settings(epochs=12, batch=64, lr=5e-4),
    "export": Settings(epochs=0),
    "study": STUDY,
}

_BATCH = 16


def plain_view(folder: Path, split: str) -> list[np.ndarray]:
    """What shallow_views.py wrote for a split: maps and settled parts of the descriptor, on disk."""
    paths = [folder / f"{split}_plain_{part}.npy" for part in ("maps", "settled")]
    if not paths[1].exists():
        raise SystemExit(f"No view of {split} in {folder}: run python -m train.posters.shallow_views first.")
    return [np.load(path, mmap_mode="r") for path in paths]


def descriptors(deep: Deep, view: list[np.ndarray], path: Path) -> np.ndarray:
    """Style descriptors of a view under the frozen deeper blocks, float32 (posters, num_features), kept in `path`."""
    if not path.exists():
        maps, settled = view
        run, parts = runner(Descriptor(deep), (_BATCH, *maps.shape[1:]), (_BATCH, settled.shape[1])), []
        for first in range(0, len(maps), _BATCH):
            rows = np.arange(first, first + _BATCH).clip(max=len(maps) - 1)  # the last batch is filled up
            found = run(maps[rows].astype(np.float32), settled[rows].astype(np.float32))[0]
            parts.append(found[: len(maps) - first].astype(np.float16))
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.concatenate(parts))
    return np.load(path, mmap_mode="r")


def start_posternet(arguments) -> PosterNet:
    """PosterNet with ImageNet weights, or with those of `--start` (network.pt of earlier stages, or a folder of weights).

    Several starts are averaged, which is sound where one was trained from the other (Wortsman et al., "Model soups",
    ICML 2022).
    """
    network = imagenet_posternet(arguments.backbone)
    states = [
        load_file(path / "model.safetensors") if path.is_dir() else torch.load(path, map_location="cpu", weights_only=True)
        for path in arguments.start
    ]
    if states:
        network.load_state_dict({
            name: torch.stack([state[name].float() for state in states]).mean(0).to(value.dtype)
            for name, value in states[0].items()
        })
    return network


def export(arguments, settings: Settings) -> nn.Module:
    """Nothing is learned: for other sizes, mirrored reading and averages of what is there."""
    arguments.run.mkdir(parents=True, exist_ok=True)
    return start_posternet(arguments)


def train_head(arguments, settings: Settings) -> nn.Module:
    """The head on frozen descriptors of the plain posters."""
    network = start_posternet(arguments)
    deep = Deep(network, arguments.split_at)
    posters, held_out = (Posters.load(arguments.data, split) for split in ("train", "val"))
    learn, check = (
        CachedViews([descriptors(deep, plain_view(arguments.views, split), arguments.run / f"{split}_descriptors.npy")])
        for split in ("train", "val")
    )
    spread = np.asarray(learn.parts[0][::4], np.float32)
    network.head.norm.running_mean.copy_(torch.from_numpy(spread.mean(0)))
    network.head.norm.running_var.copy_(torch.from_numpy(spread.var(0)))
    # The stages' scales are known from all posters at once: better than learning them batch by batch.
    train(network.head, learn, np.arange(len(learn)), soft_labels(posters), posters.labels,
          val_figures(check, held_out), arguments.run, settings,
          frozen_norms=[network.head], trust=trust(posters))
    torch.save(network.state_dict(), arguments.run / "network.pt")
    return network


class FullPrecision:
    """Mixed into a layer's class: the layer stays in single precision under autocast."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())


def keep_depthwise(module: nn.Module) -> None:
    """Leave the convolutions that go channel by channel as they are.

    They hold one weight in fifty, and learning them takes a quarter of the time on a CPU, where bfloat16 makes them
    slower still.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv2d) and part.groups > 1:
            part.requires_grad_(False)
            part.__class__ = type(f"FullPrecision{type(part).__name__}", (FullPrecision, type(part)), {})


def train_deep(arguments, settings: Settings) -> nn.Module:
    """The deeper blocks and the head on cached views."""
    plain = start_posternet(arguments)
    network = copy.deepcopy(plain).eval()
    # Norms with fixed statistics are folded away: a third faster, and crops and mixtures cannot blur the statistics.
    fold_batch_norms(network.backbone)
    deep = Deep(network, arguments.split_at).to(memory_format=torch.channels_last)
    start = {name: value.clone() for name, value in deep.state_dict().items()}
    posters, held_out = (Posters.load(arguments.data, split) for split in ("train", "val"))
    shallow = Shallow(imagenet_posternet(arguments.backbone), arguments.split_at)
    # What is only to be steadied sees posters as they are read: nearly whole, and smoothed.
    views = {"area": 0.8, "blur": arguments.blur} if settings.steady else {}
    learn = FreshViews(shallow, posters, arguments.size, settings.consistency > 0, **views)
    check = CachedViews(plain_view(arguments.views, "val"))
    teacher = copy.deepcopy(deep).requires_grad_(False) if settings.steady else None
    network.backbone.requires_grad_(False)
    for module in deep.learning():
        module.requires_grad_(True)
        keep_depthwise(module)
    train(deep, learn, np.arange(len(learn)), soft_labels(posters), posters.labels,
          val_figures(check, held_out), arguments.run, settings,
          deep.learning(), [network.head], trust(posters), teacher)
    # Part of the way back to the start: fine-tuned weights that have drifted less read new posters better (Wortsman et al.,
    # "Robust fine-tuning of zero-shot models", CVPR 2022).
    share = arguments.start_share
    deep.load_state_dict({
        name: share * start[name] + (1 - share) * value if value.is_floating_point() else value
        for name, value in deep.state_dict().items()
    })
    unfold_batch_norms(network, plain)
    torch.save(plain.state_dict(), arguments.run / "network.pt")
    return plain


def train_full(arguments, settings: Settings) -> nn.Module:
    """All layers on augmented posters."""
    network = start_posternet(arguments).to(memory_format=torch.channels_last)
    posters, held_out = (Posters.load(arguments.data, split) for split in ("train", "val"))
    learn, check = Pictures(posters, arguments.size, True), Pictures(held_out, arguments.size, False)
    train(network, learn, np.arange(len(learn)), soft_labels(posters), posters.labels,
          val_figures(check, held_out, settings.device),
          arguments.run, settings, [network.backbone], [network.backbone])
    torch.save(network.state_dict(), arguments.run / "network.pt")
    return network.cpu()


def train_study(arguments, settings: Settings) -> nn.Module:
    """A network from scratch: first listed genre, balanced posters, Adam."""
    torch.manual_seed(settings.seed)
    network = timm.create_model(arguments.network)
    arguments.size = arguments.read_size = network.pretrained_cfg["input_size"][1:]
    arguments.blur = 0.0  # the study knew nothing of it
    posters, held_out = (Posters.load(arguments.data, split) for split in ("train", "val"))
    rows = study_subset(posters, settings.seed)
    learn = CachedViews([Pictures(posters, arguments.size, False).inputs(rows, None)[0].astype(np.float16)])
    train(network, learn, np.arange(len(rows)), soft_labels(posters, first=1.0, smooth=0.0)[rows], posters.labels[rows],
          val_figures(Pictures(held_out, arguments.size, False), held_out), arguments.run, settings)
    return network


def train_all(arguments) -> None:
    """Prepare, head, deeper blocks, export: each part that is already there is left as it is."""
    prepare(arguments.source, arguments.data)
    plain_views(arguments.data, arguments.views, arguments.backbone, arguments.size, arguments.split_at)
    head = Path("runs/vision/head")
    run_stage(argparse.Namespace(**{**vars(arguments), "stage": "head", "run": head, "weights": None}))
    deep = {"stage": "deep", "run": Path("runs/vision/deep"), "start": [head / "network.pt"],
            "weights": arguments.weights or Path("weights/classifier")}
    run_stage(argparse.Namespace(**{**vars(arguments), **deep}))


@sentences()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", nargs="?", choices=("all", *_DEFAULTS), default="all")
    parser.add_argument("network", nargs="?", default="posternet", help="for study: one of the study's networks")
    parser.add_argument("--data", type=Path, default=Path("data/posters"), help="what prepare_posters.py wrote")
    parser.add_argument("--views", type=Path, default=Path("runs/vision/views"), help="what shallow_views.py wrote")
    parser.add_argument("--run", type=Path, help="folder of checkpoints; default runs/vision/<stage or network>")
    parser.add_argument("--weights", type=Path, help="folder to export to; default <run>/weights")
    parser.add_argument("--start", type=Path, nargs="+", default=[], metavar="START",
                        help="network.pt of an earlier stage, or a folder of weights; several are averaged")
    parser.add_argument("--backbone", default="tf_efficientnet_lite2", help="any timm name")
    parser.add_argument("--split-at", type=int, default=5, help="as given to shallow_views.py")
    parser.add_argument("--size", type=int, nargs=2, default=(336, 224), metavar=("HEIGHT", "WIDTH"), help="learned at")
    parser.add_argument("--read-size", type=int, nargs=2, default=(360, 240), metavar=("HEIGHT", "WIDTH"),
                        help="at which what was learned reads: larger, as training views are crops")
    parser.add_argument("--start-share", type=float, default=0.3, help="for deep: share of the start's weights in the end")
    parser.add_argument("--blur", type=float, default=0.6,
                        help="smooths what PosterNet reads, in pixels of a stored poster; the study's networks read it as it is")
    parser.add_argument("--flip", action=argparse.BooleanOptionalAction, default=False, help="read mirrored as well")
    for field in fields(Settings):
        kind = {"action": argparse.BooleanOptionalAction} if field.type is bool else {"type": field.type}
        parser.add_argument("--" + field.name.replace("_", "-"), **kind)
    parser.add_argument("--source", type=Path, default=Path("../shared/data/posters"), help="for all: the zips")
    arguments = parser.parse_args()
    if arguments.stage == "all":
        train_all(arguments)
        return
    run_stage(arguments)


def run_stage(arguments) -> None:
    """One stage, then its weights."""
    arguments.run = arguments.run or Path("runs/vision") / (
        arguments.network if arguments.stage == "study" else arguments.stage
    )
    given = {field.name: getattr(arguments, field.name) for field in fields(Settings)}
    given = {name: value for name, value in given.items() if value is not None}
    settings = replace(_DEFAULTS[arguments.stage], **given)
    if settings.consistency and arguments.stage != "deep":
        raise SystemExit("--consistency needs pairs of views, which only the stage deep makes.")
    if settings.steady and not settings.consistency:
        raise SystemExit("--steady needs pairs of views: give --consistency as well.")
    stage = {"head": train_head, "deep": train_deep, "full": train_full, "study": train_study,
             "export": export}[arguments.stage]
    team = Team(settings.device)
    network = half_rounded(stage(arguments, replace(settings, device=str(team.device))))
    if not team.leads:
        return
    found, calibration = held_out_figures(network, arguments)
    weights = arguments.weights or arguments.run / "weights"
    save_weights(network, weights, tuple(arguments.read_size), calibration, test_time_flip=arguments.flip,
                 blur=arguments.blur)
    record = {"stage": arguments.stage, "size": list(arguments.size), "read_size": list(arguments.read_size),
              "flip": arguments.flip, "blur": arguments.blur, **asdict(settings), "val": found}
    if arguments.stage == "study":
        record["network"] = arguments.network
    else:
        record |= {"backbone": arguments.backbone, "split_at": arguments.split_at}
        record["start"] = [str(path) for path in arguments.start]
    if arguments.stage == "deep":
        record["start_share"] = arguments.start_share
    (arguments.run / "run.json").write_text(json.dumps(record, indent=2) + "\n")
    print(f"{found}, written to {weights}")


def held_out_figures(network: nn.Module, arguments) -> tuple[dict, dict]:
    """Figures on val as the app would read it, and the calibration they were reached with."""
    held_out = Posters.load(arguments.data, "val")
    classifier = PosterClassifier(copy.deepcopy(network), (3, *arguments.read_size), flip=arguments.flip, blur=arguments.blur)
    rows = np.flatnonzero(held_out.imdb)
    labels = held_out.labels[rows]
    # At temperature 1 the logarithms of the probabilities are the logits but for a constant a poster.
    logits = np.log(probabilities(classifier, held_out.pixels[rows], exact=True))
    calibration = calibrate(logits, labels)
    loss, accuracy = balanced_figures(calibrated_log(logits, calibration), labels)
    return {"log_loss": round(loss, 4), "balanced_accuracy": round(accuracy, 4)}, calibration


if __name__ == "__main__":
    main()
