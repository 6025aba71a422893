"""The claim of `exotwin bench vault`: it measures what encryption costs, plain and encrypted in one run."""

from __future__ import annotations

from pathlib import Path

from app.bench.vault import bench_vault
from core.vault.opened import keys_for


def test_both_ways_are_measured_and_nothing_is_left(tmp_path: Path) -> None:
    told = bench_vault(tmp_path, megabytes=4)
    assert told["megabytes"] == 4 and told["write_ratio"] > 0.0 and told["read_ratio"] > 0.0
    assert list(tmp_path.iterdir()) == [] and keys_for(tmp_path / "x") is None
