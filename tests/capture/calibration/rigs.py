"""Cameras around a walkway, for the claims about calibration."""

from __future__ import annotations

import numpy as np

from core.domain.calibration import Calibration, Camera

LENS = (-0.12, 0.05, 0.001, -0.0007, 0.01)


def camera_at(
    centre_m: tuple[float, float, float],
    *,
    looks_at_m: tuple[float, float, float] = (0.0, 0.0, 0.9),
    name: str = "cam",
    size_px: tuple[int, int] = (640, 480),
    focal_px: float = 560.0,
    distortion: tuple[float, ...] = LENS,
) -> Camera:
    """An upright camera with a lens that bends a little."""
    centre = np.array(centre_m)
    away = np.array(looks_at_m) - centre
    away /= np.linalg.norm(away)
    right = np.cross(away, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.array([right, np.cross(away, right), away])
    matrix = np.array(
        [[focal_px, 0.0, size_px[0] / 2 + 7.0], [0.0, focal_px * 1.004, size_px[1] / 2 - 5.0], [0, 0, 1.0]]
    )
    return Camera(name, *size_px, matrix, np.array(distortion), rotation, -rotation @ centre)


def rig(cameras: int = 3) -> Calibration:
    places = [(-1.2, -3.0, 1.2), (0.8, -3.2, 1.5), (2.5, -2.0, 1.0), (-2.6, -1.8, 1.4)][:cameras]
    made = tuple(camera_at(place, name=f"cam{number:02d}") for number, place in enumerate(places, 1))
    return Calibration(made, "made for a test", (0.2,) * cameras, 0.5)
