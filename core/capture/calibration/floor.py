"""Which way is up, and where the floor is: from a board lying on it, from feet, or from level cameras."""

from __future__ import annotations

import numpy as np

from core.capture.calibration.placing import moved_world, up_of_pictures
from core.domain.arrays import FloatArray
from core.domain.calibration import Calibration

_ROLL_RAD = 0.05  # by which cameras on stands lean to one side: three degrees
_FOOT_M = 0.02  # by which places of standing feet are off the floor
_OUTLIERS = 10  # rounds in which points off the floor lose weight


def aligned_to_floor(calibration: Calibration, points_m: FloatArray) -> Calibration:
    """The same cameras in a world whose z axis is up and whose z = 0 runs through `points_m` (N, 3).

    The points are places on the floor, such as those where feet stood. Those of a straight walk lie almost on
    a line and leave open how the floor tilts about it; there the cameras decide, which stand level on their
    stands to a few degrees. Needs one point; those far off the common plane count little.
    """
    points = np.asarray(points_m, dtype=np.float64).reshape(-1, 3)
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) == 0:
        raise ValueError("the floor needs at least one point")
    weight = np.ones(len(points))
    up = level_up(calibration)
    for _ in range(_OUTLIERS):
        middle = np.average(points, axis=0, weights=weight)
        up = _up(calibration, (points - middle) * np.sqrt(weight)[:, None] / _FOOT_M)
        off = (points - middle) @ up / _FOOT_M
        weight = 1.0 / (1.0 + (off / 2.0) ** 2)
    middle = np.average(points, axis=0, weights=weight)
    return _standing(calibration, up, np.asarray(middle))


def aligned_to_board(calibration: Calibration, rotation: FloatArray, origin_m: FloatArray) -> Calibration:
    """The same cameras in the world of a board that lies on the floor: its first corner, its x axis.

    `rotation` (3, 3) board to world and `origin_m` (3,) as they are now. The board's own z axis points into
    the floor or out of it, however it is printed; up is the side from which the cameras see it.
    """
    up = rotation[:, 2]
    towards = np.mean([camera.centre_m for camera in calibration.cameras], axis=0) - origin_m
    up = up if up @ towards > 0 else -up
    return _standing(calibration, up, origin_m, forward=rotation[:, 0])


def level(calibration: Calibration) -> Calibration:
    """The same cameras, upright as far as their pictures tell; the world's origin below the first camera."""
    up = level_up(calibration)
    return _standing(calibration, up, calibration.cameras[0].centre_m)


def level_up(calibration: Calibration) -> FloatArray:
    """(3,) up, from cameras that do not lean to the side: upright on the rows of all their pictures."""
    return _up(calibration, np.zeros((0, 3)))


def _up(calibration: Calibration, points: FloatArray) -> FloatArray:
    """The unit vector most at right angles to points (in standard deviations) and to the pictures' rows."""
    rows = np.array([camera.rotation[0] for camera in calibration.cameras]) / _ROLL_RAD
    seen = up_of_pictures(calibration)
    both = np.concatenate([rows, points])
    if len(both) < 2 or np.linalg.svd(both, compute_uv=False)[1] < 0.2 / _ROLL_RAD:
        return np.asarray(seen / np.linalg.norm(seen))  # one direction only leaves everything open
    up = np.linalg.svd(both)[2][-1]
    return np.asarray(up if up @ seen > 0 else -up)


def _standing(
    calibration: Calibration, up: FloatArray, origin_m: FloatArray, forward: FloatArray | None = None
) -> Calibration:
    """In a world with this up and origin; x along `forward`, else to the right of the first camera."""
    along = calibration.cameras[0].rotation[0] if forward is None else forward
    x = along - (along @ up) * up
    x /= np.linalg.norm(x)
    return moved_world(calibration, np.array([x, np.cross(up, x), up]), origin_m)
