"""How a walker is put on the floor: poses of the reference with the lowest foot on the ground."""

from __future__ import annotations

import mujoco
import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.domain.body import JOINTS
from core.domain.scenario import LEVEL_GROUND, Ground
from core.simulation.ground import ground_height_m
from core.simulation.pose import FullPose
from core.simulation.reference import StrideBank
from core.twin.body import is_foot_geom

HEIGHT_SAMPLES = 50  # phases at which the pelvis height is computed; between them it is interpolated
_LIMIT_MARGIN_RAD = 0.01  # start inside the joint limits, or the limit pushes at the first step


def joint_addresses(model: mujoco.MjModel) -> tuple[IntArray, IntArray]:
    """Where the 14 joints stand in the model's positions and velocities, in the order of JOINTS."""
    position = [model.joint(joint.value).qposadr[0] for joint in JOINTS]
    velocity = [model.joint(joint.value).dofadr[0] for joint in JOINTS]
    return np.array(position), np.array(velocity)


def joint_limits(model: mujoco.MjModel) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest angle (14,) of each joint, kept a little inside."""
    low, high = model.jnt_range[[model.joint(joint.value).id for joint in JOINTS]].T
    return low + _LIMIT_MARGIN_RAD, high - _LIMIT_MARGIN_RAD


def standing_heights(model: mujoco.MjModel, bank: StrideBank, ground: Ground = LEVEL_GROUND) -> FloatArray:
    """Pelvis height (HEIGHT_SAMPLES,) above the walkway's line at which a foot just touches the ground.

    One per phase of the first stride of `bank`, pelvis upright, the phase's share of a stride ahead.
    """
    data = mujoco.MjData(model)
    pose = FullPose(model)
    low, high = joint_limits(model)
    stride_m = bank.speed_m_s[0] * bank.period_s[0]
    feet = [geom for geom in range(model.ngeom) if is_foot_geom(model.geom(geom).name)]
    heights = np.empty(HEIGHT_SAMPLES)
    for sample, phase in enumerate(np.arange(HEIGHT_SAMPLES) / HEIGHT_SAMPLES):
        forward_m = phase * stride_m
        root = np.array([[0.0, -forward_m, 0.0, 1.0, 0.0, 0.0, 0.0]])
        angle = np.clip(bank.angle(np.array([phase])), low, high)
        data.qpos[:] = pose.position(root, angle)[0]
        mujoco.mj_kinematics(model, data)
        clearance = min(lowest_point(model, data, geom) - _ground_below(data, geom, ground) for geom in feet)
        heights[sample] = -clearance - ground.climb * forward_m
    return heights


def _ground_below(data: mujoco.MjData, geom: int, ground: Ground) -> float:
    return float(ground_height_m(ground, -data.geom_xpos[geom, 1]))


def lowest_point(model: mujoco.MjModel, data: mujoco.MjData, geom: int) -> float:
    """Height of the lowest point of a capsule or an ellipsoid."""
    vertical = data.geom_xmat[geom].reshape(3, 3)[2]
    size = model.geom_size[geom]
    if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_CAPSULE:
        reach = abs(vertical[2]) * size[1] + size[0]
    else:
        reach = float(np.linalg.norm(vertical * size))
    return float(data.geom_xpos[geom, 2] - reach)
