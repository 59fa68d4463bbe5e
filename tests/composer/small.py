"""A composer of chance weights, small enough to write a piece at once."""

import torch

from posterbeat.composer.model import BiLSTMComposer, ComposerConfig
from posterbeat.composer.planner import Planner
from posterbeat.composer.writer import ReaderWriter


def small_composer(rows: list[str]) -> BiLSTMComposer:
    """Its `Profiles` are `rows`; the same weights each time."""
    torch.manual_seed(0)
    model = BiLSTMComposer(ComposerConfig(profiles=rows))
    model.planner, model.networks = Planner(32, 32, 32), ReaderWriter(16, 16, 32, 32, 32)
    return model.eval()
