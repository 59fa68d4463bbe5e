"""What the processor can do."""

import torch


def has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 itself; imitating it would be slower than single precision."""
    known = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))
