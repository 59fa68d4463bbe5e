"""A small convolutional network for posters: the third network of the reference study, reconstructed.

"Listen to What Poster Says" (2019) reports a network of its own beside LeNet and ResNet20 without printing every
layer. This is a network of the same kind: convolutions that double in width while pooling halves the picture, dropout,
one dense layer, all trained from scratch.
"""

import torch
from timm.models import build_model_with_cfg, register_model
from torch import nn

from posterbeat.genres import GENRES

_WIDTHS = (32, 64, 128, 128)


class PosterCNN(nn.Module):
    """Four blocks of convolution, batch norm, ReLU and pooling, then one dense layer of 256."""

    def __init__(self, num_classes: int = len(GENRES), in_chans: int = 3, drop_rate: float = 0.5):
        super().__init__()
        blocks = []
        for width_in, width in zip((in_chans, *_WIDTHS), _WIDTHS):
            blocks += [nn.Conv2d(width_in, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
                       nn.MaxPool2d(2)]
        self.features = nn.Sequential(*blocks)
        self.num_features = _WIDTHS[-1]
        self.head_hidden_size = 256
        # A 3 x 2 grid keeps where things are on the poster: a title below is not a face above.
        self.hidden = nn.Sequential(
            nn.AdaptiveAvgPool2d((3, 2)), nn.Flatten(),
            nn.Linear(self.num_features * 6, self.head_hidden_size), nn.ReLU(),
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
        """(b, in_chans, h, w), h and w at least 16 -> (b, 128, h / 16, w / 16)."""
        return self.features(x)

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Logits (b, num_classes), or the hidden units (b, 256)."""
        x = self.drop(self.hidden(x))
        return x if pre_logits else self.head(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.forward_head(self.forward_features(x))


@register_model
def poster_cnn(pretrained: bool = False, **kwargs) -> PosterCNN:
    """The small network, read at 96 x 64 (height x width)."""
    pretrained_cfg = kwargs.pop("pretrained_cfg", None) or {
        "url": "", "num_classes": len(GENRES), "input_size": (3, 96, 64), "pool_size": None, "crop_pct": 1.0,
        "interpolation": "bicubic", "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5),
        "first_conv": "features.0", "classifier": "head",
    }
    return build_model_with_cfg(PosterCNN, "poster_cnn", pretrained, pretrained_cfg=pretrained_cfg, **kwargs)
