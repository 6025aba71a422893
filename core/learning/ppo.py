"""Proximal policy optimisation (Schulman et al. 2017, eq. 7) for a batch of walkers in lockstep.

Policy and value network share nothing, so they learn at the same time in two threads. Each does the same sums
in the same order every time: the same seed gives the same result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from core.domain.arrays import Float32Array, FloatArray
from core.learning.networks import ActorCritic
from core.simulation.policy import normalise

BoolArray = np.ndarray[tuple[int], np.dtype[np.bool_]]

CONSTANT_STD = 0.002
UNSEEN_STD = 0.1


class Outcome(Protocol):
    """What one step of an environment brought. Axis: N members of the batch."""

    @property
    def reward(self) -> FloatArray: ...  # (N,)
    @property
    def fell(self) -> BoolArray: ...  # (N,) ended for good: nothing follows
    @property
    def cut(self) -> BoolArray: ...  # (N,) ended only by the clock: what would follow is estimated
    @property
    def terms(self) -> dict[str, float]: ...


class Environment(Protocol):
    """A batch of N worlds that step together."""

    size: int

    def observation(self) -> Float32Array: ...  # (N, O)
    def step(self, action: FloatArray) -> Outcome: ...
    def restart(self, which: BoolArray) -> None: ...


@dataclass(frozen=True, slots=True)
class PpoSettings:
    horizon: int = 32  # steps per round: 0.64 s of walking, the length of a step
    epochs: int = 4
    minibatches: int = 4
    discount: float = 0.99  # looks 2 s ahead at 50 Hz: long enough to feel a coming fall
    trace: float = 0.95  # lambda of the advantage estimate (Schulman et al. 2016)
    clip: float = 0.2
    entropy: float = 0.0005
    gradient_norm: float = 1.0
    learning_rate: float = 3e-4
    learning_rate_range: tuple[float, float] = (5e-5, 1e-3)
    change_range: tuple[float, float] = (0.008, 0.03)  # wanted KL divergence of one round


@dataclass(slots=True)
class Normaliser:
    """Running mean and variance of what the policy sees, by Chan's update of batches."""

    mean: FloatArray
    variance: FloatArray
    count: float = 1e-4

    @staticmethod
    def of(size: int) -> Normaliser:
        return Normaliser(np.zeros(size), np.ones(size))

    def learn(self, batch: Float32Array) -> None:
        total = self.count + len(batch)
        shift = batch.mean(axis=0) - self.mean
        spread = self.variance * self.count + batch.var(axis=0) * len(batch)
        self.variance = (spread + shift**2 * self.count * len(batch) / total) / total
        self.mean = self.mean + shift * len(batch) / total
        self.count = total

    def __call__(self, observation: Float32Array) -> Tensor:
        return torch.from_numpy(normalise(observation, self.mean, self.std))

    @property
    def std(self) -> FloatArray:
        """Spread of each input; one that never changed gets a moderate spread, for the day it does."""
        std: FloatArray = np.sqrt(self.variance + 1e-6)
        return np.where(std < CONSTANT_STD, UNSEEN_STD, std)


@dataclass(slots=True, eq=False)
class Experience:
    """One round. Axes: T steps, N members."""

    observation: Tensor  # (T, N, O) normalised
    action: Tensor  # (T, N, A)
    log_probability: Tensor  # (T, N)
    advantage: Tensor  # (T, N)
    value_target: Tensor  # (T, N)


@dataclass(frozen=True, slots=True)
class Round:
    """Numbers of one round of learning."""

    reward: float  # mean per step
    terms: dict[str, float]  # mean of every reward term
    finished_steps: tuple[int, ...]  # length of each episode that ended
    finished_return: tuple[float, ...]  # its sum of rewards
    falls: int
    change: float  # KL divergence of the update
    learning_rate: float
    spread: float  # mean standard deviation of the policy


@dataclass(slots=True, eq=False)
class _Tally:
    steps: FloatArray
    gain: FloatArray
    finished_steps: list[int] = field(default_factory=list)
    finished_return: list[float] = field(default_factory=list)
    falls: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """Members that only the clock ended, and what they would have seen next. Axis: C members."""

    step: int  # of the round
    who: Tensor  # (C,)
    observation: Tensor  # (C, O) normalised


class Ppo:
    """A learner in one environment: `learn_round` walks a while and improves the policy by what happened."""

    def __init__(
        self,
        environment: Environment,
        agent: ActorCritic,
        normaliser: Normaliser,
        *,
        settings: PpoSettings = PpoSettings(),
        seed: int = 0,
        learn_normaliser: bool = True,
    ) -> None:
        self.environment = environment
        self.agent = agent
        self.normaliser = normaliser
        self.settings = settings
        self.learn_normaliser = learn_normaliser
        self.steps = 0
        self._rate = settings.learning_rate
        decides = [*agent.policy.parameters(), agent.log_std]
        self._policy_optimiser = torch.optim.Adam(decides, lr=self._rate, fused=True)
        self._value_optimiser = torch.optim.Adam(agent.value.parameters(), lr=self._rate, fused=True)
        self._thread = ThreadPoolExecutor(1, "value-network")
        self._random = torch.Generator().manual_seed(seed)
        self._tally = _Tally(np.zeros(environment.size), np.zeros(environment.size))

    def learn_round(self) -> Round:
        """Collect one horizon of experience and update the networks with it."""
        experience, rewards, terms = self._collect()
        change = self._improve(experience)
        self._adapt_rate(change)
        tally = self._tally
        round_ = Round(
            reward=rewards,
            terms=terms,
            finished_steps=tuple(tally.finished_steps),
            finished_return=tuple(tally.finished_return),
            falls=tally.falls,
            change=change,
            learning_rate=self._rate,
            spread=float(self.agent.log_std.detach().exp().mean()),
        )
        self._tally = _Tally(tally.steps, tally.gain)
        return round_

    def state(self) -> dict[str, Any]:
        """All that changes while learning, except the environment."""
        return {
            "agent": self.agent.state_dict(),
            "policy_optimiser": self._policy_optimiser.state_dict(),
            "value_optimiser": self._value_optimiser.state_dict(),
            "random": self._random.get_state(),
            "mean": torch.from_numpy(self.normaliser.mean),
            "variance": torch.from_numpy(self.normaliser.variance),
            "count": self.normaliser.count,
            "rate": self._rate,
            "steps": self.steps,
            "episode_steps": torch.from_numpy(self._tally.steps),
            "episode_return": torch.from_numpy(self._tally.gain),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.agent.load_state_dict(state["agent"])
        self._policy_optimiser.load_state_dict(state["policy_optimiser"])
        self._value_optimiser.load_state_dict(state["value_optimiser"])
        self._random.set_state(state["random"])
        self.normaliser.mean = state["mean"].numpy().copy()
        self.normaliser.variance = state["variance"].numpy().copy()
        self.normaliser.count = state["count"]
        self._rate = state["rate"]
        self.steps = state["steps"]
        self._tally = _Tally(state["episode_steps"].numpy().copy(), state["episode_return"].numpy().copy())

    def _collect(self) -> tuple[Experience, float, dict[str, float]]:
        """Walk one horizon. Returns it with its mean reward and the mean of every reward term."""
        seen, means, noises, gains, ends, terms = [], [], [], [], [], []
        cuts: list[_Cut] = []
        spread = self.agent.log_std.detach().exp()
        for step in range(self.settings.horizon):
            seen.append(self._look())
            with torch.no_grad():
                means.append(self.agent.policy(seen[-1]))
            noises.append(torch.randn(means[-1].shape, generator=self._random))
            action = means[-1] + spread * noises[-1]
            outcome = self.environment.step(action.numpy().astype(np.float64))
            gains.append(torch.from_numpy(outcome.reward.astype(np.float32)))
            ends.append(torch.from_numpy((outcome.fell | outcome.cut).astype(np.float32)))
            terms.append(outcome.terms | {"reward": float(outcome.reward.mean())})
            cuts += self._close(step, outcome)
        self.steps += self.settings.horizon * self.environment.size
        observation, noise, gain = torch.stack(seen), torch.stack(noises), torch.stack(gains)
        values = self._values(observation, gain, cuts)
        advantage = self._advantage(gain, torch.stack(ends), values)
        density = (-0.5 * noise**2 - spread.log()).sum(dim=2)
        action = torch.stack(means) + spread * noise
        experience = Experience(observation, action, density, advantage, advantage + values[:-1])
        averages = {name: float(np.mean([term[name] for term in terms])) for name in terms[0]}
        return experience, averages.pop("reward"), averages

    def _values(self, observation: Tensor, gain: Tensor, cuts: list[_Cut]) -> Tensor:
        """Expected returns (T + 1, N), the last of what is seen now.

        What would have followed after a cut is added to the last `gain` (T, N) before it.
        """
        now = self.normaliser(self.environment.observation())
        steps, members = gain.shape
        worth = self._worth(torch.cat([observation.flatten(0, 1), now, *(cut.observation for cut in cuts)]))
        following = worth[(steps + 1) * members :]
        for cut in cuts:
            gain[cut.step, cut.who] += self.settings.discount * following[: len(cut.who)]
            following = following[len(cut.who) :]
        return worth[: (steps + 1) * members].view(steps + 1, members)

    def _worth(self, observation: Tensor) -> Tensor:
        """Expected returns (B,) of normalised observations (B, O): each thread does half of them."""

        def worth(part: Tensor) -> Tensor:
            with torch.no_grad():  # counts for one thread only
                return self.agent.worth(part)

        first, second = observation.tensor_split(2)
        other = self._thread.submit(worth, second)
        return torch.cat([worth(first), other.result()])

    def _look(self) -> Tensor:
        observation = self.environment.observation()
        if self.learn_normaliser:
            self.normaliser.learn(observation)
        return self.normaliser(observation)

    def _close(self, step: int, outcome: Outcome) -> list[_Cut]:
        """Restart who ended. Returns who was cut at this step, if anybody."""
        tally = self._tally
        tally.steps += 1
        tally.gain += outcome.reward
        ended = outcome.fell | outcome.cut
        if not ended.any():
            return []
        who = np.flatnonzero(outcome.cut & ~outcome.fell)
        cuts = []
        if len(who):
            following = self.normaliser(self.environment.observation()[who])
            cuts = [_Cut(step, torch.from_numpy(who), following)]
        tally.finished_steps += tally.steps[ended].astype(int).tolist()
        tally.finished_return += tally.gain[ended].tolist()
        tally.falls += int(outcome.fell.sum())
        tally.steps[ended] = 0
        tally.gain[ended] = 0
        self.environment.restart(ended)
        return cuts

    def _advantage(self, reward: Tensor, ended: Tensor, value: Tensor) -> Tensor:
        """Generalised advantage estimate (T, N)."""
        settings = self.settings
        advantage = torch.zeros_like(reward)
        following = torch.zeros_like(reward[0])
        for t in reversed(range(len(reward))):
            goes_on = 1.0 - ended[t]
            surprise = reward[t] + settings.discount * goes_on * value[t + 1] - value[t]
            following = surprise + settings.discount * settings.trace * goes_on * following
            advantage[t] = following
        return advantage

    def _improve(self, experience: Experience) -> float:
        """Several passes over the round in random minibatches. Returns the KL divergence of the last one."""
        samples = experience.log_probability.numel()
        picks = [
            pick
            for _ in range(self.settings.epochs)
            for pick in torch.randperm(samples, generator=self._random).chunk(self.settings.minibatches)
        ]
        value = self._thread.submit(self._improve_value, experience, picks)
        changes = self._improve_policy(experience, picks)
        value.result()
        return float(np.mean(changes[-self.settings.minibatches :]))

    def _improve_policy(self, experience: Experience, picks: Sequence[Tensor]) -> list[float]:
        """Returns how far each minibatch was from the policy that walked (KL divergence)."""
        observation, action = experience.observation.flatten(0, 1), experience.action.flatten(0, 1)
        old, advantage = experience.log_probability.flatten(), experience.advantage.flatten()
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        changes = []
        for pick in picks:
            log_ratio = self.agent.log_probability(observation[pick], action[pick]) - old[pick]
            loss = self._surrogate(log_ratio, advantage[pick])
            self._descend(self._policy_optimiser, loss - self.settings.entropy * self.agent.log_std.sum())
            changes.append(-float(log_ratio.detach().mean()))
        return changes

    def _improve_value(self, experience: Experience, picks: Sequence[Tensor]) -> None:
        observation, target = experience.observation.flatten(0, 1), experience.value_target.flatten()
        for pick in picks:
            error = self.agent.worth(observation[pick]) - target[pick]
            self._descend(self._value_optimiser, 0.5 * (error**2).mean())

    def _surrogate(self, log_ratio: Tensor, advantage: Tensor) -> Tensor:
        ratio = log_ratio.exp()
        clipped = ratio.clamp(1 - self.settings.clip, 1 + self.settings.clip)
        return -torch.min(ratio * advantage, clipped * advantage).mean()

    def _descend(self, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        for group in optimiser.param_groups:
            nn.utils.clip_grad_norm_(group["params"], self.settings.gradient_norm)
        optimiser.step()

    def _adapt_rate(self, change: float) -> None:
        """Keep the policy's change per round inside the wanted band."""
        slowest, fastest = self.settings.learning_rate_range
        little, much = self.settings.change_range
        if change > much:
            self._rate = max(self._rate / 1.3, slowest)
        elif change < little:
            self._rate = min(self._rate * 1.3, fastest)
        for optimiser in (self._policy_optimiser, self._value_optimiser):
            for group in optimiser.param_groups:
                group["lr"] = self._rate
