"""Warm start of a predictive policy by DAgger (Ross et al. 2011), with a tracking policy as the expert.

At first the expert acts for all walkers, then for fewer with every iteration and the learner for the others.
The expert labels every visited state with its own action, and the learner is fitted to the labels so far.
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
from core.learning.gait.demonstration import Demonstration, TrackingExpert
from core.learning.gait.policy_learner import networks_of
from core.learning.gait.predictive import (
    EXPLORATION_STD,
    fresh_agent,
)
from core.learning.gait.synergies import timing_of
from core.learning.rl.adam import Adam
from core.learning.rl.checkpoint import pack, to_arrays, to_tensors, unpack
from core.learning.rl.learning_curves import curve_row, curves_of
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.predictive import PredictiveEnvironment
from core.simulation.environment.synergy_action import actions_for

HORIZON = 25  # steps per iteration: half a second
DATASET_ITERATIONS = 60  # the latest ones are kept
GRADIENT_STEPS = 30  # per iteration
BATCH = 1024
EXPERT_HALVING_ITERATIONS = 6  # the fraction of walkers that the expert moves halves every so often
ACTION_NOISE_STD = 0.1  # of the executed actions, so that recoveries are labelled too
CURVES = {"walk_seconds": "s", "difference": "action", "reward": "per step"}
_LEARNING_RATE = 1e-3
_GAMMA, _GAE_LAMBDA = 0.99, 0.95  # as in PPO, whose value network is prepared here
_SWEEPS = 10


@dataclass(frozen=True, slots=True)
class DaggerProgress:
    """Numbers of one DAgger iteration."""

    iteration: int
    elapsed_s: float
    walk_seconds: float  # mean length of the last episodes, those of the expert included
    expert_fraction: float  # of the walkers reset in this iteration, those that the expert moves
    difference: float  # root mean square to the expert's actions, before the networks are fitted to them
    reward: float


class DaggerLearner:
    """Trains a policy to act like a tracking expert; the environment's walkers are those of the expert."""

    def __init__(
        self,
        environment: PredictiveEnvironment,
        expert: TrackingExpert,
        demonstration: Demonstration,
        *,
        seed: int = 0,
    ) -> None:
        self._environment, self._expert = environment, expert
        self._demonstrated_phase = demonstration.phase
        self._agent, self._normaliser = fresh_agent(environment, seed)
        self._optimiser = Adam(self._agent.parameters(), _LEARNING_RATE)
        self._random = torch.Generator().manual_seed(seed)
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._dataset: deque[tuple[Tensor, Tensor]] = deque(maxlen=DATASET_ITERATIONS)
        self._lengths: deque[float] = deque(maxlen=environment.size)
        self._history: list[tuple[float, ...]] = []
        self._expert_acts = np.ones(environment.size, dtype=np.bool_)  # (N,) walkers that the expert moves
        self._iterations = 0
        self.elapsed_s = 0.0
        self._expert.phase = self._demonstrated_phase[environment.origin].copy()

    def learn_iteration(self, clock: Callable[[], float]) -> DaggerProgress:
        """Collect a rollout with the expert's labels, and fit policy and value network."""
        started = clock()
        self._rng = np.random.default_rng((self._seed, self._iterations))
        expert_fraction = 0.5 ** (self._iterations / EXPERT_HALVING_ITERATIONS)
        observations, demonstrated, rewards, dones, last = self._collect(expert_fraction)
        if self._iterations < EXPERT_HALVING_ITERATIONS:
            self._normaliser.learn(observations.reshape(-1, observations.shape[-1]))
        difference = self._difference(observations, demonstrated)
        self._dataset.append(
            (torch.from_numpy(observations.reshape(-1, observations.shape[-1])), demonstrated.flatten(0, 1))
        )
        self._fit_policy()
        self._fit_value(observations, rewards, dones, last)
        self._iterations += 1
        self.elapsed_s += clock() - started
        lengths = float(np.mean(self._lengths)) if self._lengths else 0.0
        progress = DaggerProgress(
            self._iterations, self.elapsed_s, lengths, expert_fraction, difference, float(rewards.mean())
        )
        self._history.append(curve_row(progress, CURVES))
        return progress

    @property
    def latest(self) -> PolicyNetworks:
        return networks_of(self._agent, self._normaliser)

    def curves(self) -> tuple[LearningCurve, ...]:
        return curves_of(self._history, CURVES)

    def save_checkpoint(self) -> bytes:
        """Everything that is needed to resume exactly here. Stored checkpoints fix the keys: "memory" is the
        dataset, "led" are the walkers that the expert moves, "rounds" are the iterations.
        """
        return pack(
            {
                "agent": self._agent.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "random": self._random.get_state(),
                "normaliser": to_tensors(
                    {"mean": self._normaliser.mean, "variance": self._normaliser.variance}
                ),
                "count": self._normaliser.count,
                "memory": list(self._dataset),
                "lengths": list(self._lengths),
                "history": torch.tensor(self._history, dtype=torch.float64),
                "own": to_tensors({"led": self._expert_acts, "phase": self._expert.phase}),
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
        self._dataset = deque(content["memory"], maxlen=DATASET_ITERATIONS)
        self._lengths.extend(content["lengths"])
        self._history = [tuple(row) for row in content["history"].tolist()]
        own = to_arrays(content["own"])
        self._expert_acts, self._expert.phase = own["led"].copy(), own["phase"].copy()
        self._environment.load_state_dict(to_arrays(content["environment"]))
        self._iterations = content["rounds"]
        self.elapsed_s = content["elapsed_s"]

    # Steps of an iteration

    def _collect(self, expert_fraction: float) -> tuple[Float32Array, Tensor, Tensor, Tensor, Float32Array]:
        """Observations (T, N, O), expert actions (T, N, A), rewards, dones (T, N), the last observation."""
        environment = self._environment
        observations, demonstrated, rewards, dones = [], [], [], []
        for _ in range(HORIZON):
            observation = environment.observation()
            excitation = self._expert.excitation(environment.state, environment.sensor)
            timing = timing_of(excitation, environment.synergies, sweeps=_SWEEPS)
            expert_action = actions_for(excitation, environment.synergies, timing)
            action = np.where(self._expert_acts[:, None], expert_action, self._act(observation))
            step = environment.step(action + self._rng.normal(0.0, ACTION_NOISE_STD, action.shape))
            observations.append(observation)
            demonstrated.append(torch.from_numpy(expert_action.astype(np.float32)))
            rewards.append(torch.from_numpy(step.reward.astype(np.float32)))
            done = step.terminated | step.truncated
            dones.append(torch.from_numpy(done))
            self._restart_episodes(done, expert_fraction)
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

    def _restart_episodes(self, done: np.ndarray, expert_fraction: float) -> None:
        if not done.any():
            return
        environment = self._environment
        self._lengths.extend(environment.time_s[done].tolist())
        environment.reset(done)
        self._expert.phase[done] = self._demonstrated_phase[environment.origin[done]]
        self._expert_acts[done] = self._rng.random(int(done.sum())) < expert_fraction

    def _difference(self, observations: Float32Array, demonstrated: Tensor) -> float:
        with torch.no_grad():
            action = self._agent.policy(self._normaliser(observations.reshape(-1, observations.shape[-1])))
        return float(((action - demonstrated.flatten(0, 1)) ** 2).mean().sqrt())

    def _fit_policy(self) -> None:
        """Gradient steps on random samples of the dataset."""
        observations, actions = (torch.cat(parts) for parts in zip(*self._dataset, strict=True))
        for _ in range(GRADIENT_STEPS):
            rows = torch.randint(len(observations), (BATCH,), generator=self._random)
            error = self._agent.policy(self._normaliser(observations[rows].numpy())) - actions[rows]
            self._gradient_step(nn.functional.huber_loss(error, torch.zeros_like(error)))

    def _fit_value(
        self, observations: Float32Array, rewards: Tensor, dones: Tensor, last: Float32Array
    ) -> None:
        """Fit the value network to the returns of this iteration (TD(lambda)), for PPO to start from."""
        inputs = [self._normaliser(observation) for observation in (*observations, last)]
        with torch.no_grad():
            values = torch.stack([self._agent.value_of(observation) for observation in inputs])
        return_, targets = values[-1], []
        for step in reversed(range(len(rewards))):
            bootstrap = (1 - _GAE_LAMBDA) * values[step + 1] + _GAE_LAMBDA * return_
            return_ = rewards[step] + _GAMMA * torch.where(
                dones[step], torch.zeros_like(bootstrap), bootstrap
            )
            targets.append(return_)
        target, observation = torch.cat(targets[::-1]), torch.cat(inputs[:-1])
        for _ in range(GRADIENT_STEPS // 3):
            self._gradient_step(0.1 * ((self._agent.value_of(observation) - target) ** 2).mean())

    def _gradient_step(self, loss: Tensor) -> None:
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._agent.parameters(), 1.0)
        self._optimiser.step()


def with_exploration_std(learner: DaggerLearner) -> PolicyNetworks:
    """The networks for PPO to start from: with the policy std that it explores with."""
    networks = learner.latest
    log_std = np.full_like(networks.log_std, np.log(EXPLORATION_STD))
    return PolicyNetworks(
        networks.policy, networks.value, log_std, networks.observation_mean, networks.observation_std
    )
