"""Every network keeps timm's contract."""

import copy

import pytest
import timm
import torch

from posterbeat import vision
from posterbeat.genres import GENRES
from posterbeat.vision.batch_norm_folding import fold_batch_norms, unfold_batch_norms
from posterbeat.vision.classifier import PosterClassifier
from train.posters.weights import save_weights

SIZE = (3, 96, 64)
NETWORKS = [(name, {}) for name in vision.NETWORKS] + [("posternet", {"backbone": "resnet18"})]


@pytest.fixture(params=NETWORKS, ids=lambda network: "-".join([network[0], *network[1].values()]))
def network(request):
    torch.manual_seed(0)
    name, settings = request.param
    return timm.create_model(name, **settings)


def test_timm_knows_every_network():
    assert set(vision.NETWORKS) <= set(timm.list_models("poster*"))


def test_a_picture_gives_one_logit_a_genre(network):
    features = network.eval().forward_features(torch.rand(2, *SIZE))
    hidden = network.forward_head(features, pre_logits=True)
    logits = network.forward_head(features)
    assert features.shape[:2] == (2, network.num_features)
    assert hidden.shape == (2, network.head_hidden_size)
    assert logits.shape == (2, len(GENRES))
    assert torch.isfinite(logits).all()


def test_every_parameter_learns(network):
    network.train()
    network(torch.rand(4, *SIZE)).square().sum().backward()
    idle = [name for name, value in network.named_parameters() if value.grad is None]
    assert not idle


def test_other_pictures_give_other_logits(network):
    network.eval()
    assert not torch.allclose(network(torch.rand(1, *SIZE)), network(-torch.rand(1, *SIZE)))


def test_the_head_can_be_reset(network):
    network.eval()
    network.reset_classifier(3)
    assert network(torch.rand(2, *SIZE)).shape == (2, 3)
    assert network.get_classifier().out_features == 3
    network.reset_classifier(0)
    assert network(torch.rand(2, *SIZE)).shape == (2, network.head_hidden_size)


def test_weights_come_back_through_timm(network, tmp_path):
    network.eval()
    save_weights(network, tmp_path, SIZE[1:], {"temperature": 1.0, "bias": [0.0] * 5})
    loaded = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    picture = torch.rand(2, *SIZE)
    assert tuple(loaded.pretrained_cfg["input_size"]) == SIZE
    assert loaded.pretrained_cfg["label_names"] == list(GENRES)
    torch.testing.assert_close(loaded(picture), network(picture), atol=0.02, rtol=0.02)  # kept in half precision


def test_weights_come_back_through_the_classifier(network, tmp_path):
    save_weights(network.eval(), tmp_path, SIZE[1:], {"temperature": 2.0, "bias": [0.1, 0, 0, 0, -0.1]})
    classifier = PosterClassifier.from_pretrained(tmp_path)
    pixels = torch.rand(2, *SIZE)
    assert classifier.input_size == SIZE
    assert classifier.temperature == 2.0
    torch.testing.assert_close(classifier.logits(pixels), network(pixels), atol=0.02, rtol=0.02)


def test_folding_batch_norms_changes_nothing_but_their_number(network):
    network.eval()
    for module in network.modules():  # statistics as after training, not the identity of a fresh network
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
    picture = torch.rand(1, *SIZE)
    with torch.inference_mode():
        before = network(picture)
        norms = sum(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())
        folded = fold_batch_norms(network)
        torch.testing.assert_close(folded(picture), before, atol=1e-3, rtol=1e-3)
    left = sum(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    assert left == 0 or left < norms


def test_posternet_reads_style_not_only_place():
    """Shuffling a picture's halves keeps its colours; flattening its contrast does not."""
    network = timm.create_model("posternet").eval()
    picture = torch.rand(1, *SIZE)
    colours = 6  # mean and standard deviation of the three channels lead the descriptor
    with torch.inference_mode():
        descriptor = network.forward_features(picture)[:, :colours]
        swapped = network.forward_features(torch.roll(picture, SIZE[2] // 2, 3))[:, :colours]
        flat = network.forward_features(picture * 0.5)[:, :colours]
    torch.testing.assert_close(descriptor, swapped)
    torch.testing.assert_close(flat, descriptor * 0.5, atol=1e-3, rtol=1e-2)


@torch.inference_mode()
def test_folded_norms_can_be_unfolded_after_training():
    torch.manual_seed(0)
    plain = timm.create_model("posternet", backbone="tf_efficientnet_lite0").eval()
    folded = fold_batch_norms(copy.deepcopy(plain))
    for parameter in folded.parameters():
        parameter.mul_(1.03)
    picture = torch.rand(2, 3, 64, 64)
    learned, before = folded(picture), plain(picture)
    assert not torch.allclose(learned, before, atol=1e-4)
    torch.testing.assert_close(unfold_batch_norms(folded, plain)(picture), learned, atol=1e-5, rtol=1e-4)
