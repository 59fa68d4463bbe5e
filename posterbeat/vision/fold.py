"""Batch norms folded into the convolutions before them: the same function in fewer passes over memory."""

import torch
from timm.layers import BatchNormAct2d
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norms(module: nn.Module) -> nn.Module:
    """Fold, in place, every batch norm that directly follows a convolution among the children of one module.

    timm's networks of the EfficientNet, MobileNet and GhostNet kinds name their layers in the order in which they
    are called, so "the next child" is "the next layer" there. Others are left as they are by `folds_exactly`.

    Parameters
    ----------
    module
        A network in evaluation mode.
    """
    children = [(name, child) for name, child in module.named_children() if not isinstance(child, nn.Identity)]
    for (first, convolution), (second, norm) in zip(children, children[1:]):
        if not isinstance(convolution, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
            continue
        if norm.num_features != convolution.out_channels:
            continue
        setattr(module, first, fuse_conv_bn_eval(convolution, norm))
        activation = nn.Sequential(norm.drop, norm.act) if isinstance(norm, BatchNormAct2d) else nn.Identity()
        setattr(module, second, activation)
    for _, child in module.named_children():
        fold_batch_norms(child)
    return module


@torch.inference_mode()
def folds_exactly(before: nn.Module, after: nn.Module, size: tuple[int, int, int]) -> bool:
    """Whether both give the same output on a drawn picture of `size` (channels, height, width)."""
    picture = torch.linspace(-1, 1, size[0] * size[1] * size[2]).reshape(1, *size)
    return torch.allclose(before(picture), after(picture), atol=1e-3, rtol=1e-3)
