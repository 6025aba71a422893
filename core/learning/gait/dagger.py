"""Warm start of a predictive policy: in the states it gets into it is shown what a walking one excites.

DAgger (Ross et al. 2011): the learner walks, the teacher says what it would have done there, and the learner
practises on everything said so far. At first the teacher walks instead of it, less and less often.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.domain.arrays import Float32Array, FloatArray
from core.domain.twin import LearningCurve
from core.learning.gait.demonstration import Demonstration, TrackingTeacher
from core.learning.gait.predictive import (
    EXPLORE_SPREAD,
    arrays_of,
    curves_of,
    fresh_agent,
    networks_of,
    packed,
    tensors,
    unpacked,
)
from core.learning.gait.synergies import timing_of
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.predictive import PredictiveEnvironment
from core.simulation.environment.synergy_action import actions_for

HORIZON = 25  # steps per round: half a second
MEMORY_ROUNDS = 60
PASSES = 30  # gradient steps per round
BATCH = 1024
TEACHER_ROUNDS = 6  # the teacher's part halves every so many rounds
TRIAL_SPREAD = 0.1  # noise on what is walked, so that ways back to the path are shown too
CURVES = {"walk_seconds": "s", "difference": "action", "reward": "per step"}
_LEARNING_RATE = 1e-3
_DISCOUNT, _TRACE = 0.99, 0.95  # as in PPO, whose value network is prepared here
_SWEEPS = 10


@dataclass(frozen=True, slots=True)
class ShowingProgress:
    """Where imitation stands after a round."""

    round: int
    elapsed_s: float
    walk_seconds: float  # mean length of the last walks, the teacher's part included
    teacher_share: float  # of the walkers that the teacher moved in this round
    difference: float  # root mean square from the teacher's actions, before practising on them
    reward: float


class ShowingLearner:
    """Networks that learn what a tracking teacher does; the environment's walkers follow its references."""

    def __init__(
        self,
        environment: PredictiveEnvironment,
        teacher: TrackingTeacher,
        demonstration: Demonstration,
        *,
        seed: int = 0,
    ) -> None:
        self._environment, self._teacher = environment, teacher
        self._shown_phase = demonstration.phase
        self._agent, self._normaliser = fresh_agent(environment, seed)
        self._optimiser = torch.optim.Adam(self._agent.parameters(), lr=_LEARNING_RATE)
        self._random = torch.Generator().manual_seed(seed)
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._memory: deque[tuple[Tensor, Tensor]] = deque(maxlen=MEMORY_ROUNDS)
        self._lengths: deque[float] = deque(maxlen=environment.size)
        self._history: list[tuple[float, ...]] = []
        self._led = np.ones(environment.size, dtype=np.bool_)  # whom the teacher moves
        self._rounds = 0
        self.elapsed_s = 0.0
        self._teacher.phase = self._shown_phase[environment.origin].copy()

    def learn_round(self, clock: Callable[[], float]) -> ShowingProgress:
        """Walk half a second, hear what the teacher would have done, practise."""
        started = clock()
        self._rng = np.random.default_rng((self._seed, self._rounds))
        share = 0.5 ** (self._rounds / TEACHER_ROUNDS)
        seen, shown, gains, ends, last = self._walk(share)
        if self._rounds < TEACHER_ROUNDS:
            self._normaliser.learn(seen.reshape(-1, seen.shape[-1]))
        difference = self._difference(seen, shown)
        self._memory.append((torch.from_numpy(seen.reshape(-1, seen.shape[-1])), shown.flatten(0, 1)))
        self._practise()
        self._value(seen, gains, ends, last)
        self._rounds += 1
        self.elapsed_s += clock() - started
        lengths = float(np.mean(self._lengths)) if self._lengths else 0.0
        progress = ShowingProgress(
            self._rounds, self.elapsed_s, lengths, share, difference, float(gains.mean())
        )
        self._history.append((progress.elapsed_s, *(getattr(progress, name) for name in CURVES)))
        return progress

    @property
    def latest(self) -> PolicyNetworks:
        return networks_of(self._agent, self._normaliser)

    def curves(self) -> tuple[LearningCurve, ...]:
        return curves_of(self._history, CURVES)

    def checkpoint(self) -> bytes:
        """Everything that is needed to go on as if nothing had happened."""
        return packed(
            {
                "agent": self._agent.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "random": self._random.get_state(),
                "normaliser": tensors({"mean": self._normaliser.mean, "variance": self._normaliser.variance}),
                "count": self._normaliser.count,
                "memory": list(self._memory),
                "lengths": list(self._lengths),
                "history": torch.tensor(self._history, dtype=torch.float64),
                "own": tensors({"led": self._led, "phase": self._teacher.phase}),
                "environment": tensors(self._environment.memory()),
                "rounds": self._rounds,
                "elapsed_s": self.elapsed_s,
            }
        )

    def restore(self, checkpoint: bytes) -> None:
        """Continue from `checkpoint`. Raises RuntimeError when it is not a checkpoint of this learner."""
        content: dict[str, Any] = unpacked(checkpoint)
        self._agent.load_state_dict(content["agent"])
        self._optimiser.load_state_dict(content["optimiser"])
        self._random.set_state(content["random"])
        self._normaliser = Normaliser(**arrays_of(content["normaliser"]), count=content["count"])
        self._memory = deque(content["memory"], maxlen=MEMORY_ROUNDS)
        self._lengths.extend(content["lengths"])
        self._history = [tuple(row) for row in content["history"].tolist()]
        own = arrays_of(content["own"])
        self._led, self._teacher.phase = own["led"].copy(), own["phase"].copy()
        self._environment.recall(arrays_of(content["environment"]))
        self._rounds = content["rounds"]
        self.elapsed_s = content["elapsed_s"]

    # Inside

    def _walk(self, share: float) -> tuple[Float32Array, Tensor, Tensor, Tensor, Float32Array]:
        """Observations (T, N, O), the teacher's actions (T, N, A), rewards and ends (T, N), the last view."""
        world = self._environment
        seen, shown, gains, ends = [], [], [], []
        for _ in range(HORIZON):
            observation = world.observation()
            wish = self._teacher.excitation(world.state, world.sensor)
            wanted = actions_for(wish, world.synergies, timing_of(wish, world.synergies, sweeps=_SWEEPS))
            own = self._act(observation)
            action = np.where(self._led[:, None], wanted, own)
            step = world.step(action + self._rng.normal(0.0, TRIAL_SPREAD, action.shape))
            seen.append(observation)
            shown.append(torch.from_numpy(wanted.astype(np.float32)))
            gains.append(torch.from_numpy(step.reward.astype(np.float32)))
            ended = step.fell | step.cut
            ends.append(torch.from_numpy(ended))
            self._begin_again(ended, share)
        return np.stack(seen), torch.stack(shown), torch.stack(gains), torch.stack(ends), world.observation()

    def _act(self, observation: Float32Array) -> FloatArray:
        with torch.no_grad():
            action = self._agent.policy(self._normaliser(observation)).numpy()
        return np.asarray(action, dtype=np.float64)

    def _begin_again(self, ended: np.ndarray, share: float) -> None:
        if not ended.any():
            return
        world = self._environment
        self._lengths.extend(world.seconds[ended].tolist())
        world.restart(ended)
        self._teacher.phase[ended] = self._shown_phase[world.origin[ended]]
        self._led[ended] = self._rng.random(int(ended.sum())) < share

    def _difference(self, seen: Float32Array, shown: Tensor) -> float:
        with torch.no_grad():
            apart = self._agent.policy(self._normaliser(seen.reshape(-1, seen.shape[-1])))
        return float(((apart - shown.flatten(0, 1)) ** 2).mean().sqrt())

    def _practise(self) -> None:
        """Gradient steps on random moments of all remembered rounds."""
        views, actions = (torch.cat(parts) for parts in zip(*self._memory, strict=True))
        for _ in range(PASSES):
            pick = torch.randint(len(views), (BATCH,), generator=self._random)
            error = self._agent.policy(self._normaliser(views[pick].numpy())) - actions[pick]
            self._descend(nn.functional.huber_loss(error, torch.zeros_like(error)))

    def _value(self, seen: Float32Array, gains: Tensor, ends: Tensor, last: Float32Array) -> None:
        """Bring the value network to the returns of this round (TD(lambda)), so that PPO can rely on it."""
        views = [self._normaliser(view) for view in (*seen, last)]
        with torch.no_grad():
            worth = torch.stack([self._agent.worth(view) for view in views])
        following, targets = worth[-1], []
        for step in reversed(range(len(gains))):
            ahead = (1 - _TRACE) * worth[step + 1] + _TRACE * following
            following = gains[step] + _DISCOUNT * torch.where(ends[step], torch.zeros_like(ahead), ahead)
            targets.append(following)
        goal, view = torch.cat(targets[::-1]), torch.cat(views[:-1])
        for _ in range(PASSES // 3):
            self._descend(0.1 * ((self._agent.worth(view) - goal) ** 2).mean())

    def _descend(self, loss: Tensor) -> None:
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._agent.parameters(), 1.0)
        self._optimiser.step()


def taught(learner: ShowingLearner) -> PolicyNetworks:
    """The networks as PPO takes them over: with a spread to explore by."""
    networks = learner.latest
    log_std = np.full_like(networks.log_std, np.log(EXPLORE_SPREAD))
    return PolicyNetworks(
        networks.policy, networks.value, log_std, networks.observation_mean, networks.observation_std
    )
