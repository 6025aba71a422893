"""Memory of a worker: what it has freed counts no more, where a cluster packs jobs by what they hold."""

from __future__ import annotations

import ctypes
import sys

_M_MMAP_THRESHOLD = -3  # of glibc's malloc.h
_LARGE_BYTES = 8 << 20  # above the arrays of a gradient step, which come and go thousands of times


def return_freed_memory() -> None:
    """From now on arrays of 8 MB and more go back to the system once they are freed.

    The C library of Linux would keep them after the first large one: a training holds half of its memory so.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # only glibc has it, and needs it
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
