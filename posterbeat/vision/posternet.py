"""PosterNet: a timm backbone read for style as well as content.

What a poster shows (the last layer) and how it is drawn (colour, grain, lettering: the earlier layers) both speak of
its genre. So the head reads the mean and the standard deviation over the picture of every stage, the input's own
colours included. Channel statistics as a description of style: Huang and Belongie, "Arbitrary Style Transfer in
Real-time with Adaptive Instance Normalization", ICCV 2017.
"""

import timm
import torch
from timm.models import build_model_with_cfg, register_model
from torch import nn

from posterbeat.genres import GENRES

_EPS = 1e-6  # keeps the root's gradient finite where a channel is flat


def mean_and_std(maps: torch.Tensor) -> torch.Tensor:
    """Mean and standard deviation over the picture. (b, c, h, w) -> (b, 2 c)."""
    maps = maps.float()  # half precision would lose what varies around a large mean
    mean = maps.mean(dim=(2, 3), keepdim=True)
    variance = (maps - mean).square().mean(dim=(2, 3))  # many times faster than torch.var_mean on the processor
    return torch.cat([mean.flatten(1), (variance + _EPS).sqrt()], dim=1)


class StyleHead(nn.Module):
    """From a style descriptor to logits by one hidden layer. (b, num_features) -> (b, num_classes)."""

    def __init__(self, num_features: int, hidden: int, num_classes: int, drop_rate: float):
        super().__init__()
        self.norm = nn.BatchNorm1d(num_features, affine=False)  # stages differ in scale a thousandfold
        self.drop = nn.Dropout(drop_rate)
        self.hidden = nn.Linear(num_features, hidden)
        self.act = nn.GELU()
        self.reset(num_classes)

    def reset(self, num_classes: int) -> None:
        """A fresh last layer; none for 0 classes."""
        self.fc = nn.Linear(self.hidden.out_features, num_classes) if num_classes else nn.Identity()

    def forward(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        x = self.drop(self.act(self.hidden(self.drop(self.norm(x)))))
        return x if pre_logits else self.fc(x)


class PosterNet(nn.Module):
    """A timm backbone under a head that reads mean and standard deviation of every stage.

    Parameters
    ----------
    backbone
        Name of any timm network that gives its stages as (b, c, h, w) maps (`forward_intermediates`).
    num_classes
        Width of the logits; 0 leaves the hidden layer as output.
    in_chans
        Channels of the picture.
    hidden
        Width of the head's one hidden layer.
    drop_rate
        Dropout before and after the hidden layer: the descriptor has thousands of numbers, posters are few.
    drop_path_rate
        Stochastic depth of the backbone.
    pretrained_backbone
        Let timm fetch the backbone's own pretrained weights.
    """

    def __init__(
        self,
        backbone: str = "tf_efficientnet_lite0",
        num_classes: int = len(GENRES),
        in_chans: int = 3,
        hidden: int = 512,
        drop_rate: float = 0.6,
        drop_path_rate: float = 0.0,
        pretrained_backbone: bool = False,
    ):
        super().__init__()
        extra = {"drop_path_rate": drop_path_rate} if drop_path_rate else {}
        self.backbone = timm.create_model(
            backbone, pretrained=pretrained_backbone, in_chans=in_chans, num_classes=0, **extra
        )
        widths = [in_chans, *(stage["num_chs"] for stage in self.backbone.feature_info)]
        with torch.no_grad():  # some networks widen the last stage once more (EfficientNet's conv_head)
            self.backbone.eval()
            last, _ = self.backbone.forward_intermediates(torch.zeros(1, in_chans, 64, 64))
            self.backbone.train()
        self.built_with = {"backbone": backbone, "hidden": hidden}  # what config.json has to repeat
        self.num_classes = num_classes
        self.num_features = 2 * (sum(widths) + last.shape[1])
        self.head_hidden_size = hidden
        self.head = StyleHead(self.num_features, hidden, num_classes, drop_rate)

    def get_classifier(self) -> nn.Module:
        return self.head.fc

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Replace the last layer by a fresh one for `num_classes` (0: none). `global_pool` is not used."""
        self.num_classes = num_classes
        self.head.reset(num_classes)

    def forward_maps(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The picture and every stage's maps, each (b, c, h, w), shallow to deep."""
        last, stages = self.backbone.forward_intermediates(x)
        return [x, *stages, last]

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """Style descriptor. (b, in_chans, h, w) -> (b, num_features)."""
        return torch.cat([mean_and_std(maps) for maps in self.forward_maps(x)], dim=1)

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Logits (b, num_classes) of a descriptor (b, num_features), or the hidden layer (b, hidden)."""
        return self.head(x, pre_logits)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.forward_head(self.forward_features(x))


@register_model
def posternet(pretrained: bool = False, **kwargs) -> PosterNet:
    """PosterNet on `backbone` (default tf_efficientnet_lite0)."""
    pretrained_cfg = kwargs.pop("pretrained_cfg", None) or {
        "url": "",
        "num_classes": len(GENRES),
        "input_size": (3, 288, 192),
        "pool_size": None,
        "crop_pct": 1.0,
        "interpolation": "bicubic",
        "mean": (0.5, 0.5, 0.5),
        "std": (0.5, 0.5, 0.5),
        "first_conv": "backbone.conv_stem",
        "classifier": "head.fc",
    }
    return build_model_with_cfg(PosterNet, "posternet", pretrained, pretrained_cfg=pretrained_cfg, **kwargs)
