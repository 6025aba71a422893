"""Holding a process to its limits: from inside by the system, and from outside by looking at it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from core.jobs.limits import Excess, Limits

_LOOK_S = 0.05  # how often its memory is looked at: no process fills much more than 0.2 GB meanwhile
_SPARE_MB, _SPARE_PER_CPU_MB = 1024, 48  # address space that libraries and their threads keep, and never fill
_MB = 1 << 20
_TOO_LONG = "bad message length"  # the words of multiprocessing


class OverLimitError(Exception):
    """A process took more than it may; it has to be ended."""

    def __init__(self, excess: Excess) -> None:
        super().__init__(excess.name)
        self.excess = excess


def hold_to(limits: Limits) -> None:
    """Of this process: an allocation far beyond the limit fails at once, and a crash leaves no core dump.

    Windows has no such limits. There, and for all that grows in small steps, the parent looks (`Watch`).
    """
    if sys.platform == "win32":
        return
    import resource

    spare_mb = _SPARE_MB + _SPARE_PER_CPU_MB * (os.cpu_count() or 1)
    _lower(resource.RLIMIT_DATA, (limits.memory_mb + spare_mb) * _MB)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(kind: int, most: int) -> None:
    import resource

    _soft, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY or hard > most:
        resource.setrlimit(kind, (most, most))


class Watch:
    """Waits for the messages of one process, and meanwhile looks whether it keeps to its limits."""

    def __init__(self, process: BaseProcess, pipe: Connection, limits: Limits) -> None:
        import psutil  # the first window does without it

        self._pipe, self._limits = pipe, limits
        self._heard_s = self._looked_s = time.monotonic()
        self.most_mb = 0.0  # that it was seen to hold
        try:
            self._seen: psutil.Process | None = psutil.Process(process.pid)
        except psutil.Error:  # it has ended already
            self._seen = None

    def message(self, paused: Callable[[], bool] = lambda: False) -> bytes:
        """The next one. Raises EOFError or OSError when the process has ended, and OverLimitError."""
        while not self._pipe.poll(_LOOK_S):
            now_s = time.monotonic()
            if paused():
                self._heard_s = now_s
            self._look(now_s)
            if now_s - self._heard_s > self._limits.silent_s:
                raise OverLimitError(Excess.SILENT)
        self._heard_s = time.monotonic()
        if self._heard_s - self._looked_s >= _LOOK_S:
            self._look(self._heard_s)
        try:
            return self._pipe.recv_bytes(self._limits.message_mb * _MB)
        except OSError as error:
            if str(error) == _TOO_LONG:
                raise OverLimitError(Excess.ANSWER) from error
            raise

    def _look(self, now_s: float) -> None:
        import psutil

        self._looked_s = now_s
        try:
            held_mb = 0.0 if self._seen is None else self._seen.memory_info().rss / _MB
        except psutil.Error:  # it has just ended
            return
        self.most_mb = max(self.most_mb, held_mb)
        if held_mb > self._limits.memory_mb:
            raise OverLimitError(Excess.MEMORY)
