"""A neural Turing machine: a network that writes into a memory and reads from it.

After Graves, Wayne & Danihelka (2014, arXiv:1410.5401): an LSTM controller, one head that reads and one that
writes, both find their place by content alone. Sizes are source E's (table A2): controller 128, memory 128
rows of 40.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

CONTROLLER, ROWS, WIDTH = 128, 128, 40


class TuringMachine(nn.Module):
    """Sequences (B, T, inputs) to (B, T, outputs)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.controller = nn.LSTMCell(inputs + WIDTH, CONTROLLER)
        self.heads = nn.Linear(CONTROLLER, 4 * WIDTH + 2)
        self.last = nn.Linear(CONTROLLER + WIDTH, outputs)
        self.memory = nn.Parameter(0.1 * torch.randn(ROWS, WIDTH))  # as it is before the first point

    def forward(self, inputs: Tensor) -> Tensor:
        batch = len(inputs)
        memory = self.memory.expand(batch, ROWS, WIDTH)
        read = inputs.new_zeros(batch, WIDTH)
        state = (inputs.new_zeros(batch, CONTROLLER), inputs.new_zeros(batch, CONTROLLER))
        outputs = []
        for point in inputs.unbind(dim=1):
            state = self.controller(torch.cat([point, read], dim=1), state)
            read, memory = self._remember(self.heads(state[0]), memory)
            outputs.append(torch.cat([state[0], read], dim=1))
        return torch.as_tensor(self.last(torch.stack(outputs, dim=1)))

    def _remember(self, asked: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Write, then read: (B, WIDTH) and the memory after it."""
        write_key, read_key, erase, add, sharpness = torch.split(
            asked, [WIDTH, WIDTH, WIDTH, WIDTH, 2], dim=1
        )
        keys = torch.tanh(torch.stack([write_key, read_key], dim=1))
        sharp = 1.0 + functional.softplus(sharpness)
        at = _places(keys[:, :1], sharp[:, :1], memory).transpose(1, 2)  # (B, ROWS, 1)
        memory = memory * (1.0 - at * torch.sigmoid(erase)[:, None]) + at * torch.tanh(add)[:, None]
        found = _places(keys[:, 1:], sharp[:, 1:], memory)
        return torch.bmm(found, memory)[:, 0], memory


def _places(key: Tensor, sharp: Tensor, memory: Tensor) -> Tensor:
    """How much a head attends to every row: (B, 1, ROWS)."""
    alike = torch.bmm(functional.normalize(key, dim=2), functional.normalize(memory, dim=2).transpose(1, 2))
    return torch.softmax(sharp[:, :, None] * alike, dim=2)
