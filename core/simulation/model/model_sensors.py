"""Sensors of every simulated body: ground reaction force of each foot, length and speed of each muscle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.domain.body import SIDES

_GROUND, _HEEL, _LENGTH, _SPEED = "ground", "heel", "length", "speed"
_FORCE_AND_POINT = 1 << int(mujoco.mjtConDataField.mjCONDATA_FORCE) | 1 << int(
    mujoco.mjtConDataField.mjCONDATA_POS
)
_NET_FORCE = 3  # of MuJoCo's ways to sum contacts: one force at the force-weighted centre, world axes


def add_sensors(spec: mujoco.MjSpec) -> None:
    """Add sensors of ground force and heel position to both feet, of length and speed to every muscle."""
    for side in SIDES:
        spec.add_sensor(
            name=f"{_GROUND}_{side.suffix}",
            type=mujoco.mjtSensor.mjSENS_CONTACT,
            objtype=mujoco.mjtObj.mjOBJ_XBODY,
            objname=f"calcn_{side.suffix}",
            intprm=[_FORCE_AND_POINT, _NET_FORCE, 1],
        )
        spec.add_sensor(
            name=f"{_HEEL}_{side.suffix}",
            type=mujoco.mjtSensor.mjSENS_FRAMEPOS,
            objtype=mujoco.mjtObj.mjOBJ_XBODY,
            objname=f"calcn_{side.suffix}",
        )
    for actuator in list(spec.actuators):
        if actuator.dyntype != mujoco.mjtDyn.mjDYN_MUSCLE:
            continue
        for name, kind in ((_LENGTH, "mjSENS_ACTUATORPOS"), (_SPEED, "mjSENS_ACTUATORVEL")):
            spec.add_sensor(
                name=f"{name}_{actuator.name}",
                type=getattr(mujoco.mjtSensor, kind),
                objtype=mujoco.mjtObj.mjOBJ_ACTUATOR,
                objname=actuator.name,
            )


@dataclass(frozen=True, slots=True, eq=False)
class SensorColumns:
    """Where the sensors of a model are on the sensor axis. M muscles, in the order of the actuators."""

    ground_force: IntArray  # (2, 3) sides, world axes
    ground_point: IntArray  # (2, 3)
    heel: IntArray  # (2, 3)
    length: IntArray  # (M,)
    speed: IntArray  # (M,)

    @staticmethod
    def of(model: Any) -> SensorColumns:
        start = np.array([model.sensor(f"{_GROUND}_{side.suffix}").adr[0] for side in SIDES])
        muscles = [
            model.actuator(index).name
            for index in range(model.nu)
            if model.actuator_dyntype[index] == mujoco.mjtDyn.mjDYN_MUSCLE
        ]
        return SensorColumns(
            start[:, None] + np.arange(3),
            start[:, None] + np.arange(3, 6),
            np.array([model.sensor(f"{_HEEL}_{side.suffix}").adr[0] for side in SIDES])[:, None]
            + np.arange(3),
            np.array([model.sensor(f"{_LENGTH}_{name}").adr[0] for name in muscles], np.int64),
            np.array([model.sensor(f"{_SPEED}_{name}").adr[0] for name in muscles], np.int64),
        )

    def ground_force_n(self, sensor: FloatArray) -> FloatArray:
        """Force of the ground on each foot (N, 2, 3), world axes, from sensor values (N, Y)."""
        force: FloatArray = -sensor[
            :, self.ground_force
        ]  # the sensor measures the foot's force on the ground
        return force

    def ground_point_m(self, sensor: FloatArray) -> FloatArray:
        """Centre of pressure of each foot (N, 2, 3); zero while the foot is in the air."""
        point: FloatArray = sensor[:, self.ground_point]
        return point

    def heel_ahead_m(self, sensor: FloatArray) -> FloatArray:
        """How far ahead along the walkway, towards -y, each heel is (N, 2)."""
        ahead: FloatArray = -sensor[:, self.heel[:, 1]]
        return ahead

    def roll_m(self, sensor: FloatArray) -> FloatArray:
        """Distance of the centre of pressure ahead of the heel (N, 2); meaningless for a foot in the air."""
        ahead: FloatArray = sensor[:, self.heel[:, 1]] - sensor[:, self.ground_point[:, 1]]
        return ahead


class SensorEvaluator:
    """Sensor values of states that no physics step led to."""

    def __init__(self, models: Sequence[mujoco.MjModel]) -> None:
        self._models = models
        self._data = {id(model): mujoco.MjData(model) for model in models}

    def evaluate(self, state: FloatArray, rows: IntArray) -> FloatArray:
        """Sensor values (len(rows), Y) of these rows of the walkers' states (N, S)."""
        values = [self._evaluate(self._models[row], state[row]) for row in rows]
        return np.array(values)

    def _evaluate(self, model: mujoco.MjModel, state: FloatArray) -> FloatArray:
        data = self._data[id(model)]
        mujoco.mj_setState(model, data, state, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        mujoco.mj_forward(model, data)
        return np.array(data.sensordata)
