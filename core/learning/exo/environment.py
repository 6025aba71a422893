"""The exo's environment: the twin walks by a fixed policy, the exo's actions are its joint targets."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.body import JOINTS, SIDES
from core.exo_core.numpy_runtime import INPUTS
from core.learning.exo.sided_help import SidedHelp
from core.learning.exo.surrogate import COSTS, SurrogateCost
from core.learning.exo.wear_and_tear import add_hinge_friction
from core.learning.exo.worn_controller import WornExo
from core.simulation.environment.batch_environment import StepResult
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.state_dict import load_with_prefix, with_prefix
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.tracking_rewards import SIMILARITY
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import exo_bodies
from core.simulation.model.exo_sensors import Faults

OBSERVATION = INPUTS + OBSERVATION_SIZE + 3 * len(SIDES)
"""The controller's inputs first; then privileged observations of the simulation, for the value network."""

LEARNING_FAULTS = Faults(
    angle_noise_rad=0.005, velocity_noise_rad_s=0.05, angle_bias_rad=0.1, delay_s=0.03, dropout=0.02
)
"""Encoder noise, straps up to 0.1 rad off, up to three ticks of delay, one sample in fifty lost."""
TRAINING_FAULTS = Faults(
    gyroscope_noise_rad_s=0.05,
    gyroscope_bias_rad_s=0.05,
    misplacement_rad=math.radians(15.0),
    angle_noise_rad=0.005,
    velocity_noise_rad_s=0.05,
    angle_bias_rad=0.035,
    delay_s=0.02,
    dropout=0.02,
)
"""What a well worn exo has, by which it is judged: 2 degrees of mounting error and two ticks of delay.

Gyros on the thighs sit up to 15 degrees askew.
"""

_EXO_MASS = (0.85, 1.15)
_STRENGTH = (0.9, 1.1)
_FLOOR = (0.7, 1.2)
WALKERS_PER_DRAW = 8
"""A model of its own for each walker would not stay in the processor's cache until its next turn."""
_LARGEST_FORCE = 2  # of MuJoCo's muscle parameters


@dataclass(frozen=True, slots=True)
class ExoReward:
    """After the reward of Luo et al. 2024 (Nature 630:353, eq. 13), with other terms and some of its weights.

    Theirs: 0.5 for less muscle work, 0.2 for smooth actions (eq. 14, its sharpness is not printed), 0.1 for
    the energy of the exo, and terms for joint positions, pelvis and centre of pressure, whose weights they
    print for the imitation of motion only (0.75, 0.5, 0.2). Ours: `relief` counts the muscles' cost by the
    surrogate, over its value without the exo, and is divided by `relief_scale`, so its 0.5 weighs more;
    `smooth` is theirs; `braking` counts only work taken out of the person; `gait` is the reward of the twin's
    own walk in place of their last three. `fall` is ours alone.
    """

    relief: float = 0.5
    relief_scale: float = 0.2  # relative cost that counts as one
    smooth: float = 0.2  # w_as of eq. 13 and the term of eq. 14
    smooth_sharpness: float = 1.0  # a policy std of 0.08 rad costs 7 percent of the term
    gait: float = 0.3  # the reward of the twin's own gait
    braking: float = 0.4  # against negative power at its joints
    braking_scale_w: float = 25.0  # power that counts as one
    fall: float = 3.0  # about the return of six good seconds


@dataclass(frozen=True, slots=True, eq=False)
class PricedCost:
    """The cost per metre that training lowers: the surrogate's COSTS of N walkers, weighed by an aim."""

    surrogate: SurrogateCost
    without_exo: FloatArray  # (N, 4) mean costs in each walker's lesson
    speed_m_s: FloatArray  # (N,) mean speed there
    weights: FloatArray  # (4,)
    sided: SidedHelp | None = None  # prices of the torque itself, for legs that are impaired unequally

    def relative(self, walking: WalkingEnvironment) -> FloatArray:
        """(N, 4) costs of the last step over their means without the exo."""
        costs = self.surrogate.costs(*walking.step_motion)
        relative: FloatArray = costs / self.without_exo
        return relative

    def per_metre(self, relative: FloatArray, advanced_m_s: FloatArray) -> FloatArray:
        """(N,) weighed cost of `relative` (N, 4) per metre, to first order in the speed (N,)."""
        cost: FloatArray = relative @ self.weights - (advanced_m_s / self.speed_m_s - 1.0)
        return cost

    def of_torque(self, torque_nm: FloatArray) -> FloatArray:
        """(N,) what the exo's torque (N, 2) is priced at, as in the offline stage."""
        if self.sided is None:
            return np.zeros(len(torque_nm))
        squared = (torque_nm**2).mean(axis=1)
        price: FloatArray = self.sided.torque_price * squared
        return price + self.sided.lean * torque_nm[:, self.sided.affected]


class WalkingActor(Protocol):
    """What moves the person in the exo's environment."""

    def act(self, observation: Float32Array) -> FloatArray:
        """Actions (N, 14) for observations (N, O)."""


class ExoEnvironment:
    """N walkers wearing the exo. Actions are joint targets (N, 2) of the exo [rad]."""

    def __init__(
        self,
        walking: WalkingEnvironment,
        policy: WalkingActor,
        exo: WornExo,
        cost: PricedCost,
        reward: ExoReward = ExoReward(),
    ) -> None:
        self.size = walking.size
        self.walking = walking
        self.exo = exo
        self.policy = policy
        self.walking_step: StepResult | None = None  # of the person, with the reward of the gait
        self._cost, self._weights = cost, reward
        self._targets = np.zeros((3, walking.size, len(SIDES)))  # now, before, and before that
        self._inputs = exo.read_sensors(walking)
        self._seen: Float32Array | None = None  # the person's observation, until the next step or reset

    def observation(self) -> Float32Array:
        """(N, OBSERVATION)"""
        torque = self.walking.exo_torque_nm / 10.0
        parts = (self._inputs, self._walking_observation(), torque, self._targets[0], self._targets[1])
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def step(self, action: FloatArray) -> StepResult:
        """One control step of the person, two ticks of the exo.

        The second tick acts on new sensor readings, with the same difference to the mean action as in the
        first: exploration noise is held for a whole step.
        """
        target = action.astype(np.float32)
        noise = target - self.exo.act(self._inputs)
        ticks = iter((lambda: target, lambda: self.exo.act(self.exo.read_sensors(self.walking)) + noise))
        walking_action = self.policy.act(self._walking_observation())
        self._seen = None
        step = self.walking.step(walking_action, lambda _: self.exo.torque_nm(next(ticks)()))
        self.walking_step = step
        self._inputs = self.exo.read_sensors(self.walking)
        self._targets = np.stack([action, self._targets[0], self._targets[1]])
        reward, terms = self._rewards(step)
        return StepResult(reward, step.terminated, step.truncated, terms)

    def reset(self, which: BoolArray) -> None:
        self._seen = None
        self.walking.reset(which)
        self.exo.reset(which, self.walking)
        self._inputs = self.exo.inputs()
        self._targets[:, which] = self._inputs[which][:, : len(SIDES)]

    def price_torque(self, sided: SidedHelp) -> None:
        """From now on the torque itself is priced like this."""
        self._cost = replace(self._cost, sided=sided)

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes, so that `load_state_dict` continues exactly here."""
        own: dict[str, np.ndarray] = {"targets": self._targets.copy(), "inputs": self._inputs.copy()}
        torque: dict[str, np.ndarray] = {"exo_torque_nm": self.walking.exo_torque_nm.copy()}
        return own | torque | with_prefix("walking_", self.walking) | with_prefix("exo_", self.exo)

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        self._seen = None
        self._targets, self._inputs = np.array(state["targets"]), np.array(state["inputs"])
        load_with_prefix("walking_", self.walking, state)
        load_with_prefix("exo_", self.exo, state)
        self.walking.exo_torque_nm = np.array(state["exo_torque_nm"])

    def _walking_observation(self) -> Float32Array:
        """Computed once for policy and value network."""
        if self._seen is None:
            self._seen = self.walking.observation()
        return self._seen

    def _rewards(self, step: StepResult) -> tuple[FloatArray, dict[str, float]]:
        walking, weights = self.walking, self._weights
        relative = self._cost.relative(walking)
        cost = self._cost.per_metre(relative, -walking.physics.velocity(walking.state)[:, 1])
        cost = cost + self._cost.of_torque(walking.exo_torque_nm)
        second_difference = self._targets[0] - 2 * self._targets[1] + self._targets[2]
        power = walking.exo_torque_nm * walking.joint_velocity_rad_s[:, walking.exo_columns]
        braking = np.maximum(-power, 0.0).sum(axis=1) / weights.braking_scale_w
        smooth = np.exp(-weights.smooth_sharpness * (second_difference**2).sum(axis=1))
        reward = (
            weights.relief * np.clip(1.0 - cost, -2.0, 1.0) / weights.relief_scale
            + weights.smooth * smooth
            + weights.gait * step.reward
            - weights.braking * np.minimum(braking, 2.0)
        )
        reward = np.where(step.terminated, -weights.fall, np.nan_to_num(reward))
        alive = ~step.terminated
        means = relative[alive].mean(axis=0) if alive.any() else np.ones(len(COSTS))
        terms = {
            "activation": float(means[0]),
            "metabolic": float(means[2:].mean()),
            SIMILARITY: step.reward_terms[SIMILARITY],
        }
        return reward, terms


def randomised_walkers(walkers: Sequence[Walker], device_id: str, rng: np.random.Generator) -> list[Walker]:
    """Domain randomisation: WALKERS_PER_DRAW neighbours with the same model share a `randomised` one."""
    drawn = list(walkers)
    for model in dict.fromkeys(id(walker.model) for walker in walkers):
        rows = [row for row, walker in enumerate(walkers) if id(walker.model) == model]
        for start in range(0, len(rows), WALKERS_PER_DRAW):
            different = randomised(walkers[rows[start]], device_id, rng).model
            for row in rows[start : start + WALKERS_PER_DRAW]:
                drawn[row] = replace(walkers[row], model=different)
    return drawn


def randomised(walker: Walker, device_id: str, rng: np.random.Generator) -> Walker:
    """Domain randomisation of one walker with the exo: its mass and hinges, strength, and the floor.

    The idea of Luo et al. 2024 (eq. 16), who draw anew in every episode; here models are drawn once. The
    ranges are ours.
    """
    model = copy.deepcopy(walker.model)
    parts = list(exo_bodies(model, device_id))
    mass = rng.uniform(*_EXO_MASS)
    model.body_mass[parts] *= mass
    model.body_inertia[parts] *= mass
    add_hinge_friction(model, walker.exo_joint, rng)
    _scale_strength(model, rng.uniform(*_STRENGTH))
    # Of two surfaces in contact MuJoCo takes the larger friction, so all of them change.
    model.geom_friction[:] *= rng.uniform(*_FLOOR)
    mujoco.mj_setConst(model, mujoco.MjData(model))
    return replace(walker, model=model)


def _scale_strength(model: Any, factor: float) -> None:
    """All muscles, or where there are none all joint torques, by this factor."""
    if model.na:
        model.actuator_gainprm[: model.na, _LARGEST_FORCE] *= factor
        model.actuator_biasprm[: model.na, _LARGEST_FORCE] *= factor
        return
    joint_pd = slice(0, len(JOINTS))
    model.actuator_gainprm[joint_pd] *= factor
    model.actuator_biasprm[joint_pd] *= factor
    model.actuator_forcerange[joint_pd] *= factor
