"""Several processes that learn one policy: each has walkers of its own, and all take the same steps.

Gradients are averaged over the processes before every step (data-parallel learning as in Wijmans et al. 2020,
without their preemption), so that all hold the same networks without ever exchanging them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol, Self

import torch
import torch.distributed as dist
from torch import Tensor

PARTS = ("policy", "value", "muscles")  # what may be averaged at the same time, in threads of its own
_PATIENCE = timedelta(minutes=5)  # with a process that builds its bodies, before the others give up


class Team(Protocol):
    """The processes that learn together."""

    number: int  # of this process, 0 leads
    size: int

    def average(self, part: str, tensors: Sequence[Tensor]) -> None:
        """Replace the tensors by their means over the team, in place. `part` is one of PARTS."""

    def mean(self, value: float) -> float:
        """Mean of everybody's number. Everybody waits for everybody."""


class Alone:
    """A team of one."""

    number, size = 0, 1

    def average(self, part: str, tensors: Sequence[Tensor]) -> None:
        pass

    def mean(self, value: float) -> float:
        return value


ALONE = Alone()


class Processes:
    """A team of processes on this machine that meet at a file, and leave together at the end of a `with`."""

    def __init__(self, number: int, size: int, meeting: Path) -> None:
        """Waits until all have come. Raises RuntimeError when somebody does not."""
        self.number, self.size = number, size
        dist.init_process_group(
            "gloo", init_method=meeting.as_uri(), rank=number, world_size=size, timeout=_PATIENCE
        )
        self._groups = {part: dist.new_group(backend="gloo") for part in PARTS}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed is None:
            dist.barrier()  # who leaves first would cut off the last words to the others
        dist.destroy_process_group()  # its threads must not outlive the interpreter

    def average(self, part: str, tensors: Sequence[Tensor]) -> None:
        together = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(together, group=self._groups[part])
        together /= self.size
        start = 0
        for tensor in tensors:
            tensor.copy_(together[start : start + tensor.numel()].view_as(tensor))
            start += tensor.numel()

    def mean(self, value: float) -> float:
        total = torch.tensor(value, dtype=torch.float64)
        dist.all_reduce(total)
        return float(total) / self.size
