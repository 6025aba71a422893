"""The twin gets used to the exo: its walking policy learns to walk the same gait with it and without it.

A policy that never wore five kilograms walks badly with them, and a comparison would blame the exo. Half of
the walkers learn with the exo, helped by the controller that training starts from, half without; the reward
is the one of the gait alone, effort plays no part. The same policy then walks every gait that is compared.
"""

from __future__ import annotations

import copy
import dataclasses
import io
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
from core.learning.rl.networks import ActorCritic, to_network
from core.learning.rl.ppo import Ppo, PpoSettings
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.batch_environment import CONTROL_STEP_S, StepResult
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.tracking import ACTION_SIZE, Walker, WalkingEnvironment
from core.simulation.environment.tracking_rewards import SIMILARITY
from core.simulation.model.exo_model import exo_bodies, require_hip_motors, worn_model
from core.twin.body import Fidelity

_WEIGHTLESS = 1e-6  # of its mass: the exo is in the model, but not on the person
_LOG_STD = -1.6  # 0.2 of an action, 5 degrees: a walker who knows how


@dataclass(frozen=True, slots=True)
class AccommodationProgress:
    """Where getting used stands after a round."""

    elapsed_s: float  # wall time over all sittings
    falls_per_minute: float
    similarity: float  # 0..1, joint angles against the reference


class Accommodation:
    """Rounds of getting used to an exo."""

    def __init__(
        self, policy: GaitPolicy, device_id: str, controller: ExoController, *, seed: int, walkers: int
    ) -> None:
        torch.manual_seed(seed)
        self.elapsed_s = 0.0
        self._policy = policy
        require_hip_motors(device_id)
        worn = worn_model(policy.body, Fidelity.FAST, device_id)
        models = [worn, _without(worn, device_id)]
        training_population = [
            Walker(models[number % 2], policy.body, policy.reference) for number in range(walkers)
        ]
        self._environment = _Wearers(WalkingEnvironment(training_population, seed=seed), controller, seed)
        self._agent = ActorCritic(OBSERVATION_SIZE, ACTION_SIZE)
        log_std = policy.log_std.clip(max=_LOG_STD)
        self._agent.load(policy.policy, policy.value, log_std)
        view = Normaliser(policy.observation_mean.copy(), policy.observation_std**2)
        settings = PpoSettings(learning_rate=1e-4, learning_rate_range=(2e-5, 3e-4))
        self._ppo = Ppo(
            self._environment, self._agent, view, settings=settings, seed=seed, learn_normaliser=False
        )

    def learn_iteration(self, clock: Callable[[], float]) -> AccommodationProgress:
        """Walk one horizon and learn from it."""
        started = clock()
        done = self._ppo.learn_iteration()
        minutes = self._ppo.settings.horizon * self._environment.size * CONTROL_STEP_S / 60.0
        self.elapsed_s += clock() - started
        return AccommodationProgress(
            self.elapsed_s, done.terminations / minutes, done.reward_terms[SIMILARITY]
        )

    def save_checkpoint(self) -> bytes:
        """What is needed to go on."""
        stream = io.BytesIO()
        torch.save({"learner": self._ppo.state_dict(), "elapsed_s": self.elapsed_s}, stream)
        return stream.getvalue()

    def load_checkpoint(self, checkpoint: bytes) -> None:
        """Continue from `checkpoint`. Raises RuntimeError when it is not a checkpoint of this learner."""
        content: dict[str, Any] = torch.load(io.BytesIO(checkpoint), weights_only=True)
        self._ppo.load_state_dict(content["learner"])
        self.elapsed_s = content["elapsed_s"]

    def policy(self) -> GaitPolicy:
        """The policy as it is now, all else as before."""
        agent = self._agent
        return dataclasses.replace(
            self._policy,
            policy=to_network(agent.policy, agent.activation),
            value=to_network(agent.value, agent.activation),
            log_std=agent.log_std.detach().numpy().copy(),
        )


class _Wearers:
    """Walkers of whom every other one, from the first, wears the exo."""

    def __init__(self, world: WalkingEnvironment, controller: ExoController, seed: int) -> None:
        self.size = world.size
        self._world = world
        self._exo = WornExo(controller, world, faults=TRAINING_FAULTS, seed=seed)

    def observation(self) -> Float32Array:
        return self._world.observation()

    def step(self, action: FloatArray) -> StepResult:
        return self._world.step(action, self._help)

    def reset(self, which: BoolArray) -> None:
        self._world.reset(which)
        self._exo.begin(which, self._world)

    def _help(self, world: WalkingEnvironment) -> FloatArray:
        torque = self._exo(world).copy()
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
