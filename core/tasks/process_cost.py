"""What a part of a job costs: seconds, processor time and the most memory of its process."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from core.domain.cohort_cell import PartCost


class Costs:
    """Of the parts of one job, in the order in which they ran."""

    def __init__(self) -> None:
        self._parts: list[PartCost] = []

    @property
    def parts(self) -> tuple[PartCost, ...]:
        return tuple(self._parts)

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        """Counts a part, also one that is refused."""
        wall_s, cpu_s = time.monotonic(), time.process_time()
        try:
            yield
        finally:
            spent = time.monotonic() - wall_s, time.process_time() - cpu_s
            self._parts.append(PartCost(part, *spent, peak_memory_mb()))


def peak_memory_mb() -> float:
    """Most memory that this process has held so far."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * unit / 2**20
