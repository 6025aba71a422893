"""How fast the thighs of simulated walkers turn, as a gyroscope on each would tell.

Closed form from the state, for all walkers at once: a reading of every tick of a hip exo must not cost as
much as the physics. `ShankGyros` asks MuJoCo for the same, walker by walker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.simulation.model.exo_sensors import ImuSite

SAGITTAL = 2  # axis of a segment to the right, see `Imu`; about it the lower end swings forward


class ThighGyros:
    """Perfect gyroscopes of N walkers, one model each, all of the same structure."""

    def __init__(self, models: Sequence[Any]) -> None:
        self._thighs = tuple(_Thigh(models, side) for side in SIDES)

    def read(self, position: FloatArray, velocity: FloatArray) -> FloatArray:
        """Turning (N, 2, 3) [rad/s] of the thighs about their own axes in states (N, nq), (N, nv)."""
        return np.stack([thigh.turning(position, velocity) for thigh in self._thighs], axis=1)


class _Thigh:
    """The joints between the free root of a body and one thigh."""

    def __init__(self, models: Sequence[Any], side: Side) -> None:
        first = models[0]
        body = first.body(ImuSite.THIGH.body(side)).id
        joints = range(int(first.body_jntadr[body]), int(first.body_jntadr[body] + first.body_jntnum[body]))
        root, self._still = _root_and_rotation(first, body)
        free = int(first.body_jntadr[root])
        self._spin = slice(int(first.jnt_dofadr[free]) + 3, int(first.jnt_dofadr[free]) + 6)
        self._columns = [(int(first.jnt_qposadr[joint]), int(first.jnt_dofadr[joint])) for joint in joints]
        # Sizes and impairments differ from model to model; (joints, N, 3) and (joints, N).
        self._axes = np.array([[model.jnt_axis[joint] for model in models] for joint in joints])
        zero = [[model.qpos0[place] for model in models] for place, _ in self._columns]
        self._zero = np.array(zero)

    def turning(self, position: FloatArray, velocity: FloatArray) -> FloatArray:
        """(N, 3) in the thigh's axes: each joint turns what the ones above it turned already."""
        spin: FloatArray = velocity[:, self._spin] @ self._still
        for axis, zero, (place, dof) in zip(self._axes, self._zero, self._columns, strict=True):
            spin = _turned_back(spin, axis, position[:, place] - zero) + axis * velocity[:, dof, None]
        return spin


def _turned_back(vector: FloatArray, axis: FloatArray, angle: FloatArray) -> FloatArray:
    """Vectors (N, 3) in axes that were turned about unit axes (N, 3) by angles (N,): Rodrigues' formula."""
    x, y, z = vector.T
    a, b, c = axis.T
    along = (vector * axis).sum(axis=1)[:, None] * axis
    across = np.stack([b * z - c * y, c * x - a * z, a * y - b * x], axis=1)
    turned: FloatArray = along + np.cos(angle)[:, None] * (vector - along) - np.sin(angle)[:, None] * across
    return turned


def _root_and_rotation(model: Any, body: int) -> tuple[int, FloatArray]:
    """The body with the free joint above `body`, and the rotation (3, 3) from `body` unbent to it."""
    rotation = np.eye(3)
    while True:
        own = np.zeros(9)
        mujoco.mju_quat2Mat(own, model.body_quat[body])
        rotation = own.reshape(3, 3) @ rotation
        body = int(model.body_parentid[body])
        joint = int(model.body_jntadr[body])
        if joint >= 0 and model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE:
            return body, rotation
