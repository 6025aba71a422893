"""Whether this PC has room for a long work, asked before it starts."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil

from core.errors import refuse

GIGABYTE = 1e9


def require_free_space(folder: Path, *, memory_gb: float, disk_gb: float) -> None:
    """Refuse (TRN-007 memory, TRN-008 disk) a work that would run out of either after minutes."""
    memory = psutil.virtual_memory().available / GIGABYTE
    if memory < memory_gb:
        raise refuse(
            "TRN-007",
            "There is not enough free memory to learn.",
            f"Learning needs {memory_gb:.1f} GB, {memory:.1f} GB are free.",
            "Close other programs, then start again; what was learned before is kept.",
        )
    disk = shutil.disk_usage(folder).free / GIGABYTE
    if disk < disk_gb:
        raise refuse(
            "TRN-008",
            "The disk is nearly full.",
            f"Learning needs {disk_gb:.1f} GB for its saved states and its result, {disk:.1f} GB are free.",
            "Free some space on the data folder's disk, then start again; what was learned before is kept.",
        )
