"""Claims about the measurements of memory and of the second physics."""

from __future__ import annotations

import numpy as np
import pytest

from app.bench import scale_physics
from app.bench.scale_memory import Sample, peaks
from app.bench.scale_physics import PhysicsInC, differences, recorded_walk


def test_the_peak_of_a_worker_is_told_by_part_in_their_order() -> None:
    samples = [Sample("start", 80.0, 120.0), Sample("study", 300.04, 500.0), Sample("start", 90.0, 130.0)]
    assert peaks(samples) == {
        "private_mb": 300.0,
        "resident_mb": 500.0,
        "private_mb_by_part": {"start": 90.0, "study": 300.0},
    }


def test_without_the_package_the_physics_are_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale_physics, "find_spec", lambda name: None)
    assert "gpu" in scale_physics.bench_physics(quick=True)["skipped"]


def test_a_recorded_walk_taken_again_by_c_differs_in_nothing() -> None:
    walk = recorded_walk(muscles=False, seconds=0.1)

    again = differences(walk, PhysicsInC(walk.models, threads=1))

    assert len(again) == 10  # every 10 ms, as the exo is worn
    assert all(np.array([getattr(one, name) for name in one.__slots__]).max() == 0.0 for one in again)
    assert np.abs(walk.intervals[-1].state - walk.intervals[0].state).max() > 0.01
