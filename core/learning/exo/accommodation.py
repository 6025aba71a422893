"""Accommodation to the exo: the walking policy is fine-tuned to walk the same gait with and without it.

A policy that was never trained with the exo's five kilograms walks worse with them, and a comparison would
ascribe that to the exo's control. Half of the walkers wear the exo, with the controller that training starts
from, half do not; the reward is that of the gait alone, without effort. The same policy then walks in every
condition that is compared.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mujoco
import torch

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.controller import ExoController
from core.domain.twin import GaitPolicy
from core.learning.exo.environment import TRAINING_FAULTS
from core.learning.exo.worn_controller import WornExo
from core.learning.rl.checkpoint import pack, unpack
from core.learning.rl.networks import ActorCritic, to_network
from core.learning.rl.ppo import Ppo, PpoSettings
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.batch_environment import CONTROL_STEP_S, StepResult
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.tracking import ACTION_SIZE, Walker, WalkingEnvironment
from core.simulation.environment.tracking_rewards import SIMILARITY
from core.simulation.model.exo_model import exo_bodies, require_hip_motors, worn_model
from core.twin.body import Fidelity

_WEIGHTLESS = 1e-6  # of its mass: keeps the exo in the model, as if it were not worn
_LOG_STD = -1.6  # policy std 0.2, 5 degrees: the policy can walk already


@dataclass(frozen=True, slots=True)
class AccommodationProgress:
    """Numbers of one iteration of accommodation."""

    elapsed_s: float  # wall time over all runs
    falls_per_minute: float
    similarity: float  # 0..1, of the joint angles to the reference


class Accommodation:
    """Fine-tunes the walking policy with and without an exo, by PPO."""

    def __init__(
        self, policy: GaitPolicy, device_id: str, controller: ExoController, *, seed: int, walkers: int
    ) -> None:
        torch.manual_seed(seed)
        self.elapsed_s = 0.0
        self._policy = policy
        require_hip_motors(device_id)
        worn = worn_model(policy.body, Fidelity.FAST, device_id)
        models = [worn, _without(worn, device_id)]
        population = [Walker(models[number % 2], policy.body, policy.reference) for number in range(walkers)]
        self._environment = _HalfWorn(WalkingEnvironment(population, seed=seed), controller, seed)
        self._agent = ActorCritic(OBSERVATION_SIZE, ACTION_SIZE)
        log_std = policy.log_std.clip(max=_LOG_STD)
        self._agent.load(policy.policy, policy.value, log_std)
        normaliser = Normaliser(policy.observation_mean.copy(), policy.observation_std**2)
        settings = PpoSettings(learning_rate=1e-4, learning_rate_range=(2e-5, 3e-4))
        self._ppo = Ppo(
            self._environment, self._agent, normaliser, settings=settings, seed=seed, learn_normaliser=False
        )

    def learn_iteration(self, clock: Callable[[], float]) -> AccommodationProgress:
        """Collect one rollout and update the networks on it."""
        started = clock()
        stats = self._ppo.learn_iteration()
        minutes = self._ppo.settings.horizon * self._environment.size * CONTROL_STEP_S / 60.0
        self.elapsed_s += clock() - started
        return AccommodationProgress(
            self.elapsed_s, stats.terminations / minutes, stats.reward_terms[SIMILARITY]
        )

    def save_checkpoint(self) -> bytes:
        """The state that the next run resumes from; the walkers start new episodes."""
        return pack({"learner": self._ppo.state_dict(), "elapsed_s": self.elapsed_s})

    def load_checkpoint(self, checkpoint: bytes) -> None:
        """Continue from `checkpoint`. Raises RuntimeError when it is not a checkpoint of this learner."""
        content = unpack(checkpoint)
        self._ppo.load_state_dict(content["learner"])
        self.elapsed_s = content["elapsed_s"]

    def policy(self) -> GaitPolicy:
        """The fine-tuned policy, all else as before."""
        agent = self._agent
        return dataclasses.replace(
            self._policy,
            policy=to_network(agent.policy, agent.activation),
            value=to_network(agent.value, agent.activation),
            log_std=agent.log_std.detach().numpy().copy(),
        )


class _HalfWorn:
    """A walking environment in which every other walker, from the first, wears the exo."""

    def __init__(self, walking: WalkingEnvironment, controller: ExoController, seed: int) -> None:
        self.size = walking.size
        self._walking = walking
        self._exo = WornExo(controller, walking, faults=TRAINING_FAULTS, seed=seed)

    def observation(self) -> Float32Array:
        return self._walking.observation()

    def step(self, action: FloatArray) -> StepResult:
        return self._walking.step(action, self._assist)

    def reset(self, which: BoolArray) -> None:
        self._walking.reset(which)
        self._exo.reset(which, self._walking)

    def _assist(self, walking: WalkingEnvironment) -> FloatArray:
        torque = self._exo(walking).copy()
        torque[1::2] = 0.0
        return torque


def _without(worn: Any, device_id: str) -> Any:
    """The same model with an exo that weighs nothing, so that both kinds walk in one batch."""
    bare = copy.deepcopy(worn)
    parts = list(exo_bodies(bare, device_id))
    bare.body_mass[parts] *= _WEIGHTLESS
    bare.body_inertia[parts] *= _WEIGHTLESS
    mujoco.mj_setConst(bare, mujoco.MjData(bare))
    return bare
