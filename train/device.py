"""Where networks learn, and how exactly it computes."""

from functools import cache

import torch
from torch import nn

from posterbeat.cpu import has_bf16


@cache
def bf16_works(device: torch.device) -> bool:
    """Whether LSTMs and convolutions can learn in bfloat16 there: on a processor where it has units for it, on a GPU as tried."""
    if device.type == "cpu":
        return has_bf16()
    try:
        lstm, convolution = nn.LSTM(8, 8, batch_first=True).to(device), nn.Conv2d(8, 8, 3).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            row = lstm(torch.randn(2, 4, 8, device=device))[0]
            maps = convolution(torch.randn(2, 8, 6, 6, device=device))
        (row.float().sum() + maps.float().sum()).backward()
    except RuntimeError as error:
        print(f"No bfloat16 on {device}: {error}", flush=True)
        return False
    return True
