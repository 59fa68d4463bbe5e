"""Networks as they are kept and sent: large tensors in half precision."""

from torch import Tensor


def halved(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Large floating-point tensors in half precision, the others as they are; all on the processor."""
    return {name: (value.half() if value.is_floating_point() and value.ndim > 1 else value).detach().cpu().contiguous()
            for name, value in tensors.items()}
