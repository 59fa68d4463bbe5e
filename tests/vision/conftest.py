import pytest
import timm
import torch

import posterbeat.vision  # noqa: F401  registers the networks
from train.posters.weights import save_weights


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory):
    """A folder of weights: a small untrained network, saved as the real one is."""
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("weights") / "classifier"
    network = timm.create_model("poster_cnn").eval()
    save_weights(network, folder, (96, 64), {"temperature": 1.0, "bias": [0.0] * 5})
    return folder
