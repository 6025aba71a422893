"""Proximal policy optimisation (Schulman et al. 2017, eq. 7) for crews of walkers in lockstep.

Policy and value network share nothing, so they learn at the same time in two threads. Each does the same sums
in the same order every time: the same seed gives the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from core.learning.rl.distributed import ALONE, Team
from core.learning.rl.networks import ActorCritic
from core.learning.rl.rollout_collector import Crew, Environment, Experience, Normaliser, Outlook, joined

__all__ = ["Environment", "Normaliser", "Ppo", "PpoSettings", "Round"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PpoSettings(Outlook):
    epochs: int = 2  # half of four, with as many steps on half as large minibatches: learns as much per walk
    minibatches: int = 8
    clip: float = 0.2
    entropy: float = 0.0005
    gradient_norm: float = 1.0
    learning_rate: float = 3e-4
    learning_rate_range: tuple[float, float] = (5e-5, 1e-3)
    change_range: tuple[float, float] = (0.008, 0.03)  # wanted KL divergence of one round


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


class Ppo:
    """A learner: `learn_round` lets the crews walk a while and improves the policy by what happened."""

    def __init__(
        self,
        environments: Environment | Sequence[Environment],
        agent: ActorCritic,
        normaliser: Normaliser,
        *,
        settings: PpoSettings = PpoSettings(),
        seed: int = 0,
        learn_normaliser: bool = True,
        team: Team = ALONE,
    ) -> None:
        """A `team` must begin with the same agent and normaliser in every process."""
        self.agent = agent
        self.normaliser = normaliser
        self.settings = settings
        self.learn_normaliser = learn_normaliser
        self.team = team
        self.steps = 0
        self._rate = settings.learning_rate
        decides = [*agent.policy.parameters(), agent.log_std]
        self._policy_optimiser = torch.optim.Adam(decides, lr=self._rate, fused=True)
        self._value_optimiser = torch.optim.Adam(agent.value.parameters(), lr=self._rate, fused=True)
        self._random = torch.Generator().manual_seed(seed)
        worlds = environments if isinstance(environments, Sequence) else [environments]
        self._crews = [Crew(world, seed + number) for number, world in enumerate(worlds, 1)]
        self._threads = ThreadPoolExecutor(max(1, len(worlds) - 1), "learning")

    def learn_round(self) -> Round:
        """Collect one horizon of experience and update the networks with it."""
        walks = [self._walk(crew) for crew in self._crews]
        experience = joined(self._together(walks))
        self.steps += experience.log_probability.numel()
        change = self.team.mean(self._improve(experience))
        if self.learn_normaliser:
            self.normaliser.learn(experience.seen.reshape(-1, experience.seen.shape[2]), self.team)
        self._adapt_rate(change)
        return Round(
            reward=experience.reward,
            terms=experience.terms,
            finished_steps=experience.finished_steps,
            finished_return=experience.finished_return,
            falls=experience.falls,
            change=change,
            learning_rate=self._rate,
            spread=float(self.agent.log_std.detach().exp().mean()),
        )

    def state(self) -> dict[str, Any]:
        """All that changes while learning, except the environments."""
        return {
            "agent": self.agent.state_dict(),
            "policy_optimiser": self._policy_optimiser.state_dict(),
            "value_optimiser": self._value_optimiser.state_dict(),
            "random": self._random.get_state(),
            "crews": [crew.state() for crew in self._crews],
            "mean": torch.from_numpy(self.normaliser.mean),
            "variance": torch.from_numpy(self.normaliser.variance),
            "count": self.normaliser.count,
            "rate": self._rate,
            "steps": self.steps,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`. Raises ValueError when it is of another number of crews."""
        for crew, known in zip(self._crews, state["crews"], strict=True):
            crew.restore(known)
        self.agent.load_state_dict(state["agent"])
        self._policy_optimiser.load_state_dict(state["policy_optimiser"])
        self._value_optimiser.load_state_dict(state["value_optimiser"])
        self._random.set_state(state["random"])
        self.normaliser.mean = state["mean"].numpy().copy()
        self.normaliser.variance = state["variance"].numpy().copy()
        self.normaliser.count = state["count"]
        self._rate = state["rate"]
        self.steps = state["steps"]

    def _walk(self, crew: Crew) -> Callable[[], Experience]:
        return lambda: crew.walk(self.agent, self.normaliser, self.settings)

    def _together(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Do these at the same time: the first here, each other one in a thread of its own."""
        others = [self._threads.submit(task) for task in tasks[1:]]
        return [tasks[0](), *(other.result() for other in others)]

    def _improve(self, experience: Experience) -> float:
        """Several passes over the round in random minibatches. Returns the KL divergence of the last one."""
        moments, parts = experience.log_probability.numel(), self.settings.minibatches
        picks = [
            pick
            for _ in range(self.settings.epochs)
            for pick in torch.randperm(moments, generator=self._random).chunk(parts)
        ]
        changes, _ = self._together(
            [
                lambda: self._improve_policy(experience, picks),
                lambda: self._improve_value(experience, picks),
            ]
        )
        return float(np.mean(changes[-parts:]))

    def _improve_policy(self, experience: Experience, picks: Sequence[Tensor]) -> list[float]:
        """Returns how far each minibatch was from the policy that walked (KL divergence)."""
        observation, action = experience.observation.flatten(0, 1), experience.action.flatten(0, 1)
        old, advantage = experience.log_probability.flatten(), experience.advantage.flatten()
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        changes = []
        for pick in picks:
            log_ratio = self.agent.log_probability(observation[pick], action[pick]) - old[pick]
            loss = self._surrogate(log_ratio, advantage[pick])
            loss = loss - self.settings.entropy * self.agent.log_std.sum()
            self._descend("policy", self._policy_optimiser, loss)
            changes.append(-float(log_ratio.detach().mean()))
        return changes

    def _improve_value(self, experience: Experience, picks: Sequence[Tensor]) -> list[float]:
        """Returns the mean squared error of each minibatch."""
        observation, target = experience.observation.flatten(0, 1), experience.value_target.flatten()
        errors = []
        for pick in picks:
            error = ((self.agent.worth(observation[pick]) - target[pick]) ** 2).mean()
            self._descend("value", self._value_optimiser, 0.5 * error)
            errors.append(float(error.detach()))
        return errors

    def _surrogate(self, log_ratio: Tensor, advantage: Tensor) -> Tensor:
        ratio = log_ratio.exp()
        clipped = ratio.clamp(1 - self.settings.clip, 1 + self.settings.clip)
        return -torch.min(ratio * advantage, clipped * advantage).mean()

    def _descend(self, part: str, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
        if not loss.requires_grad:
            return  # somebody holds these parameters for a while
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        for group in optimiser.param_groups:
            self.team.average(part, [value.grad for value in group["params"] if value.grad is not None])
            nn.utils.clip_grad_norm_(group["params"], self.settings.gradient_norm)
        optimiser.step()

    def _adapt_rate(self, change: float) -> None:
        """Keep the policy's change per round inside the wanted band."""
        slowest, fastest = self.settings.learning_rate_range
        little, much = self.settings.change_range
        if change > much:
            self._rate /= 1.3
        elif change < little:
            self._rate *= 1.3
        self._rate = min(max(self._rate, slowest), fastest)  # the band itself may move
        for optimiser in (self._policy_optimiser, self._value_optimiser):
            for group in optimiser.param_groups:
                group["lr"] = self._rate
