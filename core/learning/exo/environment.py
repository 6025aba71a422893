"""The exo's own learning problem: the twin walks by its policy, the exo decides what to add at the hips."""

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
from core.learning.exo.worn_controller import Decide, WalkingPolicy, WornExo
from core.simulation.environment.batch_environment import StepResult
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.tracking import Walker, WalkingEnvironment
from core.simulation.environment.tracking_rewards import SIMILARITY
from core.simulation.model.exo_model import HIP_COLUMNS, exo_bodies, require_hip_motors, worn_model
from core.simulation.model.exo_sensors import SensorFaults
from core.twin.body import Fidelity

OBSERVATION = INPUTS + OBSERVATION_SIZE + 3 * len(SIDES)
"""The controller's own inputs first; then what only the simulation knows, for the value network."""

TRAINING_FAULTS = SensorFaults(
    angle_noise_rad=0.005, velocity_noise_rad_s=0.05, offset_rad=0.035, latency_s=0.02
)
"""Encoder noise, up to 2 degrees of mounting error, up to two ticks of delay."""

_VARIANTS = 8
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

    relief: float = 0.5  # less effort than without the exo,
    hip_fraction: float = 0.2  # of which so much at the hips alone: relief there must not burden other joints
    relief_scale: float = 0.2  # in units of this share
    smooth: float = 0.2  # w_as of eq. 13 and the term of eq. 14
    smooth_sharpness: float = 1.0  # exploring by 0.08 rad costs 7 percent of the term
    gait: float = 0.3  # the twin still walks as it wants to
    braking: float = 0.1  # work taken out of the person (Luo's w_r, of another term),
    braking_scale_w: float = 25.0  # in units of this power
    fall: float = 3.0  # about what six good seconds bring


@dataclass(frozen=True, slots=True)
class Baseline:
    """Effort of the same walk without the exo: all joints, and the assisted ones."""

    effort: float
    hip_effort: float


class ExoEnvironment:
    """N copies of one person wearing the exo. Actions are joint targets (N, 2) of the exo [rad]."""

    def __init__(
        self,
        world: WalkingEnvironment,
        policy: WalkingPolicy,
        exo: WornExo,
        baseline: Baseline,
        reward: ExoReward = ExoReward(),
    ) -> None:
        self.size = world.size
        self.world = world
        self.exo = exo
        self._policy = policy
        self._baseline = baseline
        self._reward = reward
        self._targets = np.zeros((3, world.size, len(SIDES)))  # now, before, and before that
        self._inputs = exo.look(world)

    def observation(self) -> Float32Array:
        """(N, OBSERVATION)"""
        torque = self.world.exo_torque_nm / 10.0
        parts = (self._inputs, self.world.observation(), torque, self._targets[0], self._targets[1])
        return np.concatenate(parts, axis=1).astype(np.float32)

    def step(self, action: FloatArray) -> StepResult:
        """One control step of the person, two ticks of the exo.

        The second tick decides anew from fresh sensors, shifted as far from the controller's own choice as
        `action` was: exploration lasts a whole step.
        """
        target = action.astype(np.float32)
        shift = target - self.exo.decide(self._inputs)
        ticks = iter((lambda: target, lambda: self.exo.decide(self.exo.look(self.world)) + shift))
        movement = self._policy.act(self.world.observation())
        step = self.world.step(movement, lambda world: self.exo.drive(next(ticks)(), world))
        self._inputs = self.exo.look(self.world)
        self._targets = np.stack([action, self._targets[0], self._targets[1]])
        reward, terms = self._judge(step)
        return StepResult(reward, step.terminated, step.truncated, terms)

    def reset(self, which: BoolArray) -> None:
        self.world.reset(which)
        self.exo.begin(which, self.world)
        self._inputs = self.exo.inputs()
        self._targets[:, which] = self._inputs[which][:, : len(SIDES)]

    def _judge(self, step: StepResult) -> tuple[FloatArray, dict[str, float]]:
        world, weights = self.world, self._reward
        torque, strength = world.joint_torque_nm, world.joint_limit_nm
        effort = effort_of(torque, strength) / self._baseline.effort
        hip = hip_effort_of(torque, strength) / self._baseline.hip_effort
        burden = (1.0 - weights.hip_fraction) * effort + weights.hip_fraction * hip
        jerk = self._targets[0] - 2 * self._targets[1] + self._targets[2]
        power = world.exo_torque_nm * world.joint_velocity_rad_s[:, HIP_COLUMNS]
        braking = np.maximum(-power, 0.0).sum(axis=1) / weights.braking_scale_w
        smooth = np.exp(-weights.smooth_sharpness * (jerk**2).sum(axis=1))
        reward = (
            weights.relief * np.clip(1.0 - burden, -2.0, 1.0) / weights.relief_scale
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
    """`count` times the same person, with or without the exo. Raises SIM-011 like `varied_people`."""
    if device_id is not None:
        require_hip_motors(device_id)
    return [Walker(worn_model(body, Fidelity.FAST, device_id), body, reference)] * count


def perturbed_walkers(
    body: BodyParameters, reference: GaitReference, device_id: str, count: int, seed: int
) -> list[Walker]:
    """The same person on days that differ: exo mass, strength and the floor's grip.

    The idea of Luo et al. 2024 (eq. 16), who draw anew in every episode; here eight variants are drawn once.
    The ranges are ours.

    Raises UserError SIM-011 for an exo without motors at the hips: the controller gives two hip torques.
    """
    require_hip_motors(device_id)
    rng = np.random.default_rng(seed)
    models = [_varied(worn_model(body, Fidelity.FAST, device_id), device_id, rng) for _ in range(_VARIANTS)]
    return [Walker(models[number % _VARIANTS], body, reference) for number in range(count)]


def worn_by(
    world: WalkingEnvironment, controller: ExoController, decide: Decide, faults: SensorFaults, seed: int
) -> WornExo:
    """The exo on these walkers, with `decide` in place of the controller's own network."""
    exo = WornExo(controller, world, faults=faults, seed=seed)
    exo.decide = decide
    return exo


def _varied(model: Any, device_id: str, rng: np.random.Generator) -> Any:
    varied = copy.deepcopy(model)
    parts = list(exo_bodies(varied, device_id))
    mass = rng.uniform(*_EXO_MASS)
    varied.body_mass[parts] *= mass
    varied.body_inertia[parts] *= mass
    strength = rng.uniform(*_STRENGTH)
    joint_pd = slice(0, len(JOINTS))
    varied.actuator_gainprm[joint_pd] *= strength
    varied.actuator_biasprm[joint_pd] *= strength
    varied.actuator_forcerange[joint_pd] *= strength
    # Of two surfaces in contact MuJoCo takes the larger friction, so all of them change.
    varied.geom_friction[:] *= rng.uniform(*_FRICTION)
    mujoco.mj_setConst(varied, mujoco.MjData(varied))
    return varied
