"""Claims about the room a long work needs."""

from __future__ import annotations

from pathlib import Path

from core.tasks.capacity import require_free_space
from tests.refusals import refused


def test_a_pc_with_room_may_begin(tmp_path: Path) -> None:
    require_free_space(tmp_path, memory_gb=0.001, disk_gb=0.000001)


def test_too_little_memory_is_told_before_the_work(tmp_path: Path) -> None:
    with refused("TRN-007"):
        require_free_space(tmp_path, memory_gb=1e6, disk_gb=0.0)


def test_a_nearly_full_disk_is_told_before_the_work(tmp_path: Path) -> None:
    with refused("TRN-008"):
        require_free_space(tmp_path, memory_gb=0.0, disk_gb=1e9)
