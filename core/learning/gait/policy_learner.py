"""What every learner of a walking policy shares: PPO, the best policy so far, curves, and checkpoints."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import torch

from core.domain.twin import LearningCurve
from core.learning.rl.checkpoint import pack, to_arrays, to_tensors, unpack
from core.learning.rl.distributed import SINGLE_PROCESS, ProcessGroup
from core.learning.rl.learning_curves import Progress, curve_row, curves_of
from core.learning.rl.networks import ActorCritic, to_network
from core.learning.rl.ppo import Ppo, PpoSettings, UpdateStats
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.batch_environment import CONTROL_STEP_S, BatchEnvironment
from core.simulation.environment.policy import PolicyNetworks

EnvironmentT = TypeVar("EnvironmentT", bound=BatchEnvironment)
ProgressT = TypeVar("ProgressT", bound=Progress)


class PolicyLearner(ABC, Generic[EnvironmentT, ProgressT]):
    """A walking policy that learns by PPO in several environments at the same time."""

    curve_units: Mapping[str, str]  # of each learning curve, by its name

    def __init__(
        self,
        environments: Sequence[EnvironmentT],
        agent: ActorCritic,
        normaliser: Normaliser,
        *,
        seed: int,
        settings: PpoSettings,
        learn_normaliser: bool,
        processes: ProcessGroup = SINGLE_PROCESS,
    ) -> None:
        self.environments = tuple(environments)
        self._processes = processes
        self._ppo = Ppo(
            self.environments,
            agent,
            normaliser,
            settings=settings,
            seed=seed,
            learn_normaliser=learn_normaliser,
            processes=processes,
        )
        self._size = sum(environment.size for environment in self.environments)
        self._episode_lengths: deque[int] = deque(maxlen=self._size)
        self._episode_returns: deque[float] = deque(maxlen=self._size)
        self._history: list[tuple[float, ...]] = []
        self._iterations = 0
        self._best_score = -np.inf
        self._best = self.latest
        self.elapsed_s = 0.0

    def learn_iteration(self, clock: Callable[[], float]) -> ProgressT:
        """Collect one rollout, update the networks, and keep the policy if it is the best so far."""
        started = clock()
        stats = self._update()
        self._iterations += 1
        self._episode_lengths.extend(stats.episode_lengths)
        self._episode_returns.extend(stats.episode_returns)
        self._keep_best()
        self.elapsed_s = self._processes.mean(self.elapsed_s + clock() - started)  # all stop together
        progress = self._progress(stats)
        self._history.append(curve_row(progress, self.curve_units))
        return progress

    @property
    def best(self) -> PolicyNetworks:
        """The policy with the highest mean return; the latest one until enough episodes have ended."""
        return self.candidates[0]

    @property
    def candidates(self) -> tuple[PolicyNetworks, ...]:
        """The policy with the highest mean return, where enough episodes have ended, and the latest one."""
        return (self._best, self.latest) if np.isfinite(self._best_score) else (self.latest,)

    @property
    def latest(self) -> PolicyNetworks:
        return networks_of(self._ppo.agent, self._ppo.normaliser)

    @property
    def settings(self) -> PpoSettings:
        return self._ppo.settings

    @property
    def iterations(self) -> int:
        """Over all runs."""
        return self._iterations

    @property
    def control_steps(self) -> int:
        return self._ppo.steps

    @property
    def divergences(self) -> int:
        """Control steps since this process started in which the physics of a walker diverged."""
        return sum(environment.divergences for environment in self.environments)

    def curves(self) -> tuple[LearningCurve, ...]:
        return curves_of(self._history, self.curve_units)

    def save_checkpoint(self) -> bytes:
        """Everything that is needed to resume exactly here. Stored checkpoints fix the keys: "learner" is the
        state of PPO, "rounds" are the iterations.
        """
        return pack(
            self._own_state()
            | {
                "learner": self._ppo.state_dict(),
                "environments": [to_tensors(one.state_dict()) for one in self.environments],
                "lengths": list(self._episode_lengths),
                "returns": list(self._episode_returns),
                "history": torch.tensor(self._history, dtype=torch.float64),
                "rounds": self._iterations,
                "elapsed_s": self.elapsed_s,
                "best_score": float(self._best_score),
                "best": to_tensors(self._best.arrays()),
            }
        )

    def load_checkpoint(self, checkpoint: bytes) -> None:
        """Continue from `checkpoint`.

        Raises RuntimeError, KeyError or ValueError when it is not a checkpoint of this learner.
        """
        content = unpack(checkpoint)
        self._ppo.load_state_dict(content["learner"])
        self._load_own_state(content)
        for environment, state in zip(self.environments, content["environments"], strict=True):
            environment.load_state_dict(to_arrays(state))
        self._episode_lengths.extend(content["lengths"])
        self._episode_returns.extend(content["returns"])
        self._history = [tuple(row) for row in content["history"].tolist()]
        self._iterations = content["rounds"]
        self.elapsed_s = content["elapsed_s"]
        self._best_score = content["best_score"]
        self._best = PolicyNetworks.of(to_arrays(content["best"]))

    # For subclasses

    @abstractmethod
    def _progress(self, stats: UpdateStats) -> ProgressT:
        """The numbers of this iteration that are reported."""

    def _update(self) -> UpdateStats:
        return self._ppo.learn_iteration()

    def _own_state(self) -> dict[str, Any]:
        """What the checkpoint holds beside the state of every learner."""
        return {}

    def _load_own_state(self, content: Mapping[str, Any]) -> None:
        """Take over what `_own_state` gave."""

    # Inside

    @property
    def _walk_seconds(self) -> float:
        """Mean length of the last episodes."""
        return float(np.mean(self._episode_lengths or [0])) * CONTROL_STEP_S

    @property
    def _minutes_per_iteration(self) -> float:
        """Simulated minutes of one rollout, over all walkers."""
        return self._ppo.settings.horizon * self._size * CONTROL_STEP_S / 60.0

    def _keep_best(self) -> None:
        """Score the policy by the mean return of one finished episode per walker."""
        if len(self._episode_returns) < self._size:
            return
        score = float(np.mean(self._episode_returns))
        if score > self._best_score:
            self._best_score, self._best = score, self.latest


def networks_of(agent: ActorCritic, normaliser: Normaliser) -> PolicyNetworks:
    """The agent as plain arrays, with the normalisation of its observations."""
    return PolicyNetworks(
        policy=to_network(agent.policy, agent.activation),
        value=to_network(agent.value, agent.activation),
        log_std=agent.log_std.detach().numpy().copy(),
        observation_mean=normaliser.mean,
        observation_std=normaliser.std,
    )
