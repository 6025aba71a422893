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
from core.learning.gait.policy_learner import curves_of, networks_of
from core.learning.gait.predictive import (
    EXPLORATION_STD,
    fresh_agent,
)
from core.learning.gait.synergies import timing_of
from core.learning.rl.checkpoint import pack, to_arrays, to_tensors, unpack
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.predictive import PredictiveEnvironment
from core.simulation.environment.synergy_action import actions_for

HORIZON = 25  # steps per round: half a second
MEMORY_ITERATIONS = 60
PASSES = 30  # gradient steps per round
BATCH = 1024
TEACHER_ITERATIONS = 6  # the teacher's part halves every so many rounds
TRIAL_STD = 0.1  # noise on what is walked, so that ways back to the path are shown too
CURVES = {"walk_seconds": "s", "difference": "action", "reward": "per step"}
_LEARNING_RATE = 1e-3
_GAMMA, _GAE_LAMBDA = 0.99, 0.95  # as in PPO, whose value network is prepared here
_SWEEPS = 10


@dataclass(frozen=True, slots=True)
class DaggerProgress:
    """Where imitation stands after a round."""

    iteration: int
    elapsed_s: float
    walk_seconds: float  # mean length of the last walks, the teacher's part included
    teacher_fraction: float  # of the walkers that the teacher moved in this round
    difference: float  # root mean square from the teacher's actions, before practising on them
    reward: float


class DaggerLearner:
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
        self._demonstrated_phase = demonstration.phase
        self._agent, self._normaliser = fresh_agent(environment, seed)
        self._optimiser = torch.optim.Adam(self._agent.parameters(), lr=_LEARNING_RATE)
        self._random = torch.Generator().manual_seed(seed)
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._memory: deque[tuple[Tensor, Tensor]] = deque(maxlen=MEMORY_ITERATIONS)
        self._lengths: deque[float] = deque(maxlen=environment.size)
        self._history: list[tuple[float, ...]] = []
        self._teacher_leads = np.ones(environment.size, dtype=np.bool_)  # whom the teacher moves
        self._iterations = 0
        self.elapsed_s = 0.0
        self._teacher.phase = self._demonstrated_phase[environment.origin].copy()

    def learn_iteration(self, clock: Callable[[], float]) -> DaggerProgress:
        """Walk half a second, hear what the teacher would have done, practise."""
        started = clock()
        self._rng = np.random.default_rng((self._seed, self._iterations))
        fraction = 0.5 ** (self._iterations / TEACHER_ITERATIONS)
        observations, demonstrated, rewards, dones, last = self._collect(fraction)
        if self._iterations < TEACHER_ITERATIONS:
            self._normaliser.learn(observations.reshape(-1, observations.shape[-1]))
        difference = self._difference(observations, demonstrated)
        self._memory.append(
            (torch.from_numpy(observations.reshape(-1, observations.shape[-1])), demonstrated.flatten(0, 1))
        )
        self._practise()
        self._value(observations, rewards, dones, last)
        self._iterations += 1
        self.elapsed_s += clock() - started
        lengths = float(np.mean(self._lengths)) if self._lengths else 0.0
        progress = DaggerProgress(
            self._iterations, self.elapsed_s, lengths, fraction, difference, float(rewards.mean())
        )
        self._history.append((progress.elapsed_s, *(getattr(progress, name) for name in CURVES)))
        return progress

    @property
    def latest(self) -> PolicyNetworks:
        return networks_of(self._agent, self._normaliser)

    def curves(self) -> tuple[LearningCurve, ...]:
        return curves_of(self._history, CURVES)

    def save_checkpoint(self) -> bytes:
        """Everything that is needed to go on as if nothing had happened."""
        return pack(
            {
                "agent": self._agent.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "random": self._random.get_state(),
                "normaliser": to_tensors(
                    {"mean": self._normaliser.mean, "variance": self._normaliser.variance}
                ),
                "count": self._normaliser.count,
                "memory": list(self._memory),
                "lengths": list(self._lengths),
                "history": torch.tensor(self._history, dtype=torch.float64),
                "own": to_tensors({"led": self._teacher_leads, "phase": self._teacher.phase}),
                "environment": to_tensors(self._environment.state_dict()),
                "rounds": self._iterations,
                "elapsed_s": self.elapsed_s,
            }
        )

    def load_checkpoint(self, checkpoint: bytes) -> None:
        """Continue from `checkpoint`. Raises RuntimeError when it is not a checkpoint of this learner."""
        content: dict[str, Any] = unpack(checkpoint)
        self._agent.load_state_dict(content["agent"])
        self._optimiser.load_state_dict(content["optimiser"])
        self._random.set_state(content["random"])
        self._normaliser = Normaliser(**to_arrays(content["normaliser"]), count=content["count"])
        self._memory = deque(content["memory"], maxlen=MEMORY_ITERATIONS)
        self._lengths.extend(content["lengths"])
        self._history = [tuple(row) for row in content["history"].tolist()]
        own = to_arrays(content["own"])
        self._teacher_leads, self._teacher.phase = own["led"].copy(), own["phase"].copy()
        self._environment.load_state_dict(to_arrays(content["environment"]))
        self._iterations = content["rounds"]
        self.elapsed_s = content["elapsed_s"]

    # Inside

    def _collect(self, fraction: float) -> tuple[Float32Array, Tensor, Tensor, Tensor, Float32Array]:
        """Observations (T, N, O), the teacher's actions (T, N, A), rewards and ends (T, N), the last view."""
        environment = self._environment
        observations, demonstrated, rewards, dones = [], [], [], []
        for _ in range(HORIZON):
            observation = environment.observation()
            wish = self._teacher.excitation(environment.state, environment.sensor)
            wanted = actions_for(
                wish, environment.synergies, timing_of(wish, environment.synergies, sweeps=_SWEEPS)
            )
            own = self._act(observation)
            action = np.where(self._teacher_leads[:, None], wanted, own)
            step = environment.step(action + self._rng.normal(0.0, TRIAL_STD, action.shape))
            observations.append(observation)
            demonstrated.append(torch.from_numpy(wanted.astype(np.float32)))
            rewards.append(torch.from_numpy(step.reward.astype(np.float32)))
            done = step.terminated | step.truncated
            dones.append(torch.from_numpy(done))
            self._restart_episodes(done, fraction)
        return (
            np.stack(observations),
            torch.stack(demonstrated),
            torch.stack(rewards),
            torch.stack(dones),
            environment.observation(),
        )

    def _act(self, observation: Float32Array) -> FloatArray:
        with torch.no_grad():
            action = self._agent.policy(self._normaliser(observation)).numpy()
        return np.asarray(action, dtype=np.float64)

    def _restart_episodes(self, done: np.ndarray, fraction: float) -> None:
        if not done.any():
            return
        environment = self._environment
        self._lengths.extend(environment.time_s[done].tolist())
        environment.reset(done)
        self._teacher.phase[done] = self._demonstrated_phase[environment.origin[done]]
        self._teacher_leads[done] = self._rng.random(int(done.sum())) < fraction

    def _difference(self, observations: Float32Array, demonstrated: Tensor) -> float:
        with torch.no_grad():
            apart = self._agent.policy(self._normaliser(observations.reshape(-1, observations.shape[-1])))
        return float(((apart - demonstrated.flatten(0, 1)) ** 2).mean().sqrt())

    def _practise(self) -> None:
        """Gradient steps on random moments of all remembered rounds."""
        views, actions = (torch.cat(parts) for parts in zip(*self._memory, strict=True))
        for _ in range(PASSES):
            pick = torch.randint(len(views), (BATCH,), generator=self._random)
            error = self._agent.policy(self._normaliser(views[pick].numpy())) - actions[pick]
            self._descend(nn.functional.huber_loss(error, torch.zeros_like(error)))

    def _value(self, observations: Float32Array, rewards: Tensor, dones: Tensor, last: Float32Array) -> None:
        """Bring the value network to the returns of this round (TD(lambda)), so that PPO can rely on it."""
        views = [self._normaliser(view) for view in (*observations, last)]
        with torch.no_grad():
            value_of = torch.stack([self._agent.value_of(view) for view in views])
        following, targets = value_of[-1], []
        for step in reversed(range(len(rewards))):
            ahead = (1 - _GAE_LAMBDA) * value_of[step + 1] + _GAE_LAMBDA * following
            following = rewards[step] + _GAMMA * torch.where(dones[step], torch.zeros_like(ahead), ahead)
            targets.append(following)
        goal, view = torch.cat(targets[::-1]), torch.cat(views[:-1])
        for _ in range(PASSES // 3):
            self._descend(0.1 * ((self._agent.value_of(view) - goal) ** 2).mean())

    def _descend(self, loss: Tensor) -> None:
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._agent.parameters(), 1.0)
        self._optimiser.step()


def with_exploration_std(learner: DaggerLearner) -> PolicyNetworks:
    """The networks as PPO takes them over: with a spread to explore by."""
    networks = learner.latest
    log_std = np.full_like(networks.log_std, np.log(EXPLORATION_STD))
    return PolicyNetworks(
        networks.policy, networks.value, log_std, networks.observation_mean, networks.observation_std
    )
