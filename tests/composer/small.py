"""A composer of chance weights, small enough to write a piece at once."""

from itertools import cycle

import torch

from posterbeat.composer.model import BiLSTMComposer, ComposerConfig
from posterbeat.genres import GENRES

SIZES = {"planner": {"width": 32, "hidden": 32, "head": 32},
         "networks": {"read_width": 16, "read_hidden": 16, "width": 32, "hidden": 32, "head": 32}}


def small_composer(rows: list[str], **told: int) -> BiLSTMComposer:
    """Its `Profiles` are `rows`; the same weights each time. `told` goes to its config."""
    torch.manual_seed(0)
    return BiLSTMComposer(ComposerConfig(profiles=rows, **SIZES, **told)).eval()


def typical(*weights: int) -> str:
    """How typical of each genre a row of `Profiles` is, from the first on and again, however many genres there are."""
    return " ".join(str(weight) for weight, _ in zip(cycle(weights), GENRES))
