"""Learning a twin's gait: a policy that tracks the reference strides of its walkers (PPO), resumable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from core.jobs.cores import cores
from core.learning.gait.coordination import CoordinationLearner
from core.learning.gait.policy_learner import PolicyLearner
from core.learning.rl.distributed import SINGLE_PROCESS, ProcessGroup
from core.learning.rl.networks import ActorCritic
from core.learning.rl.ppo import PpoSettings, UpdateStats, annealed
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.actuation import Actuation, MuscleActuation
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.reward_term import RewardTerm
from core.simulation.environment.tracking import ACTION_SIZE, WalkingEnvironment
from core.simulation.environment.tracking_rewards import SIMILARITY, WALKING_REWARD, StepQuantities
from core.simulation.environment.walker import Walker, muscle_actuation

ENVIRONMENTS = 2
"""The same on every PC, so that a seed gives the same result; more cores speed up the physics of each."""
WARM_STD = 0.2  # a policy that can walk already explores less than an untrained one
NORMALISER_ITERATIONS = 300  # then the observations' scale stays fixed, so that the policy can settle
_SEED_STRIDE = 1_000_003


@dataclass(frozen=True, slots=True)
class GaitProgress:
    """Numbers of one training iteration."""

    iteration: int
    elapsed_s: float  # wall time over all runs
    control_steps: int
    walk_seconds: float  # mean length of the last episodes, with exploration noise
    falls_per_minute: float  # per simulated minute of the last rollout
    similarity: float  # 0..1, of the joint angles to the reference
    reward: float

    @property
    def control_steps_per_s(self) -> float:
        return self.control_steps / self.elapsed_s if self.elapsed_s > 0 else 0.0


class GaitLearner(PolicyLearner[WalkingEnvironment, GaitProgress]):
    """Trains a policy to track the reference gaits of its walkers."""

    curve_units: Mapping[str, str] = {
        "walk_seconds": "s",
        "falls_per_minute": "1/min",
        "similarity": "share",
        "reward": "per step",
    }

    def __init__(
        self,
        environments: Sequence[WalkingEnvironment],
        *,
        start: PolicyNetworks | None = None,
        coordination: CoordinationLearner | None = None,
        seed: int = 0,
        settings: PpoSettings = PpoSettings(),  # noqa: B008 - frozen
        processes: ProcessGroup = SINGLE_PROCESS,
    ) -> None:
        """With `coordination` a network for muscle coordination is trained beside the policy."""
        torch.manual_seed(
            seed
        )  # for the initial weights; everything later draws from the learner's own generator
        agent = ActorCritic(OBSERVATION_SIZE, ACTION_SIZE)
        normaliser = Normaliser.of(OBSERVATION_SIZE)
        if start is not None:
            agent.load(start.policy, start.value, np.minimum(start.log_std, np.log(WARM_STD)))
            normaliser = Normaliser(start.observation_mean, start.observation_std**2)
        self._warm = start is not None
        self._coordination = coordination
        super().__init__(
            environments,
            agent,
            normaliser,
            seed=seed + 1000 * processes.rank,
            settings=settings,
            learn_normaliser=not self._warm,
            processes=processes,
        )

    @property
    def latest(self) -> PolicyNetworks:
        coordination = None if self._coordination is None else self._coordination.network().network
        return replace(super().latest, coordination=coordination)

    def anneal_learning_rate(self, spent: float) -> None:
        """Lower the largest learning rate with the fraction of the time that is `spent` (0..1)."""
        self._ppo.settings = annealed(self._ppo.settings, PpoSettings().learning_rate_range, spent)

    def _update(self) -> UpdateStats:
        self._ppo.learn_normaliser = not self._warm and self._iterations < NORMALISER_ITERATIONS
        stats = super()._update()
        self._learn_coordination()
        return stats

    def _progress(self, stats: UpdateStats) -> GaitProgress:
        return GaitProgress(
            iteration=self._iterations,
            elapsed_s=self.elapsed_s,
            control_steps=self._ppo.steps,
            walk_seconds=self._walk_seconds,
            falls_per_minute=stats.terminations / self._minutes_per_iteration,
            similarity=stats.reward_terms[SIMILARITY],
            reward=stats.reward,
        )

    def _own_state(self) -> dict[str, Any]:
        return {"coordination": {} if self._coordination is None else self._coordination.state_dict()}

    def _load_own_state(self, content: Mapping[str, Any]) -> None:
        if self._coordination is not None:
            self._coordination.load_state_dict(content["coordination"])
            self._distribute_coordination()

    def _learn_coordination(self) -> None:
        """Train on the last problem of every environment; all environments then use the same network."""
        if self._coordination is None:
            return
        for actuation in self._muscle_actuations():
            if actuation.problem is not None:
                self._coordination.learn(actuation.problem)
        self._distribute_coordination()

    def _distribute_coordination(self) -> None:
        assert self._coordination is not None
        network = self._coordination.network()
        for actuation in self._muscle_actuations():
            actuation.network = network

    def _muscle_actuations(self) -> list[MuscleActuation]:
        each = [environment.actuation for environment in self.environments]
        return [actuation for actuation in each if isinstance(actuation, MuscleActuation)]


def gait_learner(
    walkers: Sequence[Walker],
    *,
    start: PolicyNetworks | None,
    seed: int,
    muscles: bool,
    reward: tuple[RewardTerm[StepQuantities], ...] = WALKING_REWARD,
    processes: ProcessGroup = SINGLE_PROCESS,
) -> GaitLearner:
    """A learner for these walkers; with `muscles` their coordination network is trained as well."""
    if not muscles:
        environments = walking_environments(walkers, seed=seed, processes=processes, reward=reward)
        return GaitLearner(environments, start=start, seed=seed, processes=processes)
    stored = None if start is None else start.coordination
    coordination = CoordinationLearner(start=stored, seed=seed, processes=processes)

    def actuation(part: Sequence[Walker]) -> MuscleActuation:
        return muscle_actuation(part, coordination.network())

    environments = walking_environments(
        walkers, seed=seed, actuation=actuation, processes=processes, reward=reward
    )
    return GaitLearner(environments, start=start, coordination=coordination, seed=seed, processes=processes)


def walking_environments(
    walkers: Sequence[Walker],
    *,
    seed: int,
    actuation: Callable[[Sequence[Walker]], Actuation] | None = None,
    processes: ProcessGroup = SINGLE_PROCESS,
    **settings: Any,
) -> tuple[WalkingEnvironment, ...]:
    """The walkers dealt out to ENVIRONMENTS environments, which share the cores among all processes.

    `actuation` makes the actuation of one environment; `settings` go to `WalkingEnvironment`.
    """
    threads = max(1, cores() // (ENVIRONMENTS * processes.size))
    seed += _SEED_STRIDE * ENVIRONMENTS * processes.rank
    parts = [walkers[number::ENVIRONMENTS] for number in range(ENVIRONMENTS)]
    return tuple(
        WalkingEnvironment(
            part,
            seed=seed + _SEED_STRIDE * number,
            actuation=None if actuation is None else actuation(part),
            threads=threads,
            **settings,
        )
        for number, part in enumerate(parts)
        if part
    )
