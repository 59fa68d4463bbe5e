import dataclasses

import numpy as np
import pytest
import torch

from posterbeat.composer.excerpt import collate, stretch
from posterbeat.composer.find_repeats import bar_pointers, matches
from posterbeat.composer.network import ComposerNetwork, bits
from posterbeat.composer.network_input import CONDITION_SIZES
from posterbeat.music.events import encode
from tests.music.made import tune

pytest.importorskip("sklearn")
from train.music.ablate import VARIANTS  # noqa: E402


@pytest.fixture
def batch():
    events = encode(tune(bars=40))
    match, length = matches(events.fields)
    piece = {"fields": events.fields, "onset": events.onset, "bar": events.bar, "tempo": 120, "density": 5, "minor": False,
             "genre": 2, "ensemble": np.ones(17), "match": match, "match_length": length,
             "bar_pointer": bar_pointers(events.fields, events.onset, events.bar, np.full(99, -1))}
    return collate([stretch(piece, 128, 2, "match", 5)])


@pytest.fixture
def network():
    torch.manual_seed(0)
    return ComposerNetwork(width=32, reader=16, writer=48, head=32, heads=2, condition_sizes=CONDITION_SIZES)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_learns(name, network, batch):
    VARIANTS[name].build(network)
    shown = VARIANTS[name].show(batch)
    cost = bits(network(shown)[0], shown.target).mean()
    cost.backward()
    assert torch.isfinite(cost)
    assert network.second.weight_hh_l0.grad.abs().sum() > 0


def test_a_forward_reader_keeps_its_width_and_reads_no_later_note(network):
    VARIANTS["a forward reader for the bidirectional one"].build(network)
    notes = torch.randint(0, 8, (1, 64, 8))
    keys, _ = network.reader(network.note(notes))
    changed = notes.clone()
    changed[0, 40:, 2] += 5
    again, _ = network.reader(network.note(changed))
    torch.testing.assert_close(keys[0, :40], again[0, :40])
    assert keys.shape[-1] == 2 * 64


@pytest.mark.parametrize(("name", "changed"), [
    ("nothing read", {"phrases": 1}), ("without tempo, density, mode and ensemble", {"ensemble": 0}),
    ("without hints of repetition", {"hint": 0, "back": 0}),
])
def test_what_a_variant_goes_without_changes_nothing(name, changed, network, batch):
    network.eval()
    show = VARIANTS[name].show
    other = dataclasses.replace(batch, **{field: torch.full_like(getattr(batch, field), value)
                                          for field, value in changed.items()})
    with torch.no_grad():
        one, two = network(show(batch))[0], network(show(other))[0]
        told = network(other)[0]
    torch.testing.assert_close(one, two)
    assert any(not torch.allclose(a, b) for a, b in zip(network(batch)[0], told))
