"""A crew of walkers that tries a policy for a while: what PPO learns from.

Several crews walk at the same time, one thread each, so that no core waits while Python looks at the walkers
of another. Crews share nothing that changes while they walk: the same seed gives the same walk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from core.domain.arrays import Float32Array, FloatArray
from core.learning.rl.distributed import ALONE, Team
from core.learning.rl.networks import ActorCritic
from core.simulation.network import normalise

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
class Outlook:
    """How far a learner looks."""

    horizon: int = 32  # steps per round: 0.64 s of walking, the length of a step
    discount: float = 0.99  # looks 2 s ahead at 50 Hz: long enough to feel a coming fall
    trace: float = 0.95  # lambda of the advantage estimate (Schulman et al. 2016)


@dataclass(slots=True)
class Normaliser:
    """Running mean and variance of what the policy sees, by Chan's update of batches."""

    mean: FloatArray
    variance: FloatArray
    count: float = 1e-4

    @staticmethod
    def of(size: int) -> Normaliser:
        return Normaliser(np.zeros(size), np.ones(size))

    def learn(self, batch: Float32Array, team: Team = ALONE) -> None:
        """Take in more observations (B, O), as many in every process of a `team`."""
        wide = batch.astype(np.float64)
        moments = torch.from_numpy(np.stack([wide.mean(axis=0), (wide**2).mean(axis=0)]))
        team.average("policy", [moments])
        mean, square = moments.numpy()
        seen = len(batch) * team.size
        total = self.count + seen
        shift = mean - self.mean
        spread = self.variance * self.count + np.maximum(square - mean**2, 0.0) * seen
        self.variance = (spread + shift**2 * self.count * seen / total) / total
        self.mean = self.mean + shift * seen / total
        self.count = total

    def __call__(self, observation: Float32Array) -> Tensor:
        return torch.from_numpy(normalise(observation, self.mean, self.std))

    @property
    def std(self) -> FloatArray:
        """Spread of each input; one that never changed gets a moderate spread, for the day it does."""
        std: FloatArray = np.sqrt(self.variance + 1e-6)
        return np.where(std < CONSTANT_STD, UNSEEN_STD, std)


@dataclass(frozen=True, slots=True, eq=False)
class Experience:
    """One round. Axes: T steps, N members."""

    seen: Float32Array  # (T, N, O) as the environment told it
    observation: Tensor  # (T, N, O) normalised
    action: Tensor  # (T, N, A)
    log_probability: Tensor  # (T, N)
    advantage: Tensor  # (T, N)
    value_target: Tensor  # (T, N)
    reward: float  # mean per step
    terms: dict[str, float]  # mean of every reward term
    finished_steps: tuple[int, ...]  # length of each episode that ended
    finished_return: tuple[float, ...]  # its sum of rewards
    falls: int


@dataclass(slots=True, eq=False)
class _Diary:
    """What a crew writes down step by step."""

    seen: list[Float32Array] = field(default_factory=list)
    observation: list[Tensor] = field(default_factory=list)
    mean: list[Tensor] = field(default_factory=list)
    noise: list[Tensor] = field(default_factory=list)
    gain: list[Float32Array] = field(default_factory=list)
    ended: list[BoolArray] = field(default_factory=list)
    terms: list[dict[str, float]] = field(default_factory=list)
    cuts: list[_Cut] = field(default_factory=list)
    finished_steps: list[int] = field(default_factory=list)
    finished_return: list[float] = field(default_factory=list)
    falls: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """Members that only the clock ended, and what they would have seen next. Axis: C members."""

    step: int  # of the round
    who: Tensor  # (C,)
    observation: Tensor  # (C, O) normalised


class Crew:
    """The walkers of one environment, and the luck by which they try things."""

    def __init__(self, environment: Environment, seed: int) -> None:
        self.environment = environment
        self._random = torch.Generator().manual_seed(seed)
        self._steps = np.zeros(environment.size)  # of each present episode
        self._gain = np.zeros(environment.size)

    def walk(self, agent: ActorCritic, normaliser: Normaliser, outlook: Outlook) -> Experience:
        """Walk one horizon. Runs in any thread; changes neither agent nor normaliser."""
        diary = _Diary()
        spread = agent.log_std.detach().exp()
        with torch.no_grad():  # holds for this thread only
            for step in range(outlook.horizon):
                self._step(step, agent, normaliser, spread, diary)
            return self._experience(diary, agent, normaliser, outlook)

    def state(self) -> dict[str, Any]:
        """All that changes, except the environment."""
        return {
            "random": self._random.get_state(),
            "steps": torch.from_numpy(self._steps),
            "gain": torch.from_numpy(self._gain),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self._random.set_state(state["random"])
        self._steps = state["steps"].numpy().copy()
        self._gain = state["gain"].numpy().copy()

    def _step(
        self, step: int, agent: ActorCritic, normaliser: Normaliser, spread: Tensor, diary: _Diary
    ) -> None:
        seen = self.environment.observation()
        observation = normaliser(seen)
        mean = agent.policy(observation)
        noise = torch.randn(mean.shape, generator=self._random)
        outcome = self.environment.step((mean + spread * noise).numpy().astype(np.float64))
        diary.seen.append(seen)
        diary.observation.append(observation)
        diary.mean.append(mean)
        diary.noise.append(noise)
        diary.gain.append(outcome.reward.astype(np.float32))
        diary.ended.append(outcome.fell | outcome.cut)
        diary.terms.append(outcome.terms | {"reward": float(outcome.reward.mean())})
        self._close(step, outcome, normaliser, diary)

    def _close(self, step: int, outcome: Outcome, normaliser: Normaliser, diary: _Diary) -> None:
        """Count the step, note the episodes it ended, and start them again."""
        self._steps += 1
        self._gain += outcome.reward
        ended = outcome.fell | outcome.cut
        if not ended.any():
            return
        who = np.flatnonzero(outcome.cut & ~outcome.fell)
        if len(who):
            following = normaliser(self.environment.observation()[who])
            diary.cuts.append(_Cut(step, torch.from_numpy(who), following))
        diary.finished_steps += self._steps[ended].astype(int).tolist()
        diary.finished_return += self._gain[ended].tolist()
        diary.falls += int(outcome.fell.sum())
        self._steps[ended] = 0
        self._gain[ended] = 0
        self.environment.restart(ended)

    def _experience(
        self, diary: _Diary, agent: ActorCritic, normaliser: Normaliser, outlook: Outlook
    ) -> Experience:
        observation, noise = torch.stack(diary.observation), torch.stack(diary.noise)
        gain, ended = torch.from_numpy(np.stack(diary.gain)), torch.from_numpy(np.stack(diary.ended))
        now = normaliser(self.environment.observation())
        values = agent.worth(torch.cat([observation.flatten(0, 1), now])).view(len(gain) + 1, -1)
        for cut in diary.cuts:
            gain[cut.step, cut.who] += outlook.discount * agent.worth(cut.observation)
        advantage = _advantage(gain, ended.float(), values, outlook)
        log_std = agent.log_std.detach()
        averages = {name: float(np.mean([term[name] for term in diary.terms])) for name in diary.terms[0]}
        return Experience(
            seen=np.stack(diary.seen),
            observation=observation,
            action=torch.stack(diary.mean) + log_std.exp() * noise,
            log_probability=(-0.5 * noise**2 - log_std).sum(dim=2),
            advantage=advantage,
            value_target=advantage + values[:-1],
            reward=averages.pop("reward"),
            terms=averages,
            finished_steps=tuple(diary.finished_steps),
            finished_return=tuple(diary.finished_return),
            falls=diary.falls,
        )


def _advantage(gain: Tensor, ended: Tensor, value: Tensor, outlook: Outlook) -> Tensor:
    """Generalised advantage estimate (T, N) (Schulman et al. 2016, eq. 16); `value` is (T + 1, N)."""
    advantage = torch.zeros_like(gain)
    following = torch.zeros_like(gain[0])
    for t in reversed(range(len(gain))):
        goes_on = 1.0 - ended[t]
        surprise = gain[t] + outlook.discount * goes_on * value[t + 1] - value[t]
        following = surprise + outlook.discount * outlook.trace * goes_on * following
        advantage[t] = following
    return advantage


def joined(parts: Sequence[Experience]) -> Experience:
    """The experience of several crews as one, side by side along the members."""
    shares = np.array([part.action.shape[1] for part in parts], dtype=np.float64)
    shares /= shares.sum()

    def side_by_side(name: str) -> Tensor:
        return torch.cat([getattr(part, name) for part in parts], dim=1)

    def average(values: Sequence[float]) -> float:
        return float(shares @ np.array(values))

    return Experience(
        seen=np.concatenate([part.seen for part in parts], axis=1),
        observation=side_by_side("observation"),
        action=side_by_side("action"),
        log_probability=side_by_side("log_probability"),
        advantage=side_by_side("advantage"),
        value_target=side_by_side("value_target"),
        reward=average([part.reward for part in parts]),
        terms={name: average([part.terms[name] for part in parts]) for name in parts[0].terms},
        finished_steps=tuple(count for part in parts for count in part.finished_steps),
        finished_return=tuple(gain for part in parts for gain in part.finished_return),
        falls=sum(part.falls for part in parts),
    )
