"""How a walker's joints are moved: joint targets become actuator controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS
from core.domain.twin import BodyParameters
from core.twin.body import DAMPING_TIME_S, joint_strength

BoolArray = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, eq=False)
class Limbs:
    """What a drive feels. Axes: N walkers, 14 joints, S state values, Y sensor values."""

    target_rad: FloatArray  # (N, 14)
    angle_rad: FloatArray  # (N, 14)
    velocity_rad_s: FloatArray  # (N, 14)
    state: FloatArray  # (N, S)
    sensor: FloatArray  # (N, Y)


class Drive(Protocol):
    """Turns targets into controls of the body's actuators, every `interval_s`."""

    actuators: int  # controls it gives; an exo's motors follow them
    interval_s: float
    servos: Servos  # what the joints are asked for

    def control(self, limbs: Limbs) -> FloatArray:
        """Controls (N, actuators)."""

    def torque_nm(self, limbs: Limbs) -> FloatArray:
        """Joint torque of the body itself (N, 14)."""

    def effort(self, limbs: Limbs) -> FloatArray:
        """How hard the body works (N,), 0..1."""

    def restart(self, which: BoolArray) -> None:
        """Forget the past of the marked walkers (N,)."""

    def memory(self) -> dict[str, np.ndarray]:
        """All that changes."""

    def recall(self, memory: dict[str, np.ndarray]) -> None:
        """Continue from `memory`."""


@dataclass(frozen=True, slots=True, eq=False)
class Servos:
    """torque = stiffness (target - angle) - damping velocity, within limits. Axes: N walkers, 14 joints."""

    stiffness_nm_rad: FloatArray
    damping_nm_s_rad: FloatArray
    lowest_nm: FloatArray
    highest_nm: FloatArray

    @staticmethod
    def of_models(models: Sequence[mujoco.MjModel]) -> Servos:
        """Read from the position actuators of FAST models."""
        count = len(JOINTS)
        return Servos(
            np.stack([model.actuator_gainprm[:count, 0] for model in models]),
            np.stack([-model.actuator_biasprm[:count, 2] for model in models]),
            np.stack([model.actuator_forcerange[:count, 0] for model in models]),
            np.stack([model.actuator_forcerange[:count, 1] for model in models]),
        )

    @staticmethod
    def of_bodies(bodies: Sequence[BodyParameters]) -> Servos:
        """For bodies without servos: what their muscles are asked to do."""
        strength = [[joint_strength(body, joint.kind) for joint in JOINTS] for body in bodies]
        stiffness = np.array([[joint.stiffness_nm_rad for joint in body] for body in strength])
        limit = np.array([[joint.limit_nm for joint in body] for body in strength])
        return Servos(stiffness, stiffness * DAMPING_TIME_S, -limit, limit)

    def torque_nm(self, target: FloatArray, angle: FloatArray, velocity: FloatArray) -> FloatArray:
        wish = self.stiffness_nm_rad * (target - angle) - self.damping_nm_s_rad * velocity
        return np.clip(wish, self.lowest_nm, self.highest_nm)


class TorqueDrive:
    """Ideal torque at every joint of the FAST body: the physics' own servos do the work."""

    actuators = len(JOINTS)

    def __init__(self, models: Sequence[mujoco.MjModel], interval_s: float) -> None:
        self.servos = Servos.of_models(models)
        self.interval_s = interval_s

    def control(self, limbs: Limbs) -> FloatArray:
        return limbs.target_rad

    def torque_nm(self, limbs: Limbs) -> FloatArray:
        return self.servos.torque_nm(limbs.target_rad, limbs.angle_rad, limbs.velocity_rad_s)

    def effort(self, limbs: Limbs) -> FloatArray:
        """Mean squared share of each joint's strength."""
        share = self.torque_nm(limbs) / self.servos.highest_nm
        effort: FloatArray = np.mean(share**2, axis=1)
        return effort

    def restart(self, which: BoolArray) -> None:
        pass

    def memory(self) -> dict[str, np.ndarray]:
        return {}

    def recall(self, memory: dict[str, np.ndarray]) -> None:
        pass
