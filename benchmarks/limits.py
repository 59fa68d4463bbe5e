"""What this machine's arithmetic and memory allow: a roofline (Williams, Waterman & Patterson, Communications of the ACM
52(4), 2009) from a measured matrix product and a measured copy."""

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.timing import side_by_side, spread

if TYPE_CHECKING:
    from posterbeat import PosterBeat

_SIZE = 1536  # rows and columns of the matrix product
_BYTES = 4  # of a number in single precision


def measure(beat: "PosterBeat", rounds: int) -> dict[str, Any]:
    """Speeds of the machine, and the least time that reading and a composed note can take at those speeds."""
    reading, note = reading_work(beat), note_work(beat.composer.networks)
    left, right = torch.randn(_SIZE, _SIZE), torch.randn(_SIZE, _SIZE)
    blocks = {name: torch.ones(max(1, work["bytes"] // _BYTES)) for name, work in (("reading", reading), ("note", note))}
    copies = {name: torch.empty_like(block) for name, block in blocks.items()}
    times = side_by_side({
        "product": lambda _: torch.mm(left, right) is None or 2 * _SIZE**3,
        # As much as the stage itself touches: what fits in a cache is read faster than memory.
        **{name: lambda _, name=name: copies[name].copy_(blocks[name]) is None or 2 * _BYTES * blocks[name].numel()
           for name in blocks},
    }, 4 * rounds)
    speed = {name: spread([units / seconds for seconds, units in measured]) for name, measured in times.items()}
    least = {}
    for name, work in (("reading", reading), ("note", note)):
        arithmetic, traffic = work["flops"] / speed["product"]["median"], work["bytes"] / speed[name]["median"]
        least[name] = {**work, "seconds": max(arithmetic, traffic),
                       "bound_by": "arithmetic" if arithmetic > traffic else "memory"}
    return {"flops_a_second": speed["product"], "bytes_a_second": {name: speed[name] for name in blocks}, "least": least}


def reading_work(beat: "PosterBeat") -> dict[str, int]:
    """Operations of one reading, and bytes of the weights and of every layer's output, written once and read once."""
    classifier = beat.classifier
    touched = sum(weight.numel() for weight in classifier.network.parameters())

    def count(_module: nn.Module, _inputs: Any, output: Any) -> None:
        nonlocal touched
        if isinstance(output, torch.Tensor):
            touched += 2 * output.numel()

    layers = [module for module in classifier.network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        with FlopCounterMode(display=False) as counter:
            classifier.logits(torch.zeros(1, *classifier.input_size))
    finally:
        for hook in hooks:
            hook.remove()
    return {"flops": counter.get_total_flops(), "bytes": _BYTES * touched}


def note_work(networks: nn.Module, rows: int = 3) -> dict[str, int]:
    """Operations of one written note for so many conditions side by side, and bytes of the matrices that it must read.

    The matrices of a step are counted in the numbers that they are kept in here. Sums of rows of tables are left out, and so
    is what is computed once a cell or once a plan; a note that the plan copies costs nothing at all.
    """
    from posterbeat.composer.quantised_matrix import smallest

    writer = networks.writer
    heads = (writer.place, writer.pitch, writer.length, writer.loudness)
    size = writer.first.hidden_size
    small = sum(matrix.numel() for matrix in (writer.first.weight_hh_l0, writer.second.weight_ih_l0, writer.second.weight_hh_l0))
    small += sum(layer.weight[:, :size].numel() for layer in heads)
    logits = sum(layer.weight.numel() for layer in (writer.place_out, writer.pitch_out, writer.length_out, writer.loudness_out))
    return {"flops": 2 * rows * (small + logits), "bytes": smallest().itemsize * small + _BYTES * logits}
