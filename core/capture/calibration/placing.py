"""A calibration turned, scaled and cut to what it is used for: pure changes of cameras and their world."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.calibration import Calibration, Camera


@dataclass(frozen=True, slots=True)
class Bars:
    """Black rims around a picture that was scaled to fit, px."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


NO_BARS = Bars()


def scaled(camera: Camera, scale: float, size_px: tuple[int, int], bars: Bars | None = None) -> Camera:
    """The camera for pictures `scale` times as large, inside a picture of `size_px` behind `bars`.

    Pixel centres are whole numbers, as in OpenCV: the edge of the first one is at -0.5.
    """
    matrix = camera.matrix.copy()
    matrix[:2, :2] *= scale
    matrix[:2, 2] = (matrix[:2, 2] + 0.5) * scale - 0.5
    if bars is not None:
        matrix[:2, 2] += [bars.left, bars.top]
    return replace(camera, matrix=matrix, width_px=size_px[0], height_px=size_px[1])


def quarter_turned(camera: Camera, turns: int) -> Camera:
    """The camera for pictures turned clockwise by `turns` quarters."""
    for _ in range(turns % 4):
        camera = _turned_once(camera)
    return camera


def _turned_once(camera: Camera) -> Camera:
    """A pixel (x, y) comes to (height - 1 - y, x): new axes are x' = -y, y' = x."""
    (fx, _, cx), (_, fy, cy), _ = camera.matrix
    k1, k2, p1, p2, k3 = camera.distortion
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    return replace(
        camera,
        width_px=camera.height_px,
        height_px=camera.width_px,
        matrix=np.array([[fy, 0.0, camera.height_px - 1 - cy], [0.0, fx, cx], [0.0, 0.0, 1.0]]),
        distortion=np.array([k1, k2, p2, -p1, k3]),  # (p2, p1) turns like a vector
        rotation=turn @ camera.rotation,
        translation_m=turn @ camera.translation_m,
    )


def moved_world(calibration: Calibration, rotation: FloatArray, origin_m: FloatArray) -> Calibration:
    """The same cameras told in another world: its origin, and its axes as rows of `rotation`, in this one."""
    cameras = tuple(
        replace(
            camera,
            rotation=camera.rotation @ rotation.T,
            translation_m=camera.rotation @ origin_m + camera.translation_m,
        )
        for camera in calibration.cameras
    )
    return replace(calibration, cameras=cameras)


def up_of_pictures(calibration: Calibration) -> FloatArray:
    """(3,) the mean direction of "up" in the pictures, in the world; its length tells how they agree."""
    return np.asarray(np.mean([-camera.rotation[1] for camera in calibration.cameras], axis=0))
