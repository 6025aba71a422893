"""Proximal policy optimisation (Schulman et al. 2017, eq. 7) on batches of environments in lockstep.

Policy and value network share no parameters, so they are updated at the same time in two threads. Each adds
in the same order every time: the same seed gives the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from core.learning.rl.adam import Adam
from core.learning.rl.advantage import AdvantageSettings
from core.learning.rl.distributed import SINGLE_PROCESS, ProcessGroup
from core.learning.rl.networks import ActorCritic
from core.learning.rl.rollout_collector import (
    Environment,
    Normaliser,
    RolloutBatch,
    RolloutCollector,
    join_batches,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PpoSettings(AdvantageSettings):
    epochs: int = 2  # with 8 minibatches as many gradient steps as 4 epochs of 4; learns as much per sample
    minibatches: int = 8
    clip: float = 0.2
    entropy: float = 0.0005
    gradient_norm: float = 1.0
    learning_rate: float = 3e-4
    learning_rate_range: tuple[float, float] = (5e-5, 1e-3)
    kl_range: tuple[float, float] = (0.008, 0.03)  # target range of the KL divergence of one iteration


def annealed(settings: PpoSettings, rates: tuple[float, float], spent: float) -> PpoSettings:
    """Settings whose largest learning rate falls to a tenth while the time is `spent` (0..1)."""
    slowest, fastest = rates
    upper = max(slowest, fastest * (1.0 - 0.9 * min(1.0, spent)))
    return replace(settings, learning_rate_range=(slowest, upper))


@dataclass(frozen=True, slots=True)
class UpdateStats:
    """Numbers of one iteration."""

    reward: float  # mean per step
    reward_terms: dict[str, float]  # mean of every reward term
    episode_lengths: tuple[int, ...]  # in steps, of each episode that ended
    episode_returns: tuple[float, ...]  # its sum of rewards
    terminations: int
    approx_kl: float  # of the updated policy from the one that collected
    learning_rate: float
    policy_std: float  # mean standard deviation of the policy


class Ppo:
    """Every iteration collects one rollout in all environments and updates policy and value network on it."""

    def __init__(
        self,
        environments: Environment | Sequence[Environment],
        agent: ActorCritic,
        normaliser: Normaliser,
        *,
        settings: PpoSettings = PpoSettings(),
        seed: int = 0,
        learn_normaliser: bool = True,
        processes: ProcessGroup = SINGLE_PROCESS,
    ) -> None:
        """All `processes` must begin with the same agent and normaliser."""
        self.agent = agent
        self.normaliser = normaliser
        self.settings = settings
        self.learn_normaliser = learn_normaliser
        self.processes = processes
        self.steps = 0
        self._learning_rate = settings.learning_rate
        policy_parameters = [*agent.policy.parameters(), agent.log_std]
        self._policy_optimiser = Adam(policy_parameters, self._learning_rate, fused=True)
        self._value_optimiser = Adam(agent.value.parameters(), self._learning_rate, fused=True)
        self._random = torch.Generator().manual_seed(seed)
        each = environments if isinstance(environments, Sequence) else [environments]
        self.collectors = [RolloutCollector(one, seed + number) for number, one in enumerate(each, start=1)]
        self._threads = ThreadPoolExecutor(max(1, len(each) - 1), "learning")

    def learn_iteration(self) -> UpdateStats:
        """Collect one rollout and update the networks on it."""
        tasks = [self._rollout_task(collector) for collector in self.collectors]
        return self.learn(join_batches(self._in_parallel(tasks)))

    def learn(self, batch: RolloutBatch) -> UpdateStats:
        """Update the networks on a rollout."""
        self.steps += batch.log_probability.numel()
        approx_kl = self.processes.mean(self._update(batch))
        if self.learn_normaliser:
            raw = batch.raw_observation
            self.normaliser.learn(raw.reshape(-1, raw.shape[2]), self.processes)
        self._adapt_learning_rate(approx_kl)
        return UpdateStats(
            reward=batch.reward,
            reward_terms=batch.reward_terms,
            episode_lengths=batch.episode_lengths,
            episode_returns=batch.episode_returns,
            terminations=batch.terminations,
            approx_kl=approx_kl,
            learning_rate=self._learning_rate,
            policy_std=float(self.agent.log_std.detach().exp().mean()),
        )

    def state_dict(self) -> dict[str, Any]:
        """All that changes in training, except the environments. Stored checkpoints fix the keys: "crews" are
        the collectors, "rate" is the learning rate.
        """
        return {
            "agent": self.agent.state_dict(),
            "policy_optimiser": self._policy_optimiser.state_dict(),
            "value_optimiser": self._value_optimiser.state_dict(),
            "random": self._random.get_state(),
            "crews": [collector.state_dict() for collector in self.collectors],
            "mean": torch.from_numpy(self.normaliser.mean),
            "variance": torch.from_numpy(self.normaliser.variance),
            "count": self.normaliser.count,
            "rate": self._learning_rate,
            "steps": self.steps,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`. Raises ValueError when it is of another number of environments."""
        for collector, stored in zip(self.collectors, state["crews"], strict=True):
            collector.load_state_dict(stored)
        self.agent.load_state_dict(state["agent"])
        self._policy_optimiser.load_state_dict(state["policy_optimiser"])
        self._value_optimiser.load_state_dict(state["value_optimiser"])
        self._random.set_state(state["random"])
        self.normaliser.mean = state["mean"].numpy().copy()
        self.normaliser.variance = state["variance"].numpy().copy()
        self.normaliser.count = state["count"]
        self._learning_rate = state["rate"]
        self.steps = state["steps"]

    def _rollout_task(self, collector: RolloutCollector) -> Callable[[], RolloutBatch]:
        return lambda: collector.collect(self.agent, self.normaliser, self.settings)

    def _in_parallel(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Run the tasks at the same time: the first in this thread, each other in one of its own."""
        others = [self._threads.submit(task) for task in tasks[1:]]
        return [tasks[0](), *(other.result() for other in others)]

    def _update(self, batch: RolloutBatch) -> float:
        """Several epochs of random minibatches. Returns the KL divergence of the last epoch."""
        steps, count = batch.log_probability.numel(), self.settings.minibatches
        minibatches = [
            rows
            for _ in range(self.settings.epochs)
            for rows in torch.randperm(steps, generator=self._random).chunk(count)
        ]
        approx_kls, _ = self._in_parallel(
            [
                lambda: self._update_policy(batch, minibatches),
                lambda: self._update_value(batch, minibatches),
            ]
        )
        return float(np.mean(approx_kls[-count:]))

    def _update_policy(self, batch: RolloutBatch, minibatches: Sequence[Tensor]) -> list[float]:
        """Returns the approximate KL divergence of each minibatch from the policy that collected it."""
        observation, action = batch.observation.flatten(0, 1), batch.action.flatten(0, 1)
        old, advantage = batch.log_probability.flatten(), batch.advantage.flatten()
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        approx_kls = []
        for rows in minibatches:
            log_ratio = self.agent.log_probability(observation[rows], action[rows]) - old[rows]
            loss = self._surrogate(log_ratio, advantage[rows])
            loss = loss - self.settings.entropy * self.agent.log_std.sum()
            self._gradient_step("policy", self._policy_optimiser, loss)
            approx_kls.append(-float(log_ratio.detach().mean()))
        return approx_kls

    def _update_value(self, batch: RolloutBatch, minibatches: Sequence[Tensor]) -> list[float]:
        """Returns the mean squared error of each minibatch."""
        observation, target = batch.observation.flatten(0, 1), batch.value_target.flatten()
        errors = []
        for rows in minibatches:
            error = ((self.agent.value_of(observation[rows]) - target[rows]) ** 2).mean()
            self._gradient_step("value", self._value_optimiser, 0.5 * error)
            errors.append(float(error.detach()))
        return errors

    def _surrogate(self, log_ratio: Tensor, advantage: Tensor) -> Tensor:
        ratio = log_ratio.exp()
        clipped = ratio.clamp(1 - self.settings.clip, 1 + self.settings.clip)
        return -torch.min(ratio * advantage, clipped * advantage).mean()

    def _gradient_step(self, channel: str, optimiser: Adam, loss: Tensor) -> None:
        if not loss.requires_grad:
            return  # its parameters are frozen for now
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.processes.average(channel, [one.grad for one in optimiser.parameters if one.grad is not None])
        nn.utils.clip_grad_norm_(optimiser.parameters, self.settings.gradient_norm)
        optimiser.step()

    def _adapt_learning_rate(self, approx_kl: float) -> None:
        """Keep the KL divergence of an iteration inside `kl_range` by a faster or slower learning rate."""
        slowest, fastest = self.settings.learning_rate_range
        least, most = self.settings.kl_range
        if approx_kl > most:
            self._learning_rate /= 1.3
        elif approx_kl < least:
            self._learning_rate *= 1.3
        self._learning_rate = min(max(self._learning_rate, slowest), fastest)  # an annealed range moves
        for optimiser in (self._policy_optimiser, self._value_optimiser):
            optimiser.rate = self._learning_rate
