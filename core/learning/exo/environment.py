"""The exo's environment: the twin walks by a fixed policy, the exo's actions are its joint targets."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.body import JOINTS, SIDES
from core.domain.controller import ExoController
from core.domain.motion import GaitReference
from core.domain.twin import BodyParameters
from core.exo_core.numpy_runtime import INPUTS
from core.learning.exo.effort import effort_of, hip_effort_of
from core.learning.exo.worn_controller import Act, WalkingPolicy, WornExo
from core.simulation.environment.batch_environment import StepResult
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.tracking import Walker, WalkingEnvironment
from core.simulation.environment.tracking_rewards import SIMILARITY
from core.simulation.model.exo_model import HIP_COLUMNS, exo_bodies, require_hip_motors, worn_model
from core.simulation.model.exo_sensors import SensorFaults
from core.twin.body import Fidelity

OBSERVATION = INPUTS + OBSERVATION_SIZE + 3 * len(SIDES)
"""The controller's inputs first; then privileged observations of the simulation, for the value network."""

TRAINING_FAULTS = SensorFaults(
    angle_noise_rad=0.005, velocity_noise_rad_s=0.05, offset_rad=0.035, latency_s=0.02
)
"""Encoder noise, up to 2 degrees of mounting error, up to two ticks of delay."""

_VARIANTS = 8  # randomised models, dealt out to the walkers
_EXO_MASS = (0.85, 1.15)
_STRENGTH = (0.9, 1.1)
_FRICTION = (0.8, 1.2)


@dataclass(frozen=True, slots=True)
class ExoReward:
    """After the reward of Luo et al. 2024 (Nature 630:353, eq. 13), with other terms and some of its weights.

    Theirs: 0.5 for less muscle work, 0.2 for smooth actions (eq. 14, its sharpness is not printed), 0.1 for
    the energy of the exo, and terms for joint positions, pelvis and centre of pressure, whose weights they
    print for the imitation of motion only (0.75, 0.5, 0.2). Ours: `relief` counts torques of joints instead
    of muscle work and is divided by `relief_scale`, so its 0.5 weighs more; `smooth` is theirs; `braking` has
    the 0.1 of their energy term but counts only work taken out of the person; `gait` is the reward of the
    twin's own walk in place of their last three. The part of the hips and `fall` are ours alone.
    """

    relief: float = 0.5  # for less effort than without the exo,
    hip_fraction: float = 0.2  # of which this fraction at the hips alone: it must not load other joints
    relief_scale: float = 0.2  # relative effort that counts as one
    smooth: float = 0.2  # w_as of eq. 13 and the term of eq. 14
    smooth_sharpness: float = 1.0  # a policy std of 0.08 rad costs 7 percent of the term
    gait: float = 0.3  # the reward of the twin's own gait
    braking: float = 0.1  # against negative power at the hips (Luo's w_r, of another term),
    braking_scale_w: float = 25.0  # power that counts as one
    fall: float = 3.0  # about the return of six good seconds


@dataclass(frozen=True, slots=True)
class Baseline:
    """Effort of the same walk without the exo: all joints, and the assisted ones."""

    effort: float
    hip_effort: float


class ExoEnvironment:
    """N copies of one person wearing the exo. Actions are joint targets (N, 2) of the exo [rad]."""

    def __init__(
        self,
        walking: WalkingEnvironment,
        policy: WalkingPolicy,
        exo: WornExo,
        baseline: Baseline,
        reward: ExoReward = ExoReward(),
    ) -> None:
        self.size = walking.size
        self.walking = walking
        self.exo = exo
        self._policy = policy
        self._baseline = baseline
        self._weights = reward
        self._targets = np.zeros((3, walking.size, len(SIDES)))  # now, before, and before that
        self._inputs = exo.read_sensors(walking)

    def observation(self) -> Float32Array:
        """(N, OBSERVATION)"""
        torque = self.walking.exo_torque_nm / 10.0
        parts = (self._inputs, self.walking.observation(), torque, self._targets[0], self._targets[1])
        return np.concatenate(parts, axis=1).astype(np.float32)

    def step(self, action: FloatArray) -> StepResult:
        """One control step of the person, two ticks of the exo.

        The second tick acts on new sensor readings, with the same difference to the mean action as in the
        first: exploration noise is held for a whole step.
        """
        target = action.astype(np.float32)
        noise = target - self.exo.act(self._inputs)
        ticks = iter((lambda: target, lambda: self.exo.act(self.exo.read_sensors(self.walking)) + noise))
        walking_action = self._policy.act(self.walking.observation())
        step = self.walking.step(walking_action, lambda _: self.exo.torque_nm(next(ticks)()))
        self._inputs = self.exo.read_sensors(self.walking)
        self._targets = np.stack([action, self._targets[0], self._targets[1]])
        reward, terms = self._rewards(step)
        return StepResult(reward, step.terminated, step.truncated, terms)

    def reset(self, which: BoolArray) -> None:
        self.walking.reset(which)
        self.exo.reset(which, self.walking)
        self._inputs = self.exo.inputs()
        self._targets[:, which] = self._inputs[which][:, : len(SIDES)]

    def _rewards(self, step: StepResult) -> tuple[FloatArray, dict[str, float]]:
        walking, weights = self.walking, self._weights
        torque, strength = walking.joint_torque_nm, walking.joint_limit_nm
        effort = effort_of(torque, strength) / self._baseline.effort
        hip = hip_effort_of(torque, strength) / self._baseline.hip_effort
        total_effort = (1.0 - weights.hip_fraction) * effort + weights.hip_fraction * hip
        second_difference = self._targets[0] - 2 * self._targets[1] + self._targets[2]
        power = walking.exo_torque_nm * walking.joint_velocity_rad_s[:, HIP_COLUMNS]
        braking = np.maximum(-power, 0.0).sum(axis=1) / weights.braking_scale_w
        smooth = np.exp(-weights.smooth_sharpness * (second_difference**2).sum(axis=1))
        reward = (
            weights.relief * np.clip(1.0 - total_effort, -2.0, 1.0) / weights.relief_scale
            + weights.smooth * smooth
            + weights.gait * step.reward
            - weights.braking * np.minimum(braking, 2.0)
        )
        reward = np.where(step.terminated, -weights.fall, np.nan_to_num(reward))
        alive = ~step.terminated
        terms = {
            "effort": float(effort[alive].mean()) if alive.any() else 1.0,
            "hip_effort": float(hip[alive].mean()) if alive.any() else 1.0,
            "smooth": float(smooth.mean()),
            SIMILARITY: step.reward_terms[SIMILARITY],
        }
        return reward, terms


def walkers_of(
    body: BodyParameters, reference: GaitReference, device_id: str | None, count: int
) -> list[Walker]:
    """`count` times the same person, with or without the exo. Raises SIM-011 like `perturbed_walkers`."""
    if device_id is not None:
        require_hip_motors(device_id)
    return [Walker(worn_model(body, Fidelity.FAST, device_id), body, reference)] * count


def perturbed_walkers(
    body: BodyParameters, reference: GaitReference, device_id: str, count: int, seed: int
) -> list[Walker]:
    """Domain randomisation of one person with the exo: exo mass, strength and friction.

    The idea of Luo et al. 2024 (eq. 16), who draw anew in every episode; here eight variants are drawn once.
    The ranges are ours.

    Raises UserError SIM-011 for an exo without motors at the hips: the controller gives two hip torques.
    """
    require_hip_motors(device_id)
    rng = np.random.default_rng(seed)
    models = [
        _randomised(worn_model(body, Fidelity.FAST, device_id), device_id, rng) for _ in range(_VARIANTS)
    ]
    return [Walker(models[number % _VARIANTS], body, reference) for number in range(count)]


def worn_by(
    walking: WalkingEnvironment, controller: ExoController, act: Act, faults: SensorFaults, seed: int
) -> WornExo:
    """The exo on these walkers, with `act` in place of the controller's own network."""
    exo = WornExo(controller, walking, faults=faults, seed=seed)
    exo.act = act
    return exo


def _randomised(model: Any, device_id: str, rng: np.random.Generator) -> Any:
    randomised = copy.deepcopy(model)
    parts = list(exo_bodies(randomised, device_id))
    mass = rng.uniform(*_EXO_MASS)
    randomised.body_mass[parts] *= mass
    randomised.body_inertia[parts] *= mass
    strength = rng.uniform(*_STRENGTH)
    joint_pd = slice(0, len(JOINTS))
    randomised.actuator_gainprm[joint_pd] *= strength
    randomised.actuator_biasprm[joint_pd] *= strength
    randomised.actuator_forcerange[joint_pd] *= strength
    # Of two surfaces in contact MuJoCo takes the larger friction, so all of them change.
    randomised.geom_friction[:] *= rng.uniform(*_FRICTION)
    mujoco.mj_setConst(randomised, mujoco.MjData(randomised))
    return randomised
