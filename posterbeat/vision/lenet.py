"""LeNet on posters: the reference study's first network.

LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", Proceedings of the IEEE
86(11), 1998, with three input channels, ReLU and max pooling as it is trained today.
"""

import torch
from timm.models import build_model_with_cfg, register_model
from torch import nn

from posterbeat.genres import GENRES

_GRID = (5, 5)  # LeNet-5 reads 5 x 5 maps before its dense layers; pooling to it admits any picture size


class PosterLeNet(nn.Module):
    """Two convolutions with pooling, then 120 - 84 - num_classes dense units."""

    def __init__(self, num_classes: int = len(GENRES), in_chans: int = 3, drop_rate: float = 0.0):
        super().__init__()
        self.num_classes = num_classes
        self.num_features = 16
        self.head_hidden_size = 84
        self.features = nn.Sequential(
            nn.Conv2d(in_chans, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.hidden = nn.Sequential(
            nn.AdaptiveAvgPool2d(_GRID), nn.Flatten(),
            nn.Linear(16 * _GRID[0] * _GRID[1], 120), nn.ReLU(),
            nn.Linear(120, 84), nn.ReLU(),
        )
        self.drop = nn.Dropout(drop_rate)
        self.reset_classifier(num_classes)

    def get_classifier(self) -> nn.Module:
        return self.head

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Replace the last layer by a fresh one for `num_classes` (0: none). `global_pool` is not used."""
        self.num_classes = num_classes
        self.head = nn.Linear(self.head_hidden_size, num_classes) if num_classes else nn.Identity()

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """(b, in_chans, h, w), h and w at least 32 -> (b, 16, h / 4 - 3, w / 4 - 3)."""
        return self.features(x)

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Logits (b, num_classes), or the 84 hidden units (b, 84)."""
        x = self.drop(self.hidden(x))
        return x if pre_logits else self.head(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.forward_head(self.forward_features(x))


@register_model
def poster_lenet(pretrained: bool = False, **kwargs) -> PosterLeNet:
    """LeNet, read at 48 x 32 (height x width)."""
    pretrained_cfg = kwargs.pop("pretrained_cfg", None) or {
        "url": "", "num_classes": len(GENRES), "input_size": (3, 48, 32), "pool_size": None, "crop_pct": 1.0,
        "interpolation": "bicubic", "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5),
        "first_conv": "features.0", "classifier": "head",
    }
    return build_model_with_cfg(PosterLeNet, "poster_lenet", pretrained, pretrained_cfg=pretrained_cfg, **kwargs)
