"""Claims about straightening what a bent lens saw."""

from __future__ import annotations

import numpy as np

from core.capture.calibration.lens import distorted_px, seen_px, straightened_px
from tests.capture.calibration.rigs import camera_at


def test_straightened_landmarks_are_where_the_projection_puts_them() -> None:
    camera = camera_at((0.5, -3.0, 1.2))
    world = np.random.default_rng(1).uniform([-1, -0.6, 0.1], [1, 0.6, 1.8], (40, 33, 3))
    seen = seen_px(world, camera)
    seen[3, 5] = np.nan

    straight = straightened_px(seen, camera)

    homogeneous = np.concatenate([world, np.ones((40, 33, 1))], axis=-1) @ camera.projection.T
    expected = homogeneous[..., :2] / homogeneous[..., 2:]
    assert np.isnan(straight[3, 5]).all()
    np.testing.assert_allclose(np.delete(straight[3], 5, 0), np.delete(expected[3], 5, 0), atol=1e-4)
    np.testing.assert_allclose(straight[4:], expected[4:], atol=1e-4)
    assert np.nanmax(np.abs(straight - seen)) > 2  # the lens really bends


def test_there_and_back_is_where_one_was() -> None:
    camera = camera_at((0.5, -3.0, 1.2), distortion=(0.18, -0.256, 0.0032, 0.0022, 0.124))
    grid = np.stack(np.meshgrid(np.arange(0, 640, 20), np.arange(0, 480, 20)), axis=-1).astype(float)

    np.testing.assert_allclose(distorted_px(straightened_px(grid, camera), camera), grid, atol=1e-3)


def test_a_point_beyond_the_fold_of_the_lens_has_no_place() -> None:
    camera = camera_at(
        (0.5, -3.0, 1.2), distortion=(-0.5, 0.0, 0.0, 0.0, 0.0)
    )  # folds over at 0.82 focal lengths

    straight = straightened_px(np.array([[320.0, 240.0], [320.0 + 560 * 0.7, 240.0]]), camera)

    assert np.isfinite(straight[0]).all() and np.isnan(straight[1]).all()
