"""Batch norms folded into the convolutions before them: the same function in fewer passes over memory."""

from collections.abc import Iterator

import torch
from timm.layers import BatchNormAct2d
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def _pairs(module: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """(parent, convolution's name, norm's name) wherever a batch norm directly follows a convolution.

    timm's networks of the EfficientNet, MobileNet and GhostNet kinds name their layers in the order in which they
    are called, so "the next child" is "the next layer" there. Others are left as they are by `folds_exactly`.
    """
    children = [(name, child) for name, child in module.named_children() if not isinstance(child, nn.Identity)]
    for (first, convolution), (second, norm) in zip(children, children[1:]):
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            if norm.num_features == convolution.out_channels:
                yield module, first, second
    for _, child in children:
        yield from _pairs(child)


def fold_batch_norms(module: nn.Module) -> nn.Module:
    """Fold, in place, every batch norm that directly follows a convolution. `module` is in evaluation mode."""
    for parent, first, second in list(_pairs(module)):
        norm = getattr(parent, second)
        setattr(parent, first, fuse_conv_bn_eval(getattr(parent, first), norm))
        activation = nn.Sequential(norm.drop, norm.act) if isinstance(norm, BatchNormAct2d) else nn.Identity()
        setattr(parent, second, activation)
    return module


@torch.no_grad()
def unfold_batch_norms(folded: nn.Module, plain: nn.Module) -> nn.Module:
    """Bring the weights of `folded` into `plain`, the same network with its batch norms, and return `plain`.

    Its norms then only add the folded bias, so that both compute the same in evaluation mode.
    """
    own = dict(folded.named_parameters())
    names = {module: name for name, module in plain.named_modules()}
    for parent, first, second in _pairs(plain):
        convolution, norm = getattr(parent, first), getattr(parent, second)
        bias = own.get(f"{names[convolution]}.bias")
        if convolution.bias is not None or bias is None:
            continue  # not folded
        norm.running_mean.zero_()
        norm.running_var.fill_(1.0)
        norm.weight.fill_((1.0 + norm.eps) ** 0.5)
        norm.bias.copy_(bias)
    plain.load_state_dict({**plain.state_dict(), **{
        name: value for name, value in folded.state_dict().items() if name in plain.state_dict()
    }})
    return plain


@torch.inference_mode()
def folds_exactly(before: nn.Module, after: nn.Module, size: tuple[int, int, int]) -> bool:
    """Whether both give the same output on a drawn picture of `size` (channels, height, width)."""
    picture = torch.linspace(-1, 1, size[0] * size[1] * size[2]).reshape(1, *size)
    return torch.allclose(before(picture), after(picture), atol=1e-3, rtol=1e-3)
