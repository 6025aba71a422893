"""Calibrations against published ones: as close as was measured, and closer to the board than they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.bench.cameras import FOUR, WEBCAMS, _stills, _webcams, apart, bench_cameras
from core.capture.calibration.placing import moved_world
from core.capture.calibration.rotations import turn
from tests.capture.calibration.rigs import rig
from tests.refusals import refused

# Measured: focal lengths within 2.0 % of lenses published from other films, places within 12.5 mm of places
# that took stamps wrong by up to 140 ms at their word. Corners are off by 0.6 px here, 1.7 px as published.
FOCAL_PERCENT, PLACES_MM, OWN_PX = 2.3, 15.0, 0.8
STILLS_FOCAL_PERCENT = 1.0


@pytest.fixture(scope="module")
def webcams(shared_data: Callable[[str], Path]) -> dict[str, float]:
    return _webcams(shared_data(f"{WEBCAMS}/camera_array.toml").parent)


@pytest.mark.long
def test_webcams_are_calibrated_as_published_or_better(webcams: dict[str, float]) -> None:
    assert (webcams["webcams_columns_found"], webcams["webcams_rows_found"]) == (4, 5)
    assert webcams["webcams_focal_percent_max"] < FOCAL_PERCENT
    assert webcams["webcams_published_lenses_mm_max"] < PLACES_MM
    assert webcams["webcams_own_lenses_px_max"] < OWN_PX
    assert webcams["webcams_published_places_px"] > 2 * webcams["webcams_published_lenses_px_max"]


@pytest.mark.long
def test_a_film_that_begins_later_is_brought_to_the_common_time(webcams: dict[str, float]) -> None:
    """To less than a tenth of a frame, which lasts 167 ms there."""
    assert webcams["webcams_shifted_film_off_ms"] < 17
    assert webcams["webcams_shifted_film_moves_cameras_mm"] < 5


@pytest.mark.slow
def test_lenses_from_stills_are_those_of_the_maker(shared_data: Callable[[str], Path]) -> None:
    numbers = _stills(shared_data(f"{FOUR}/Calib.qca.txt").parent, most=1)
    assert numbers["stills_focal_percent_max"] < STILLS_FOCAL_PERCENT
    assert abs(numbers["stills_cam01_k1_off"]) < 0.005  # coefficients are not in 64ths, as lengths are


def test_worlds_are_laid_on_each_other_before_cameras_are_compared() -> None:
    moved = moved_world(rig(3), turn(rig(3).cameras[0].centre_m), rig(3).cameras[1].centre_m)
    mm, deg = apart(moved, rig(3))
    assert max(mm) < 1e-6 and max(deg) < 1e-5


def test_without_recordings_there_is_advice(tmp_path: Path) -> None:
    with refused("PC-026"):
        bench_cameras(tmp_path)
