"""How a walker's joints are moved: joint targets become actuator controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.body import JOINTS
from core.domain.twin import BodyParameters
from core.simulation.muscles.activation_prior import Habits
from core.simulation.muscles.coordination import CoordinationNetwork, Demand, demand, leg_traits
from core.simulation.muscles.leg_muscles import MODEL_SIDES, MusclePlant, joint_rows, leg_rows
from core.twin.body import joint_strength
from core.twin.impairments import torque_shares

MUSCLE_DAMPING_TIME_S = 0.05  # less than of servos: muscles answer late, and damp by themselves
FORESIGHT_S = 0.008  # joint angles are foreseen by most of a muscle interval, in which activation arrives
MUSCLE_INTERVAL_S = 0.01
_RISE_S, _FALL_S = 0.01, 0.04  # activation dynamics (Millard et al. 2013, eq. 1; MuJoCo's defaults)
_ARRIVAL_SHARE = 0.6  # of the interval in which the asked activation is to be reached


@dataclass(frozen=True, slots=True, eq=False)
class Limbs:
    """What a drive feels. Axes: N walkers, 14 joints, S state values, Y sensor values."""

    target_rad: FloatArray  # (N, 14)
    angle_rad: FloatArray  # (N, 14)
    velocity_rad_s: FloatArray  # (N, 14)
    state: FloatArray  # (N, S)
    sensor: FloatArray  # (N, Y)
    phase: FloatArray  # (N,) of the stride, from left heel strike
    walking: FloatArray  # (N,) 1 in walking on a road, 0 on stairs, in running and in standing


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
        """For bodies without servos: what their muscles are asked to do, weak ones for less."""
        strength = [[joint_strength(body, joint.kind) for joint in JOINTS] for body in bodies]
        stiffness = np.array([[joint.stiffness_nm_rad for joint in body] for body in strength])
        lowest = np.array([[joint.lowest_nm for joint in body] for body in strength])
        highest = np.array([[joint.highest_nm for joint in body] for body in strength])
        shares = np.array([[torque_shares(body, joint) for joint in JOINTS] for body in bodies])
        damping = stiffness * MUSCLE_DAMPING_TIME_S
        return Servos(stiffness, damping, lowest * shares[..., 0], highest * shares[..., 1])

    @property
    def limit_nm(self) -> FloatArray:
        """(N, 14) torque in the stronger direction."""
        return np.maximum(-self.lowest_nm, self.highest_nm)

    def torque_nm(self, target: FloatArray, angle: FloatArray, velocity: FloatArray) -> FloatArray:
        wish = self.stiffness_nm_rad * (target - angle) - self.damping_nm_s_rad * velocity
        return np.clip(wish, self.lowest_nm, self.highest_nm)


class _Forgetful:
    """A drive that depends on nothing but what it feels now."""

    def restart(self, which: BoolArray) -> None:
        pass

    def memory(self) -> dict[str, np.ndarray]:
        return {}

    def recall(self, memory: dict[str, np.ndarray]) -> None:
        pass


class TorqueDrive(_Forgetful):
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
        share = self.torque_nm(limbs) / self.servos.limit_nm
        effort: FloatArray = np.mean(share**2, axis=1)
        return effort


class MuscleDrive(_Forgetful):
    """Muscles: the torques that servos would give are asked of the leg muscles, as far as they can.

    Muscles of trunk and arms, which only the 416-muscle body has, are never excited.
    """

    interval_s = MUSCLE_INTERVAL_S

    def __init__(
        self,
        models: Sequence[mujoco.MjModel],
        bodies: Sequence[BodyParameters],
        network: CoordinationNetwork | None,
    ) -> None:
        """Without a `network` every demand is solved exactly, which is slower."""
        self.servos = Servos.of_bodies(bodies)
        self.network = network
        self.plant = MusclePlant(models)
        self.actuators = int(models[0].na)
        self.posed: Demand | None = None  # the last demand
        self._traits = leg_traits(bodies)
        self._habits = Habits(models[0])

    def control(self, limbs: Limbs) -> FloatArray:
        """Excitations (N, A) of all muscles that bring the activations to where the torques need them."""
        foreseen = limbs.angle_rad + FORESIGHT_S * limbs.velocity_rad_s
        wish = leg_rows(self.servos.torque_nm(limbs.target_rad, foreseen, limbs.velocity_rad_s))
        angle, speed = leg_rows(limbs.angle_rad), leg_rows(limbs.velocity_rad_s)
        torques = self.plant.torques(limbs.angle_rad, limbs.sensor)
        self.posed = demand(
            torques, wish, angle, speed, self._traits, self._habits.at(limbs.phase, limbs.walking)
        )
        wanted = self.posed.exact() if self.network is None else self.network.activation(self.posed)
        return self.plant.walkers(_excitation(self.plant.activation(limbs.state), wanted))

    def torque_nm(self, limbs: Limbs) -> FloatArray:
        torques = self.plant.torques(limbs.angle_rad, limbs.sensor)
        activation = self.plant.activation(limbs.state)
        return joint_rows(np.einsum("rjm,rm->rj", torques.active_nm, activation) + torques.passive_nm)

    def effort(self, limbs: Limbs) -> FloatArray:
        """Mean squared activation of the leg muscles."""
        by_leg = np.mean(self.plant.activation(limbs.state).astype(np.float64) ** 2, axis=1)
        effort: FloatArray = by_leg.reshape(len(MODEL_SIDES), -1).mean(axis=0)
        return effort


def _excitation(activation: Float32Array, wanted: Float32Array) -> Float32Array:
    """Constant excitation that brings `activation` to `wanted`: activation dynamics, inverted."""
    slowing = 0.5 + 1.5 * activation
    time_constant_s = np.where(wanted > activation, _RISE_S * slowing, _FALL_S / slowing)
    share = 1.0 - np.exp(-_ARRIVAL_SHARE * MUSCLE_INTERVAL_S / time_constant_s)
    return np.clip(activation + (wanted - activation) / share, 0.0, 1.0).astype(np.float32)
