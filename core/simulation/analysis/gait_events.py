"""Strides of a simulated walk, detected exactly as in a recorded one, so that both can be compared."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.gait_events import FootPaths
from core.domain.motion import Stride
from core.domain.twin import BodyParameters
from core.gait.events import find_strides
from core.twin.skeleton import Skeleton, side_columns


def walked_points(body: BodyParameters, qpos: FloatArray, angle_rad: FloatArray) -> FloatArray:
    """Landmarks (T, P, 3) of root poses in `qpos` (T, nq) and joint angles (T, 14); see `POINTS`."""
    skeleton = Skeleton(body)
    from scipy.spatial.transform import Rotation  # 16 MB that learning does without

    turn = Rotation.from_quat(qpos[:, 3:7], scalar_first=True).as_rotvec()
    poses = np.column_stack([qpos[:, :3], turn, angle_rad])
    return skeleton.points_m(poses)


def detected_strides(
    body: BodyParameters, time_s: FloatArray, qpos: FloatArray, angle_rad: FloatArray, *, after_s: float
) -> tuple[Stride, ...]:
    """Complete strides of both feet that begin after `after_s`.

    The same kinematic events as for recordings: contact forces would place heel strikes some hundredths of a
    second later and call a dragging toe stance.
    """
    point_m = walked_points(body, qpos, angle_rad)
    feet = FootPaths(
        time_s, qpos[:, :3], point_m[:, side_columns("HEEL")], point_m[:, side_columns("FOOT_INDEX")]
    )
    return tuple(stride for stride in find_strides(feet) if stride.start_s >= after_s)
