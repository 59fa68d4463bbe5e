"""What each process does in test_parallel: a step of a small network on its share of a batch."""

import sys

import torch

from train.parallel import Team

team = Team()
torch.manual_seed(team.rank)  # each begins elsewhere
network = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
team.begin_alike(network)
batch, wanted = torch.linspace(-1, 1, 32).reshape(8, 4), torch.linspace(0, 1, 8)[:, None]
mine = slice(team.rank * team.share(8), (team.rank + 1) * team.share(8))
(network(batch[mine]) - wanted[mine]).square().mean().backward()
team.average_gradients(network)
gradients = torch.cat([parameter.grad.flatten() for parameter in network.parameters()])
torch.save({"gradients": gradients, "weights": network.state_dict(), "size": team.size, "told": team.told(7 + team.rank),
            "sum": team.sum(1.5, team.rank), "largest": team.largest(team.rank, -team.rank)}, f"{sys.argv[1]}/{team.rank}.pt")
