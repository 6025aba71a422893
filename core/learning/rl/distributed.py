"""Data-parallel training: several processes with environments of their own train one policy in step.

Gradients are averaged over the processes before every optimiser step (Wijmans et al. 2020, without their
preemption), so that all hold the same networks without ever exchanging them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol, Self

import torch
import torch.distributed as dist
from torch import Tensor

CHANNELS = (
    "policy",
    "value",
    "muscles",
)  # tensors that may be averaged at the same time, each channel in its own thread
_TIMEOUT = timedelta(minutes=5)  # a process needs this long at most to build its models before it joins


class ProcessGroup(Protocol):
    """The processes that train one policy together."""

    rank: int  # of this process; rank 0 reports and writes the policy
    size: int

    def average(self, channel: str, tensors: Sequence[Tensor]) -> None:
        """Replace the tensors by their means over the processes, in place. `channel` is one of CHANNELS."""

    def mean(self, value: float) -> float:
        """Mean of the processes' numbers. Blocks until every process has given its own."""


class SingleProcess:
    """A group of one."""

    rank, size = 0, 1

    def average(self, channel: str, tensors: Sequence[Tensor]) -> None:
        pass

    def mean(self, value: float) -> float:
        return value


SINGLE_PROCESS = SingleProcess()


class GlooGroup:
    """Processes of this machine that meet at a rendezvous file, and leave together at the end of a `with`."""

    def __init__(self, rank: int, size: int, rendezvous_file: Path) -> None:
        """Blocks until all have joined. Raises RuntimeError when one does not."""
        self.rank, self.size = rank, size
        dist.init_process_group(
            "gloo", init_method=rendezvous_file.as_uri(), rank=rank, world_size=size, timeout=_TIMEOUT
        )
        self._groups = {channel: dist.new_group(backend="gloo") for channel in CHANNELS}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed is None:
            dist.barrier()  # the first to leave would cut off the last messages to the others
        dist.destroy_process_group()  # its threads must not outlive the interpreter

    def average(self, channel: str, tensors: Sequence[Tensor]) -> None:
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat, group=self._groups[channel])
        flat /= self.size
        start = 0
        for tensor in tensors:
            tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
            start += tensor.numel()

    def mean(self, value: float) -> float:
        total = torch.tensor(value, dtype=torch.float64)
        dist.all_reduce(total)
        return float(total) / self.size
