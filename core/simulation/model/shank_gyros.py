"""How fast the shanks of simulated walkers turn, as a gyroscope on each would tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.simulation.model.exo_sensors import ImuSite

_TO_THE_RIGHT = 2  # axis of a segment, see `Imu`; about it the lower end swings forward


class ShankGyros:
    """Perfect gyroscopes of N walkers, one model each."""

    def __init__(self, models: Sequence[Any]) -> None:
        self._models = models
        self._data = {id(model): mujoco.MjData(model) for model in models}
        self._bodies = {
            id(model): [model.body(ImuSite.SHANK.body(side)).id for side in SIDES] for model in models
        }

    def read(self, position: FloatArray, velocity: FloatArray) -> FloatArray:
        """Turning (N, 2) [rad/s] of the shanks, lower end forward, in these states (N, nq), (N, nv)."""
        turning = np.zeros((len(self._models), len(SIDES)))
        found = np.zeros(6)
        for row, model in enumerate(self._models):
            data = self._data[id(model)]
            data.qpos[:], data.qvel[:] = position[row], velocity[row]
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_comVel(model, data)
            for side, body in enumerate(self._bodies[id(model)]):
                mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, body, found, 1)
                turning[row, side] = found[_TO_THE_RIGHT]
        return turning
