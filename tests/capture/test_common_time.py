"""Claims about bringing several cameras' tracks to the same moments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.capture.common_time import common_time, resampled
from core.capture.triangulation import triangulate
from core.domain.recording import Synchronised
from tests.capture.several import PLACES_M, Clocked, a_walk, camera_at, filmed


def test_between_two_pictures_a_swinging_foot_is_placed_within_a_tenth_of_a_straight_line_s_error() -> None:
    time_s, fine_s = np.arange(0, 2, 1 / 30), np.arange(0.2, 1.8, 1 / 500)
    swing = 100 * np.sin(2 * np.pi * 1.5 * time_s)
    truth = 100 * np.sin(2 * np.pi * 1.5 * fine_s)
    line, cubic = (resampled(time_s, swing, fine_s, cubic=way) - truth for way in (False, True))
    assert np.abs(cubic).max() < 0.1 * np.abs(line).max()


def test_nothing_is_invented_outside_or_in_a_gap() -> None:
    values = np.array([0.0, 1.0, np.nan, 3.0, 4.0])
    found = resampled(np.arange(5.0), values, np.array([-0.5, 0.5, 1.0, 1.5, 2.5, 3.0, 3.5, 4.5]))
    assert np.isnan(found[[0, 3, 4, 7]]).all()
    assert found[[1, 2, 5, 6]] == pytest.approx([0.5, 1.0, 3.0, 3.5])


def test_tracks_keep_the_first_cameras_times_and_lose_their_clocks() -> None:
    walk, clock = a_walk(4.0), Clocked(offset_s=0.4, drift=5e-4, rate_hz=50.0)
    first = filmed(walk, camera_at(PLACES_M[0]), noise_px=0.0)
    other = filmed(walk, camera_at(PLACES_M[1]), clock, noise_px=0.0)
    truth = filmed(walk, camera_at(PLACES_M[1]), noise_px=0.0)
    other = replace(other, sync=Synchronised(clock.offset_s, clock.drift, 1.0, 1.0))

    same, moved = common_time((first, other))

    assert same.image_px is first.image_px or np.array_equal(same.image_px, first.image_px, equal_nan=True)
    assert np.array_equal(moved.time_s, first.time_s) and moved.sync is None and moved.camera is other.camera
    both = np.isfinite(moved.image_px[..., 0]) & np.isfinite(truth.image_px[..., 0])
    assert both.mean() > 0.3 and np.abs(moved.image_px - truth.image_px)[both].max() < 0.5
    assert (moved.visibility[~np.isfinite(moved.image_px[..., 0])] == 0.0).all()


def test_a_first_track_with_a_clock_of_its_own_keeps_its_own_times() -> None:
    walk = a_walk(4.0)
    tracks = [
        replace(
            filmed(walk, camera_at(place), Clocked(offset), noise_px=0.0),
            sync=Synchronised(offset, 0.0, 1.0, 1.0),
        )
        for place, offset in zip(PLACES_M, (0.5, 0.2, 0.8), strict=True)
    ]
    moved = common_time(tuple(tracks))
    assert all(np.array_equal(track.time_s, tracks[0].time_s) for track in moved)
    placed = triangulate(moved)
    assert np.nanmedian(placed.residual_px) < 0.5


def test_a_bent_lens_and_a_late_clock_do_not_move_the_points() -> None:
    walk, clock = a_walk(4.0), Clocked(offset_s=0.31, rate_hz=30.0)
    first = filmed(walk, camera_at(PLACES_M[0]), noise_px=0.0)
    other = filmed(walk, camera_at(PLACES_M[1]), clock, noise_px=0.0)
    other = replace(other, sync=Synchronised(clock.offset_s, float("nan"), 1.0, 1.0))

    placed = triangulate((first, other))

    truth = resampled(walk.time_s, walk.point_m, first.time_s)
    from core.twin.skeleton import POINTS

    error_m = np.linalg.norm(placed.world_m[:, [p.value for p in POINTS]] - truth, axis=2)
    assert np.isfinite(error_m).mean() > 0.3
    assert np.nanquantile(error_m, 0.99) < 0.004
