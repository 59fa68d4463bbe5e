"""A network run by OpenVINO instead of PyTorch: several times faster where many pictures are read.

Compiling takes a second or two, so one picture alone is not worth it.
"""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from posterbeat.cpu import has_bf16


def compiled(
    module: nn.Module, *shapes: tuple[int, ...], exact: bool = False, streams: int = 1
) -> Callable[..., list[np.ndarray]] | None:
    """`module` as a function of arrays, or None where OpenVINO is not installed.

    Parameters
    ----------
    module
        In evaluation mode; its tensors are copied.
    shapes
        Of the float32 arrays that it takes.
    exact
        False computes in bfloat16 where the processor has units for it.
    streams
        How many calls may run side by side, each on its share of PyTorch's threads.

    Returns
    -------
    A function that may be called from several threads at once and returns a float32 array for each output of `module`.
    """
    try:
        import openvino
        from openvino.frontend import FrontEndManager
        from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
    except ImportError:
        return None
    # Not openvino.convert_model, which does the same but would report its use to the makers.
    reader = FrontEndManager().load_by_framework("pytorch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns that tracing is to be replaced one day
        traced = TorchScriptPythonDecoder(module, example_input=tuple(torch.zeros(shape) for shape in shapes))
    model = reader.convert(reader.load(traced))
    model.reshape({given: list(shape) for given, shape in zip(model.inputs, shapes)})
    settings = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": streams,
        "INFERENCE_PRECISION_HINT": "bf16" if has_bf16() and not exact else "f32",
    }
    network = openvino.Core().compile_model(model, "CPU", settings)

    def run(*arrays: np.ndarray) -> list[np.ndarray]:
        found = network.create_infer_request().infer(arrays)
        return [found[output].copy() for output in network.outputs]

    return run
