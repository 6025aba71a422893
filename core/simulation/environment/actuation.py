"""Actuation of the joints: joint targets become actuator controls, by PD control or by muscles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, FloatArray, IntArray
from core.domain.body import JOINTS
from core.domain.twin import BodyParameters
from core.simulation.muscles.activation_dynamics import excitation_for
from core.simulation.muscles.activation_prior import ActivationPriors
from core.simulation.muscles.coordination import (
    CoordinationNetwork,
    CoordinationProblem,
    coordination_problem,
    leg_traits,
)
from core.simulation.muscles.leg_muscles import MODEL_SIDES, LegMuscles, joint_rows, leg_rows
from core.twin.body import joint_strength
from core.twin.impairments import torque_fractions

MUSCLE_DAMPING_TIME_S = 0.05  # less than of PD control: muscles respond late and add damping of their own
PREDICTION_S = 0.008  # joint angles are extrapolated by most of a muscle interval: activation rises in it
MUSCLE_INTERVAL_S = 0.01
_RISE_S = 0.6 * MUSCLE_INTERVAL_S  # in which the target activation is to be reached


@dataclass(frozen=True, slots=True, eq=False)
class ActuationInputs:
    """Inputs of an actuation. Axes: N walkers, 14 joints, S state values, Y sensor values."""

    target_rad: FloatArray  # (N, 14)
    angle_rad: FloatArray  # (N, 14)
    velocity_rad_s: FloatArray  # (N, 14)
    state: FloatArray  # (N, S)
    sensor: FloatArray  # (N, Y)
    phase: FloatArray  # (N,) of the stride, from left heel strike
    walking: FloatArray  # (N,) 1 in walking on even ground, 0 on stairs, in running and in standing


class Actuation(Protocol):
    """Turns targets into controls of the body's actuators, every `interval_s`."""

    actuators: int  # number of its controls; an exo's motors follow them
    interval_s: float
    joint_pd: JointPd  # the PD law of the joint targets

    def control(self, inputs: ActuationInputs) -> FloatArray:
        """Controls (N, actuators)."""

    def torque_nm(self, inputs: ActuationInputs) -> FloatArray:
        """Joint torque of the body itself (N, 14)."""

    def effort(self, inputs: ActuationInputs) -> FloatArray:
        """Mean squared actuation (N,), 0..1."""

    def reset(self, which: BoolArray) -> None:
        """Reset the internal state of the marked walkers (N,)."""

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes."""

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Continue from `state`."""


@dataclass(frozen=True, slots=True, eq=False)
class JointPd:
    """torque = stiffness (target - angle) - damping velocity, within limits. Axes: N walkers, 14 joints."""

    stiffness_nm_rad: FloatArray
    damping_nm_s_rad: FloatArray
    lowest_nm: FloatArray
    highest_nm: FloatArray

    def of(self, walkers: IntArray) -> JointPd:
        """Of these walkers (K,) alone."""
        names = ("stiffness_nm_rad", "damping_nm_s_rad", "lowest_nm", "highest_nm")
        return JointPd(*(getattr(self, name)[walkers] for name in names))

    @staticmethod
    def of_models(models: Sequence[mujoco.MjModel]) -> JointPd:
        """Read from the position actuators of FAST models."""
        count = len(JOINTS)
        return JointPd(
            np.stack([model.actuator_gainprm[:count, 0] for model in models]),
            np.stack([-model.actuator_biasprm[:count, 2] for model in models]),
            np.stack([model.actuator_forcerange[:count, 0] for model in models]),
            np.stack([model.actuator_forcerange[:count, 1] for model in models]),
        )

    @staticmethod
    def of_bodies(bodies: Sequence[BodyParameters]) -> JointPd:
        """For bodies with muscles: the torques that these shall make, less for weak ones."""
        strength = [[joint_strength(body, joint.kind) for joint in JOINTS] for body in bodies]
        stiffness = np.array([[joint.stiffness_nm_rad for joint in body] for body in strength])
        lowest = np.array([[joint.lowest_nm for joint in body] for body in strength])
        highest = np.array([[joint.highest_nm for joint in body] for body in strength])
        fractions = np.array([[torque_fractions(body, joint) for joint in JOINTS] for body in bodies])
        damping = stiffness * MUSCLE_DAMPING_TIME_S
        return JointPd(stiffness, damping, lowest * fractions[..., 0], highest * fractions[..., 1])

    @property
    def limit_nm(self) -> FloatArray:
        """(N, 14) torque in the stronger direction."""
        return np.maximum(-self.lowest_nm, self.highest_nm)

    def torque_nm(self, target: FloatArray, angle: FloatArray, velocity: FloatArray) -> FloatArray:
        torque = self.stiffness_nm_rad * (target - angle) - self.damping_nm_s_rad * velocity
        return np.clip(torque, self.lowest_nm, self.highest_nm)


class _Stateless:
    """An actuation that depends on nothing but its present inputs."""

    def reset(self, which: BoolArray) -> None:
        pass

    def state_dict(self) -> dict[str, np.ndarray]:
        return {}

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        pass


class TorqueActuation(_Stateless):
    """Ideal torque at every joint of the FAST body, by the position actuators of its model."""

    actuators = len(JOINTS)

    def __init__(self, models: Sequence[mujoco.MjModel], interval_s: float) -> None:
        self.joint_pd = JointPd.of_models(models)
        self.interval_s = interval_s

    def control(self, inputs: ActuationInputs) -> FloatArray:
        return inputs.target_rad

    def torque_nm(self, inputs: ActuationInputs) -> FloatArray:
        return self.joint_pd.torque_nm(inputs.target_rad, inputs.angle_rad, inputs.velocity_rad_s)

    def effort(self, inputs: ActuationInputs) -> FloatArray:
        """Mean squared fraction of each joint's strength."""
        fraction = self.torque_nm(inputs) / self.joint_pd.limit_nm
        effort: FloatArray = np.mean(fraction**2, axis=1)
        return effort


class MuscleActuation(_Stateless):
    """Muscles: the leg muscles make the torques of the PD law as far as they can.

    Muscles of trunk and arms, which only the 416-muscle body has, are never excited.
    """

    interval_s = MUSCLE_INTERVAL_S

    def __init__(
        self,
        models: Sequence[mujoco.MjModel],
        bodies: Sequence[BodyParameters],
        network: CoordinationNetwork | None,
    ) -> None:
        """Without a `network` every problem is solved exactly, which is slower."""
        self.joint_pd = JointPd.of_bodies(bodies)
        self.network = network
        self.leg_muscles = LegMuscles(models)
        self.actuators = int(models[0].na)
        self.problem: CoordinationProblem | None = None  # the last one
        self._traits = leg_traits(bodies)
        self._priors = ActivationPriors(models[0], bodies)

    def control(self, inputs: ActuationInputs) -> FloatArray:
        """Excitations (N, A) of all muscles that bring the activations to where the torques need them."""
        predicted = inputs.angle_rad + PREDICTION_S * inputs.velocity_rad_s
        torque = leg_rows(self.joint_pd.torque_nm(inputs.target_rad, predicted, inputs.velocity_rad_s))
        angle, speed = leg_rows(inputs.angle_rad), leg_rows(inputs.velocity_rad_s)
        torques = self.leg_muscles.torques(inputs.angle_rad, inputs.sensor)
        self.problem = coordination_problem(
            torques, torque, angle, speed, self._traits, self._priors.at(inputs.phase, inputs.walking)
        )
        target = self.problem.exact() if self.network is None else self.network.activation(self.problem)
        present = self.leg_muscles.activation(inputs.state)
        return self.leg_muscles.walkers(excitation_for(present, target, _RISE_S))

    def torque_nm(self, inputs: ActuationInputs) -> FloatArray:
        torques = self.leg_muscles.torques(inputs.angle_rad, inputs.sensor)
        activation = self.leg_muscles.activation(inputs.state)
        return joint_rows(np.einsum("rjm,rm->rj", torques.active_nm, activation) + torques.passive_nm)

    def effort(self, inputs: ActuationInputs) -> FloatArray:
        """Mean squared activation of the leg muscles."""
        by_leg = np.mean(self.leg_muscles.activation(inputs.state).astype(np.float64) ** 2, axis=1)
        effort: FloatArray = by_leg.reshape(len(MODEL_SIDES), -1).mean(axis=0)
        return effort
