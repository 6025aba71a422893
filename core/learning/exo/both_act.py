"""Person and exo learn in the same steps: the network of the person acts with noise, and is recorded."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

import torch

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.learning.rl.ppo import Ppo
from core.learning.rl.rollout_collector import RolloutBatch, RolloutCollector
from core.simulation.environment.batch_environment import StepResult


class WalkingActor(Protocol):
    """What moves the person in an exo's environment."""

    def act(self, observation: Float32Array) -> FloatArray:
        """Actions (N, A) for observations (N, O)."""


class ExoWorn(Protocol):
    """An environment of the exo, in which `policy` moves the person."""

    size: int
    policy: WalkingActor
    walking_step: StepResult | None  # of the person, with the reward of the gait

    def observation(self) -> Float32Array: ...
    def step(self, action: FloatArray) -> StepResult: ...
    def reset(self, which: BoolArray) -> None: ...


EnvironmentT = TypeVar("EnvironmentT", bound=ExoWorn)


class BothAct(Generic[EnvironmentT]):
    """The environment of the exo's learner; `finish` gives the rollout of the person's."""

    def __init__(self, inner: EnvironmentT, motion: RolloutCollector, learner: Ppo) -> None:
        self.size, self.inner, self.motion = inner.size, inner, motion
        self._learner = learner
        inner.policy = self

    def observation(self) -> Float32Array:
        return self.inner.observation()

    def act(self, observation: Float32Array) -> FloatArray:
        """Actions (N, A) of the motion network."""
        with torch.no_grad():
            return self.motion.act(observation, self._learner.agent, self._learner.normaliser)

    def step(self, action: FloatArray) -> StepResult:
        result = self.inner.step(action)
        assert self.inner.walking_step is not None
        self.motion.add(self.inner.walking_step, self._learner.normaliser)
        return result

    def reset(self, which: BoolArray) -> None:
        self.inner.reset(which)

    def finish(self) -> RolloutBatch:
        """The motion network's rollout."""
        with torch.no_grad():
            return self.motion.finish(self._learner.agent, self._learner.normaliser, self._learner.settings)
