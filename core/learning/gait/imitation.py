"""Teaching a twin its gait: rounds of learning, the best policy kept, resumable."""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from core.domain.twin import LearningCurve
from core.learning.gait.coordination import CoordinationLearner
from core.learning.rl.distributed import ALONE, Team
from core.learning.rl.networks import ActorCritic, to_network
from core.learning.rl.ppo import Ppo, PpoSettings, Round
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.actuation import Drive, MuscleDrive
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import (
    ACTION_SIZE,
    CONTROL_STEP_S,
    Walker,
    WalkingEnvironment,
    muscle_drive,
)
from core.simulation.environment.tracking_rewards import WALKING_REWARD, RewardTerm

CREWS = 2  # always, so that a seed gives the same result on every PC; more cores help each crew's physics
_SEEDS_APART = 1_000_003

WARM_SPREAD = 0.2  # who can walk already tries smaller changes than who starts from nothing
NORMALISER_ROUNDS = 300  # then the view stays fixed, so that the policy can settle
CURVES = {"walk_seconds": "s", "falls_per_minute": "1/min", "similarity": "share", "reward": "per step"}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where learning stands after a round."""

    round: int
    elapsed_s: float  # wall time over all sittings
    control_steps: int
    walk_seconds: float  # mean length of the last episodes, with the noise of learning
    falls_per_minute: float  # per simulated minute of this round
    similarity: float  # 0..1, joint angles against the reference
    reward: float

    @property
    def control_steps_per_s(self) -> float:
        return self.control_steps / self.elapsed_s if self.elapsed_s > 0 else 0.0


class GaitLearner:
    """A policy that learns the reference gaits of walkers; several environments walk at the same time."""

    def __init__(
        self,
        environments: WalkingEnvironment | Sequence[WalkingEnvironment],
        *,
        start: PolicyNetworks | None = None,
        coordination: CoordinationLearner | None = None,
        seed: int = 0,
        settings: PpoSettings = PpoSettings(),  # noqa: B008 - frozen
        team: Team = ALONE,
    ) -> None:
        """With `coordination` the walkers' muscles learn to work together while the policy learns to walk."""
        torch.manual_seed(seed)  # the first weights; everything later draws from the learner's own generator
        agent = ActorCritic(OBSERVATION_SIZE, ACTION_SIZE)
        normaliser = Normaliser.of(OBSERVATION_SIZE)
        if start is not None:
            agent.load(start.policy, start.value, np.minimum(start.log_std, np.log(WARM_SPREAD)))
            normaliser = Normaliser(start.observation_mean, start.observation_std**2)
        self._warm = start is not None
        self.worlds = environments if isinstance(environments, Sequence) else (environments,)
        self._team = team
        luck = seed + 1000 * team.number
        self._ppo = Ppo(
            self.worlds,
            agent,
            normaliser,
            settings=settings,
            seed=luck,
            learn_normaliser=not self._warm,
            team=team,
        )
        self._coordination = coordination
        self._size = sum(world.size for world in self.worlds)
        self._lengths: deque[int] = deque(maxlen=self._size)
        self._returns: deque[float] = deque(maxlen=self._size)
        self._history: list[tuple[float, ...]] = []
        self._rounds = 0
        self._best_score = -np.inf
        self._best = self._networks()
        self.elapsed_s = 0.0

    def learn_round(self, clock: Callable[[], float]) -> Progress:
        """Walk one horizon, improve, and remember the policy if it is the best so far."""
        started = clock()
        self._ppo.learn_normaliser = not self._warm and self._rounds < NORMALISER_ROUNDS
        done = self._ppo.learn_round()
        self._learn_coordination()
        self._rounds += 1
        self._lengths.extend(done.finished_steps)
        self._returns.extend(done.finished_return)
        self._keep_best()
        self.elapsed_s = self._team.mean(self.elapsed_s + clock() - started)  # all stop together
        progress = self._progress(done)
        self._history.append((progress.elapsed_s, *(getattr(progress, name) for name in CURVES)))
        return progress

    def cool(self, spent: float) -> None:
        """Learn in smaller steps the more of the time is `spent` (0..1), so that the end is steady."""
        slowest, fastest = PpoSettings().learning_rate_range
        cooled = max(slowest, fastest * (1.0 - 0.9 * min(1.0, spent)))
        self._ppo.settings = replace(self._ppo.settings, learning_rate_range=(slowest, cooled))

    @property
    def best(self) -> PolicyNetworks:
        """The policy whose last episodes gave most; the present one until an answer is known."""
        return self._best if np.isfinite(self._best_score) else self._networks()

    @property
    def latest(self) -> PolicyNetworks:
        return self._networks()

    @property
    def settings(self) -> PpoSettings:
        return self._ppo.settings

    @property
    def control_steps(self) -> int:
        return self._ppo.steps

    @property
    def divergences(self) -> int:
        """Control steps since this program started in which the physics of a walker broke down."""
        return sum(world.divergences for world in self.worlds)

    def curves(self) -> tuple[LearningCurve, ...]:
        history = np.array(self._history).reshape(-1, 1 + len(CURVES))
        return tuple(
            LearningCurve(name, unit, history[:, 0], history[:, column])
            for column, (name, unit) in enumerate(CURVES.items(), start=1)
        )

    def checkpoint(self) -> bytes:
        """Everything that is needed to go on as if nothing had happened."""
        memories = [
            {name: torch.from_numpy(array) for name, array in world.memory().items()} for world in self.worlds
        ]
        content = {
            "learner": self._ppo.state(),
            "coordination": {} if self._coordination is None else self._coordination.state(),
            "environments": memories,
            "lengths": list(self._lengths),
            "returns": list(self._returns),
            "history": torch.tensor(self._history, dtype=torch.float64),
            "rounds": self._rounds,
            "elapsed_s": self.elapsed_s,
            "best_score": float(self._best_score),
            "best": {name: torch.from_numpy(array) for name, array in self._best.arrays().items()},
        }
        stream = io.BytesIO()
        torch.save(content, stream)
        return stream.getvalue()

    def restore(self, checkpoint: bytes) -> None:
        """Continue from `checkpoint`.

        Raises RuntimeError, KeyError or ValueError when it is not a checkpoint of this learner.
        """
        content: dict[str, Any] = torch.load(io.BytesIO(checkpoint), weights_only=True)
        self._ppo.restore(content["learner"])
        if self._coordination is not None:
            self._coordination.restore(content["coordination"])
            self._share_coordination()
        for world, memory in zip(self.worlds, content["environments"], strict=True):
            world.recall({name: array.numpy() for name, array in memory.items()})
        self._lengths.extend(content["lengths"])
        self._returns.extend(content["returns"])
        self._history = [tuple(row) for row in content["history"].tolist()]
        self._rounds = content["rounds"]
        self.elapsed_s = content["elapsed_s"]
        self._best_score = content["best_score"]
        self._best = PolicyNetworks.of({name: array.numpy() for name, array in content["best"].items()})

    def _learn_coordination(self) -> None:
        """Every crew's last demand is a lesson; all crews then use the same network."""
        if self._coordination is None:
            return
        drives = [world.drive for world in self.worlds if isinstance(world.drive, MuscleDrive)]
        for drive in drives:
            if drive.posed is not None:
                self._coordination.learn(drive.posed)
        self._share_coordination()

    def _share_coordination(self) -> None:
        assert self._coordination is not None
        network = self._coordination.network()
        for world in self.worlds:
            if isinstance(world.drive, MuscleDrive):
                world.drive.network = network

    def _keep_best(self) -> None:
        """A whole batch of finished episodes is one opinion about the policy."""
        if len(self._returns) < self._size:
            return
        score = float(np.mean(self._returns))
        if score > self._best_score:
            self._best_score = score
            self._best = self._networks()

    def _networks(self) -> PolicyNetworks:
        agent, normaliser = self._ppo.agent, self._ppo.normaliser
        return PolicyNetworks(
            policy=to_network(agent.policy, agent.activation),
            value=to_network(agent.value, agent.activation),
            log_std=agent.log_std.detach().numpy().copy(),
            observation_mean=normaliser.mean,
            observation_std=normaliser.std,
            coordination=None if self._coordination is None else self._coordination.network().network,
        )

    def _progress(self, done: Round) -> Progress:
        minutes = self._ppo.settings.horizon * self._size * CONTROL_STEP_S / 60.0
        lengths = self._lengths or [0]
        return Progress(
            round=self._rounds,
            elapsed_s=self.elapsed_s,
            control_steps=self._ppo.steps,
            walk_seconds=float(np.mean(lengths)) * CONTROL_STEP_S,
            falls_per_minute=done.falls / minutes,
            similarity=done.terms["pose"],
            reward=done.reward,
        )


def gait_learner(
    walkers: Sequence[Walker],
    *,
    start: PolicyNetworks | None,
    seed: int,
    muscles: bool,
    reward: tuple[RewardTerm, ...] = WALKING_REWARD,
    team: Team = ALONE,
) -> GaitLearner:
    """A learner for these walkers, in crews; with `muscles` they learn to work together on the way."""
    if not muscles:
        crews = walking_crews(walkers, seed=seed, team=team, reward=reward)
        return GaitLearner(crews, start=start, seed=seed, team=team)
    known = None if start is None else start.coordination
    coordination = CoordinationLearner(start=known, seed=seed, team=team)

    def drive(crew: Sequence[Walker]) -> MuscleDrive:
        return muscle_drive(crew, coordination.network())

    crews = walking_crews(walkers, seed=seed, drive=drive, team=team, reward=reward)
    return GaitLearner(crews, start=start, coordination=coordination, seed=seed, team=team)


def walking_crews(
    walkers: Sequence[Walker],
    *,
    seed: int,
    drive: Callable[[Sequence[Walker]], Drive] | None = None,
    team: Team = ALONE,
    **settings: Any,
) -> tuple[WalkingEnvironment, ...]:
    """Environments of CREWS crews that share the team's cores. Every crew gets some of each kind of walker.

    `drive` makes what moves the joints of one crew; `settings` go to `WalkingEnvironment`.
    """
    threads = max(1, (os.cpu_count() or 1) // (CREWS * team.size))
    seed += _SEEDS_APART * CREWS * team.number
    parts = [walkers[number::CREWS] for number in range(CREWS) if walkers[number::CREWS]]
    return tuple(
        WalkingEnvironment(
            part,
            seed=seed + _SEEDS_APART * number,
            drive=None if drive is None else drive(part),
            threads=threads,
            **settings,
        )
        for number, part in enumerate(parts)
    )
