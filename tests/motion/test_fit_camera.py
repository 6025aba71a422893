"""Cameras of a fit: exact derivatives, and angles between the view and the way walked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.capture.synthetic import PinholeCamera
from core.domain.arrays import FloatArray
from core.motion.fit_camera import STATE, FitCamera, KnownCamera, StandingCamera

STEP = 1e-6


def standing(yaw: float = 1.1) -> StandingCamera:
    state = np.array([yaw, 0.12, -0.03, 1.3, 0.05])
    return StandingCamera(
        state=state,
        start=np.array([yaw, 0.0, 0.0, 1.2, 0.0]),
        target_m=np.array([0.2, -1.0]),
        distance_m=5.0,
        focal_px=1400.0,
        centre_px=np.array([960.0, 540.0]),
    )


def known() -> KnownCamera:
    return KnownCamera(PinholeCamera((5.0, -3.0, 1.2), (0.0, -1.0, 0.9)).projection())


def points() -> FloatArray:
    return np.random.default_rng(0).uniform([-0.6, -2.0, 0.0], [0.6, 0.5, 1.6], (4, 5, 3))


@pytest.mark.parametrize("camera", [standing(), standing(-0.7), known()], ids=["left", "right", "calibrated"])
def test_pixels_change_with_points_as_the_derivatives_say(camera: FitCamera) -> None:
    point_m = points()
    found = camera.project(point_m)

    for axis in range(3):
        step = STEP * np.eye(3)[axis]
        numeric = camera.project(point_m + step).image_px - camera.project(point_m - step).image_px
        np.testing.assert_allclose(found.by_point[..., axis], numeric / (2 * STEP), atol=1e-4)


@pytest.mark.parametrize("yaw", [1.1, -0.7, 2.8])
def test_pixels_change_with_a_standing_camera_as_the_derivatives_say(yaw: float) -> None:
    camera, point_m = standing(yaw), points()
    found = camera.project(point_m)

    for number in range(STATE):
        step = STEP * np.eye(STATE)[number]
        ahead, behind = camera.moved(step).project(point_m), camera.moved(-step).project(point_m)
        numeric = (ahead.image_px - behind.image_px) / (2 * STEP)
        np.testing.assert_allclose(found.by_camera[..., number], numeric, atol=1e-3)


def test_a_calibrated_camera_has_nothing_to_fit() -> None:
    camera = known()
    assert camera.constants == 0 and camera.project(points()).by_camera.shape[-1] == 0
    assert camera.moved(np.zeros(0)) is camera


@pytest.mark.parametrize(
    ("yaw_deg", "angle_deg"), [(90.0, 0.0), (-90.0, 0.0), (0.0, 90.0), (180.0, 90.0), (60.0, 30.0)]
)
def test_the_view_angle_is_0_from_either_side_and_90_from_front_and_back(
    yaw_deg: float, angle_deg: float
) -> None:
    camera = replace(standing(), state=np.array([np.radians(yaw_deg), 0.1, 0.0, 1.2, 0.0]))
    assert np.degrees(camera.view_angle_rad) == pytest.approx(angle_deg, abs=1e-6)


def test_what_it_looks_at_is_in_the_middle_of_the_picture_whatever_the_direction() -> None:
    for yaw in (0.0, 1.0, 2.5, -2.0):
        camera = replace(standing(), state=np.array([yaw, 0.0, 0.0, 1.2, 0.0]))
        at_eye_height = np.array([[[*camera.target_m, 1.2]]])
        np.testing.assert_allclose(camera.project(at_eye_height).image_px[0, 0], camera.centre_px, atol=1e-9)
