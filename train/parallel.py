"""Training by several processes or GPUs: what each of them does where one process would do it all.

    accelerate launch --num_processes 2 -m train.music.train data/music.npz runs/composer

`accelerate launch` starts the processes; each takes its share of every batch and their gradients are averaged, so the
run is the one that a single process would make. Started without it, there is one process, and nothing here costs time.
Networks stay as they are (nothing wraps them), and so do checkpoints, which the first process writes. All processes
read them: with several machines, the folder of the run must be one that all of them see.
"""

from __future__ import annotations

import os

import torch
from torch import distributed, nn


class Team:
    """The processes of one training, as seen from one of them.

    Attributes
    ----------
    rank : int, this process among the others, from 0
    size : int, how many there are
    leads : bool, whether this is the one that measures and writes
    device : torch.device, where this process is to compute
    """

    def __init__(self, device: str = "cpu"):
        self.rank, self.size, self.device = 0, 1, torch.device(device)
        if "ACCELERATE_MIXED_PRECISION" in os.environ or "WORLD_SIZE" in os.environ:  # set by the launcher
            from accelerate import PartialState

            state = PartialState(cpu=not torch.cuda.is_available())
            self.rank, self.size, self.device = state.process_index, state.num_processes, state.device
            if self.device.type == "cpu":
                self.device = torch.device("cpu")  # Accelerate numbers it, and torch.load knows no cpu:0

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def begin_alike(self, network: nn.Module) -> None:
        """Give the network of every process the weights of the first one's."""
        for tensor in [*network.parameters(), *network.buffers()] if self.size > 1 else []:
            distributed.broadcast(tensor.data, 0)

    def share(self, count: int) -> int:
        """How many of `count` things this process takes; the shares of all processes sum to `count`."""
        return count // self.size + (self.rank < count % self.size)

    def average_gradients(self, network: nn.Module) -> None:
        """Between `backward` and the optimiser's step: the mean of all processes' gradients, in one message."""
        if self.size == 1:
            return
        learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
        for parameter in learning:
            if parameter.grad is None:  # not reached in this process, but perhaps in another
                parameter.grad = torch.zeros_like(parameter)
        grads = [parameter.grad for parameter in learning]
        flat = torch._utils._flatten_dense_tensors(grads)
        distributed.all_reduce(flat)
        for grad, mean in zip(grads, torch._utils._unflatten_dense_tensors(flat / self.size, grads)):
            grad.copy_(mean)

    def sum(self, *numbers: float) -> list[float]:
        """The sums of these numbers over all processes, the same in each."""
        return self._reduced(numbers, distributed.ReduceOp.SUM)

    def largest(self, *numbers: float) -> list[float]:
        """The largest of each of these numbers in any process, the same in each."""
        return self._reduced(numbers, distributed.ReduceOp.MAX)

    def told(self, *numbers: float) -> list[float]:
        """The first process's numbers, in every process; the others' are not looked at."""
        return self.sum(*(number if self.leads else 0.0 for number in numbers))

    def _reduced(self, numbers, how) -> list[float]:
        if self.size == 1:
            return [float(number) for number in numbers]
        exchanged = torch.tensor(numbers, dtype=torch.float32 if self.device.type == "mps" else torch.float64,
                                 device=self.device)
        distributed.all_reduce(exchanged, how)
        return exchanged.tolist()
