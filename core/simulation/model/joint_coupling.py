"""Poses of a model with coupled joints (knee, kneecap) from the fourteen independent joints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.domain.body import JOINTS
from core.twin.scaling import neutral_pose

_LIMIT_MARGIN_RAD = 0.01  # start inside the joint limits, or the limit pushes at the first step

ROOT_POSITIONS = 7  # free joint: position (3) and quaternion (4), first in qpos
NEUTRAL_ROOT = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0)  # 1 m above the ground, upright


def position_columns(model: Any) -> IntArray:
    """Where the angles of JOINTS are in the model's qpos: (14,)."""
    return np.array([model.joint(joint.value).qposadr[0] for joint in JOINTS], np.int64)


def velocity_columns(model: Any) -> IntArray:
    """Where the velocities of JOINTS are in the model's qvel: (14,)."""
    return np.array([model.joint(joint.value).dofadr[0] for joint in JOINTS], np.int64)


@dataclass(frozen=True, slots=True)
class _Coupling:
    """One dependent joint: q - q0 = polynomial of (driver - driver0), lowest power first."""

    position: int
    velocity: int
    driver: int  # column of JOINTS
    neutral: float
    driver_neutral: float
    polynomial: FloatArray  # (5,)


class FullPose:
    """Fills qpos and qvel of a model with muscles from root and joint values. Axes: T frames.

    Joints that neither are nor follow a leg joint (trunk and arms of the 416-muscle body) stay neutral.
    """

    def __init__(self, model: Any) -> None:
        self._neutral = neutral_pose(model)
        self._nv = int(model.nv)
        self._positions = position_columns(model)
        self._velocities = velocity_columns(model)
        names = [joint.value for joint in JOINTS]
        self._couplings = []
        for equality in np.flatnonzero(model.eq_type == mujoco.mjtEq.mjEQ_JOINT):
            dependent, driver = model.eq_obj1id[equality], model.eq_obj2id[equality]
            if driver < 0 or model.joint(driver).name not in names:
                continue
            position, driving = model.jnt_qposadr[dependent], model.jnt_qposadr[driver]
            self._couplings.append(
                _Coupling(
                    int(position),
                    int(model.jnt_dofadr[dependent]),
                    names.index(model.joint(driver).name),
                    float(model.qpos0[position]),
                    float(model.qpos0[driving]),
                    model.eq_data[equality, :5].copy(),
                )
            )

    def position(self, root: FloatArray, angle_rad: FloatArray) -> FloatArray:
        """Full qpos (T, nq) for root pose (T, 7) and joint angles (T, 14)."""
        qpos = np.repeat(self._neutral[None], len(angle_rad), axis=0)
        qpos[:, :ROOT_POSITIONS] = root
        qpos[:, self._positions] = angle_rad
        for coupling in self._couplings:
            driver = angle_rad[:, coupling.driver] - coupling.driver_neutral
            qpos[:, coupling.position] = coupling.neutral + np.polyval(coupling.polynomial[::-1], driver)
        return qpos

    def velocity(self, angle_rad: FloatArray, velocity_rad_s: FloatArray) -> FloatArray:
        """Full qvel (T, nv), root at rest, for joint angles and velocities (T, 14)."""
        qvel = np.zeros((len(angle_rad), self._nv))
        qvel[:, self._velocities] = velocity_rad_s
        for coupling in self._couplings:
            qvel[:, coupling.velocity] = self._slope(coupling, angle_rad) * velocity_rad_s[:, coupling.driver]
        return qvel

    def joint_moment_arms(self, moment: FloatArray, angle_rad: FloatArray) -> FloatArray:
        """Moment arms about the fourteen joints (T, M, 14) from those about nv degrees of freedom (T, M, nv).

        By virtual work a coupled joint's arm counts at its driver, times d(coupled) / d(driver).
        """
        arms = moment[:, :, self._velocities].copy()
        for coupling in self._couplings:
            slope = self._slope(coupling, angle_rad)
            arms[:, :, coupling.driver] += moment[:, :, coupling.velocity] * slope[:, None]
        return arms

    @staticmethod
    def _slope(coupling: _Coupling, angle_rad: FloatArray) -> FloatArray:
        driver = angle_rad[:, coupling.driver] - coupling.driver_neutral
        slope: FloatArray = np.polyval(np.polyder(coupling.polynomial[::-1]), driver)
        return slope


def dense_moment_arms(data: mujoco.MjData, arms: FloatArray) -> None:
    """Write the moment arms of all actuators about all degrees of freedom into `arms` (nu, nv)."""
    mujoco.mju_sparse2dense(
        arms, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
    )


def rotation_matrices(quaternion: FloatArray) -> FloatArray:
    """Rotation matrices (N, 3, 3) of unit quaternions (N, 4) w x y z."""
    w, x, y, z = quaternion.T
    xx, yy, zz, xy, xz, yz, wx, wy, wz = x * x, y * y, z * z, x * y, x * z, y * z, w * x, w * y, w * z
    rows = (
        (1 - 2 * (yy + zz), 2 * (xy - wz), 2 * (xz + wy)),
        (2 * (xy + wz), 1 - 2 * (xx + zz), 2 * (yz - wx)),
        (2 * (xz - wy), 2 * (yz + wx), 1 - 2 * (xx + yy)),
    )
    return np.moveaxis(np.array(rows), 2, 0)


def joint_limits(model: mujoco.MjModel) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest angle (14,) of each joint, kept a little inside."""
    low, high = model.jnt_range[[model.joint(joint.value).id for joint in JOINTS]].T
    return low + _LIMIT_MARGIN_RAD, high - _LIMIT_MARGIN_RAD


def lowest_point(model: mujoco.MjModel, data: mujoco.MjData, geom: int) -> float:
    """Height of the lowest point of a capsule or an ellipsoid."""
    vertical = data.geom_xmat[geom].reshape(3, 3)[2]
    size = model.geom_size[geom]
    if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_CAPSULE:
        reach = abs(vertical[2]) * size[1] + size[0]
    else:
        reach = float(np.linalg.norm(vertical * size))
    return float(data.geom_xpos[geom, 2] - reach)
