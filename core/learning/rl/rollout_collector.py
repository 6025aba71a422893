"""Collecting rollouts: environments step for a horizon, then advantages and value targets are estimated.

Several environments step at the same time, one thread each, so that no core is idle while Python evaluates
the policy for another environment. They share nothing that changes while they step: the same seed gives the
same rollout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.learning.rl.advantage import AdvantageSettings, generalised_advantage
from core.learning.rl.distributed import SINGLE_PROCESS, ProcessGroup
from core.learning.rl.networks import ActorCritic
from core.simulation.network import normalise

CONSTANT_STD = 0.002  # an input with less deviation counts as constant so far
UNSEEN_STD = 0.1  # standard deviation taken for a constant input


class StepResult(Protocol):
    """The result of one step, in Gymnasium's words. Axis: N members of the batch."""

    @property
    def reward(self) -> FloatArray: ...  # (N,)
    @property
    def terminated(self) -> BoolArray: ...  # (N,) ended in a terminal state: no return follows
    @property
    def truncated(
        self,
    ) -> BoolArray: ...  # (N,) ended by the time limit: the return that would follow is estimated
    @property
    def reward_terms(self) -> dict[str, float]: ...
    @property
    def counted(self) -> BoolArray | None: ...  # (N,) whose episodes are reported; None: all


class Environment(Protocol):
    """A batch of N environments that step together."""

    size: int

    def observation(self) -> Float32Array: ...  # (N, O)
    def step(self, action: FloatArray) -> StepResult: ...
    def reset(self, which: BoolArray) -> None: ...


@dataclass(slots=True)
class Normaliser:
    """Running mean and variance of the observations, updated by batches (Chan et al.)."""

    mean: FloatArray
    variance: FloatArray
    count: float = 1e-4

    @staticmethod
    def of(size: int) -> Normaliser:
        return Normaliser(np.zeros(size), np.ones(size))

    def learn(self, batch: Float32Array, processes: ProcessGroup = SINGLE_PROCESS) -> None:
        """Update by a batch of observations (B, O), equally large in each of the `processes`."""
        samples = batch.astype(np.float64)
        moments = torch.from_numpy(np.stack([samples.mean(axis=0), (samples**2).mean(axis=0)]))
        processes.average("policy", [moments])
        mean, square = moments.numpy()
        added = len(batch) * processes.size
        total = self.count + added
        shift = mean - self.mean
        squares = self.variance * self.count + np.maximum(square - mean**2, 0.0) * added
        self.variance = (squares + shift**2 * self.count * added / total) / total
        self.mean = self.mean + shift * added / total
        self.count = total

    def __call__(self, observation: Float32Array) -> Tensor:
        return torch.from_numpy(normalise(observation, self.mean, self.std))

    @property
    def std(self) -> FloatArray:
        """Standard deviation of each input; UNSEEN_STD for one that was constant so far, should it change."""
        std: FloatArray = np.sqrt(self.variance + 1e-6)
        return np.where(std < CONSTANT_STD, UNSEEN_STD, std)


@dataclass(frozen=True, slots=True, eq=False)
class RolloutBatch:
    """The steps of one horizon. Axes: T steps, N members."""

    raw_observation: Float32Array  # (T, N, O) as the environment returned it
    observation: Tensor  # (T, N, O) normalised
    action: Tensor  # (T, N, A)
    log_probability: Tensor  # (T, N)
    advantage: Tensor  # (T, N)
    value_target: Tensor  # (T, N)
    reward: float  # mean per step
    reward_terms: dict[str, float]  # mean of every reward term
    episode_lengths: tuple[int, ...]  # in steps, of each episode that ended
    episode_returns: tuple[float, ...]  # its sum of rewards
    terminations: int


@dataclass(slots=True, eq=False)
class _RolloutBuffer:
    """The steps of a rollout while it is collected, one list per quantity."""

    raw_observation: list[Float32Array] = field(default_factory=list)
    observation: list[Tensor] = field(default_factory=list)
    mean: list[Tensor] = field(default_factory=list)
    noise: list[Tensor] = field(default_factory=list)
    reward: list[Float32Array] = field(default_factory=list)
    done: list[BoolArray] = field(default_factory=list)
    reward_terms: list[dict[str, float]] = field(default_factory=list)
    truncations: list[_Truncation] = field(default_factory=list)
    episode_lengths: list[int] = field(default_factory=list)
    episode_returns: list[float] = field(default_factory=list)
    terminations: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Truncation:
    """Members whose episode the time limit ended, and their observation then. Axis: C members."""

    step: int  # of the horizon
    members: Tensor  # (C,)
    observation: Tensor  # (C, O) normalised


class RolloutCollector:
    """Collects rollouts in one environment, with exploration noise from a generator of its own.

    `collect` steps the environment itself. Where several agents act in the same steps, `begin`, `act`, `add`
    and `finish` are called from outside.
    """

    def __init__(self, environment: Environment, seed: int) -> None:
        self.environment = environment
        self._random = torch.Generator().manual_seed(seed)
        self._length = np.zeros(environment.size)  # of each running episode, in steps
        self._return = np.zeros(environment.size)
        self._buffer = _RolloutBuffer()

    def collect(
        self, agent: ActorCritic, normaliser: Normaliser, settings: AdvantageSettings
    ) -> RolloutBatch:
        """Step for one horizon. Runs in any thread; changes neither agent nor normaliser."""
        self.begin()
        with torch.no_grad():  # holds for this thread only
            for _ in range(settings.horizon):
                result = self.environment.step(self.act(self.environment.observation(), agent, normaliser))
                done = self.add(result, normaliser)
                if done.any():
                    self.environment.reset(done)
            return self.finish(agent, normaliser, settings)

    def begin(self) -> None:
        """Begin a rollout."""
        self._buffer = _RolloutBuffer()

    def act(self, raw: Float32Array, agent: ActorCritic, normaliser: Normaliser) -> FloatArray:
        """Actions (N, A) with exploration noise for the observations (N, O) of this step."""
        buffer, observation = self._buffer, normaliser(raw)
        mean = agent.policy(observation)
        noise = torch.randn(mean.shape, generator=self._random)
        buffer.raw_observation.append(raw)
        buffer.observation.append(observation)
        buffer.mean.append(mean)
        buffer.noise.append(noise)
        action: FloatArray = (mean + agent.log_std.exp() * noise).numpy().astype(np.float64)
        return action

    def add(self, result: StepResult, normaliser: Normaliser) -> BoolArray:
        """Record the result of the step that was acted in; returns whose episodes ended (N,), to be reset."""
        buffer, done = self._buffer, result.terminated | result.truncated
        buffer.reward.append(result.reward.astype(np.float32))
        buffer.done.append(done)
        buffer.reward_terms.append(result.reward_terms | {"reward": float(result.reward.mean())})
        self._length += 1
        self._return += result.reward
        if done.any():
            self._end_episodes(result, done, normaliser)
        return done

    def state_dict(self) -> dict[str, Any]:
        """All that changes, except the environment. Stored checkpoints fix the keys: "gain" is the return."""
        return {
            "random": self._random.get_state(),
            "steps": torch.from_numpy(self._length),
            "gain": torch.from_numpy(self._return),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._random.set_state(state["random"])
        self._length = state["steps"].numpy().copy()
        self._return = state["gain"].numpy().copy()

    def _end_episodes(self, result: StepResult, done: BoolArray, normaliser: Normaliser) -> None:
        """Record the episodes that ended; of those the time limit ended also the observation then."""
        buffer = self._buffer
        members = np.flatnonzero(result.truncated & ~result.terminated)
        if len(members):
            next_observation = normaliser(self.environment.observation()[members])
            step = len(buffer.reward) - 1
            buffer.truncations.append(_Truncation(step, torch.from_numpy(members), next_observation))
        told = done if result.counted is None else done & result.counted
        buffer.episode_lengths += self._length[told].astype(int).tolist()
        buffer.episode_returns += self._return[told].tolist()
        buffer.terminations += int(result.terminated.sum())
        self._length[done] = 0
        self._return[done] = 0

    def finish(self, agent: ActorCritic, normaliser: Normaliser, settings: AdvantageSettings) -> RolloutBatch:
        """The rollout since `begin`, with advantages and value targets."""
        buffer = self._buffer
        observation, noise = torch.stack(buffer.observation), torch.stack(buffer.noise)
        reward, done = torch.from_numpy(np.stack(buffer.reward)), torch.from_numpy(np.stack(buffer.done))
        last = normaliser(self.environment.observation())
        values = agent.value_of(torch.cat([observation.flatten(0, 1), last])).view(len(reward) + 1, -1)
        for truncation in buffer.truncations:
            value = agent.value_of(truncation.observation)
            reward[truncation.step, truncation.members] += settings.gamma * value
        advantage = generalised_advantage(reward, done.float(), values, settings)
        log_std = agent.log_std.detach()
        names = buffer.reward_terms[0]
        averages = {name: float(np.mean([terms[name] for terms in buffer.reward_terms])) for name in names}
        return RolloutBatch(
            raw_observation=np.stack(buffer.raw_observation),
            observation=observation,
            action=torch.stack(buffer.mean) + log_std.exp() * noise,
            log_probability=(-0.5 * noise**2 - log_std).sum(dim=2),
            advantage=advantage,
            value_target=advantage + values[:-1],
            reward=averages.pop("reward"),
            reward_terms=averages,
            episode_lengths=tuple(buffer.episode_lengths),
            episode_returns=tuple(buffer.episode_returns),
            terminations=buffer.terminations,
        )


def join_batches(batches: Sequence[RolloutBatch]) -> RolloutBatch:
    """The rollouts of several environments as one batch, concatenated along the members."""
    fractions = np.array([batch.action.shape[1] for batch in batches], dtype=np.float64)
    fractions /= fractions.sum()

    def concatenated(name: str) -> Tensor:
        return torch.cat([getattr(batch, name) for batch in batches], dim=1)

    def average(values: Sequence[float]) -> float:
        return float(fractions @ np.array(values))

    return RolloutBatch(
        raw_observation=np.concatenate([batch.raw_observation for batch in batches], axis=1),
        observation=concatenated("observation"),
        action=concatenated("action"),
        log_probability=concatenated("log_probability"),
        advantage=concatenated("advantage"),
        value_target=concatenated("value_target"),
        reward=average([batch.reward for batch in batches]),
        reward_terms={
            name: average([batch.reward_terms[name] for batch in batches]) for name in batches[0].reward_terms
        },
        episode_lengths=tuple(length for batch in batches for length in batch.episode_lengths),
        episode_returns=tuple(total for batch in batches for total in batch.episode_returns),
        terminations=sum(batch.terminations for batch in batches),
    )
