"""Which parts of a picture spoke for a class: Grad-CAM, extended to heads that read every stage.

Grad-CAM (Selvaraju et al., ICCV 2017) weighs the last maps by the gradient of the logit. PosterNet's head reads
mean and standard deviation of *every* stage, so each stage speaks directly, and what each place of a stage adds to
the logit is gradient times activation there (HiResCAM: Draelos and Carin, arXiv 2011.08891, 2020). No pass back
through the backbone is needed, and no hooks, so threads cannot meet.
"""

import numpy as np
import torch
from torch.nn import functional as F

from posterbeat.vision.posternet import mean_and_std

_SMOOTH = 9  # pixels at 1/8 size: heat is spread over about a fifth of the width, as the deep maps' fields are


def heat_map(network: torch.nn.Module, picture: torch.Tensor, target: int) -> np.ndarray:
    """Heat of class `target` over the picture.

    Parameters
    ----------
    network
        Network in evaluation mode. With `forward_maps` (PosterNet) all its stages speak, otherwise its last maps.
    picture
        Prepared pixels, shape=(1, channels, h, w).
    target
        Index of the class.

    Returns
    -------
    np.ndarray, shape=(h, w), float32 in [0, 1], 1 where most was said for the class.
    """
    with torch.no_grad():
        every_stage = hasattr(network, "forward_maps")
        maps = network.forward_maps(picture)[1:] if every_stage else [network.forward_features(picture)]
    with torch.enable_grad():
        maps = [stage.detach().requires_grad_() for stage in maps]
        if every_stage:
            features = torch.cat([mean_and_std(picture), *map(mean_and_std, maps)], dim=1)
        else:
            features = maps[0]
        evidence = network.forward_head(features).log_softmax(dim=1)[0, target]
        gradients = torch.autograd.grad(evidence, maps)
    size = picture.shape[-2:]
    grid = (max(1, size[0] // 8), max(1, size[1] // 8))
    heat = torch.zeros(1, 1, *grid)
    for stage, gradient in zip(maps, gradients):
        said = (gradient * (stage.detach() - stage.detach().mean(dim=(2, 3), keepdim=True))).sum(1, keepdim=True)
        share = said.shape[2] * said.shape[3] / (grid[0] * grid[1])  # a place of a coarse map covers many of the grid
        heat += F.interpolate(said * share, grid, mode="area" if share > 1 else "bilinear")
    heat = F.avg_pool2d(heat, _SMOOTH, 1, _SMOOTH // 2, count_include_pad=False)
    heat = F.interpolate(heat, size, mode="bilinear", align_corners=False)[0, 0]
    heat = heat - heat.min()
    return (heat / heat.max().clamp_min(1e-12)).numpy().astype(np.float32)
