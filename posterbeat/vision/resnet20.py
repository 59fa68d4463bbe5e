"""ResNet20 on posters: the reference study's second network.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, section 4.2: three stages of three
blocks, 16, 32 and 64 channels, shortcuts without parameters (option A).
"""

import torch
from timm.models import build_model_with_cfg, register_model
from torch import nn
from torch.nn import functional as F

from posterbeat.genres import GENRES

_WIDTHS = (16, 32, 64)
_BLOCKS = 3  # blocks a stage: 6 * 3 + 2 = 20 layers


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut. (b, width_in, h, w) -> (b, width, h / stride, w / stride)."""

    def __init__(self, width_in: int, width: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.stride, self.widened = stride, width - width_in

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        shortcut = x[:, :, :: self.stride, :: self.stride]
        return F.relu(y + F.pad(shortcut, (0, 0, 0, 0, 0, self.widened)))


class PosterResNet20(nn.Module):
    """ResNet20 for small pictures, average pooled at the end."""

    def __init__(self, num_classes: int = len(GENRES), in_chans: int = 3, drop_rate: float = 0.0):
        super().__init__()
        self.num_features = self.head_hidden_size = _WIDTHS[-1]
        self.conv1 = nn.Conv2d(in_chans, _WIDTHS[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(_WIDTHS[0])
        blocks, width_in = [], _WIDTHS[0]
        for stage, width in enumerate(_WIDTHS):
            for block in range(_BLOCKS):
                blocks.append(ResidualBlock(width_in, width, 2 if stage and not block else 1))
                width_in = width
        self.blocks = nn.Sequential(*blocks)
        self.drop = nn.Dropout(drop_rate)
        self.reset_classifier(num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def get_classifier(self) -> nn.Module:
        return self.head

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Replace the last layer by a fresh one for `num_classes` (0: none). `global_pool` is not used."""
        self.num_classes = num_classes
        self.head = nn.Linear(self.num_features, num_classes) if num_classes else nn.Identity()

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """(b, in_chans, h, w) -> (b, 64, h / 4, w / 4)."""
        return self.blocks(F.relu(self.bn1(self.conv1(x))))

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Logits (b, num_classes), or the pooled channels (b, 64)."""
        x = self.drop(x.mean(dim=(2, 3)))
        return x if pre_logits else self.head(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.forward_head(self.forward_features(x))


@register_model
def poster_resnet20(pretrained: bool = False, **kwargs) -> PosterResNet20:
    """ResNet20, read at 48 x 32 (height x width)."""
    pretrained_cfg = kwargs.pop("pretrained_cfg", None) or {
        "url": "", "num_classes": len(GENRES), "input_size": (3, 48, 32), "pool_size": None, "crop_pct": 1.0,
        "interpolation": "bicubic", "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5),
        "first_conv": "conv1", "classifier": "head",
    }
    return build_model_with_cfg(PosterResNet20, "poster_resnet20", pretrained, pretrained_cfg=pretrained_cfg, **kwargs)
