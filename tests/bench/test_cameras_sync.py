"""Claims about the measurement of several cameras' clocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.bench import cameras_sync


def test_the_drift_of_a_simulated_minute_is_found() -> None:
    assert max(cameras_sync._drift_error_ppm(ppm) for ppm in cameras_sync.DRIFTS_PPM) < 100.0


@pytest.mark.long
def test_a_shifted_copy_of_a_walk_is_found_to_a_picture(
    shared_data: Callable[[str], Path], pose_model: Path
) -> None:
    assert cameras_sync._walk_error_frames(shared_data(cameras_sync.WALK)) < 1.0


@pytest.mark.long
def test_four_shifted_films_are_found_to_a_picture(
    shared_data: Callable[[str], Path], pose_model: Path
) -> None:
    rig = shared_data(cameras_sync.RIG)
    films = [rig / "videos" / f"cam0{number}.mp4" for number in (1, 2, 3, 4)]
    assert cameras_sync._rig_error_frames(films, rig / "calibration" / "Calib.qca.txt") < 1.0
