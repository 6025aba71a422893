"""Reading C3D files is no slower than bare ezc3d."""

from __future__ import annotations

import pytest

from app.bench import c3d_reading


def test_a_recording_is_read_in_the_time_of_bare_ezc3d_and_little_memory(monkeypatch):
    monkeypatch.setattr(c3d_reading, "_SECONDS", 10)
    monkeypatch.setattr(c3d_reading, "_REPEATS", 3)

    numbers = c3d_reading.bench_c3d_reading()

    assert 0.0 < numbers["c3d_read_ratio"] <= 1.3
    if not numbers["c3d_ezc3d_memory_ratio"]:
        pytest.skip("only Linux tells the peak of a process")
    assert numbers["c3d_memory_ratio"] <= 2.0
