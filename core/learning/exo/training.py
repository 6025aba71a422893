"""Training of a personalized exo controller on a twin by PPO; the best controller is kept; resumable."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.domain.arrays import Float32Array
from core.domain.controller import ExoController
from core.domain.twin import GaitPolicy, LearningCurve, Network
from core.exo_core.numpy_runtime import INPUTS
from core.learning.exo.effort import WalkMeasure, measure_walk
from core.learning.exo.environment import (
    OBSERVATION,
    TRAINING_FAULTS,
    Baseline,
    ExoEnvironment,
    perturbed_walkers,
    walkers_of,
    worn_by,
)
from core.learning.exo.worn_controller import PERFECT_SENSORS, SIZES, WalkingPolicy, WornExo, exo_controller
from core.learning.rl.checkpoint import pack, unpack
from core.learning.rl.learning_curves import curve_row, curves_of
from core.learning.rl.networks import ActorCritic, load_layers, perceptron, to_network
from core.learning.rl.ppo import Ppo, PpoSettings, annealed
from core.learning.rl.rollout_collector import Normaliser
from core.learning.rl.training_loop import train_until
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.tracking_rewards import SIMILARITY

WALKERS = 128
EVALUATION_WALKERS = 32  # that evaluate a controller
EVALUATION_S = 5.0  # each: 2.1 simulated minutes without the first second
EVALUATE_EVERY_S = 25.0
FALL_WEIGHT = 0.02  # one fall per minute outweighs 2 percent of effort
_LOG_STD = -2.5  # policy std 0.08 rad, 4 N m: explores without disturbing the gait
_RATES = (2e-5, 1e-3)  # learning rates; the upper one falls with time to a tenth
_CRITIC_ITERATIONS = 6  # the value network alone learns at first: the controller is trained already
_SMOOTH_ITERATIONS = 10  # reported numbers are means over 6 s of walking
_VALUE_HIDDEN = (128, 128)
# Names and units are stored with the controller.
CURVES = {"effort_ratio": "share", "falls_per_minute": "1/min", "similarity": "share"}


@dataclass(frozen=True, slots=True)
class ExoProgress:
    """Progress of training: means over the last iterations, with exploration noise."""

    elapsed_s: float  # wall time over all runs
    control_steps: int
    effort_ratio: float
    falls_per_minute: float
    similarity: float
    reward: float


@dataclass(frozen=True, slots=True)
class ControllerScore:
    """Evaluation of one controller by its mean action."""

    effort_ratio: float  # all joints, against the same walk without the exo
    hip_effort_ratio: float
    measure: WalkMeasure

    @property
    def cost(self) -> float:
        """Smaller is better: effort and falls."""
        return self.effort_ratio + FALL_WEIGHT * self.measure.falls_per_minute


class ControllerEvaluator:
    """Compares controllers on the same walks of one person."""

    def __init__(
        self,
        policy: GaitPolicy,
        device_id: str,
        *,
        seed: int,
        walkers: int | None = None,
        seconds: float | None = None,
        threads: int = 2,
    ) -> None:
        self._policy = policy
        self._device_id = device_id
        self._walking = WalkingPolicy(PolicyNetworks.from_policy(policy))
        self._seed, self._threads = seed, threads
        self._walkers, self._seconds = walkers or EVALUATION_WALKERS, seconds or EVALUATION_S
        self.without_exo = self._walk(None, None)

    @property
    def baseline(self) -> Baseline:
        return Baseline(self.without_exo.effort, self.without_exo.hip_effort)

    def held_out(self) -> ControllerEvaluator:
        """An evaluator with other starts and twice the time; its baseline is measured there too."""
        return ControllerEvaluator(
            self._policy, self._device_id, seed=self._seed + 1, walkers=self._walkers,
            seconds=2.0 * self._seconds, threads=self._threads,
        )  # fmt: skip

    def evaluate(self, controller: ExoController | None) -> ControllerScore:
        """Score a controller; None is the exo worn without torque."""
        measure = self._walk(self._device_id, controller)
        return ControllerScore(
            measure.effort / self.without_exo.effort,
            measure.hip_effort / self.without_exo.hip_effort,
            measure,
        )

    def _walk(self, device_id: str | None, controller: ExoController | None) -> WalkMeasure:
        walkers = walkers_of(self._policy.body, self._policy.reference, device_id, self._walkers)
        environment = WalkingEnvironment(walkers, seed=self._seed, threads=self._threads)
        exo = None if controller is None else WornExo(controller, environment, faults=PERFECT_SENSORS)
        return measure_walk(environment, self._walking, exo, self._seconds)


class ExoAgent(ActorCritic):
    """An asymmetric actor-critic: the controller has its 16 inputs, the value network privileged ones too."""

    def __init__(self) -> None:
        super().__init__(OBSERVATION, SIZES[-1], hidden=_VALUE_HIDDEN, activation="relu", log_std=_LOG_STD)
        self.policy = nn.Sequential(_ControllerInputs(), *perceptron(SIZES, "relu"))

    def network(self) -> Network:
        return to_network(self.policy, "relu")

    def load_controller(self, network: Network) -> None:
        """Start from a trained controller. Raises ValueError when its sizes differ."""
        load_layers(self.policy, network)

    def act(self, inputs: Float32Array) -> Float32Array:
        """Joint targets (N, 2) for inputs (N, 16), without noise."""
        with torch.no_grad():
            target: Float32Array = self.policy(torch.from_numpy(inputs)).numpy()
        return target

    def freeze_controller(self, frozen: bool) -> None:
        """While frozen, only the value network learns."""
        for parameter in (*self.policy.parameters(), self.log_std):
            parameter.requires_grad_(not frozen)


class _ControllerInputs(nn.Module):
    """Passes on the controller's own inputs, the first of an observation."""

    def forward(self, observation: Tensor) -> Tensor:
        return observation[..., :INPUTS]


class ExoLearner:
    """Trains a controller to assist one person's twin. `start` also gives the torque limits.

    The learning rate is annealed over `budget_s` of wall time, over all runs.
    """

    def __init__(
        self,
        policy: GaitPolicy,
        device_id: str,
        start: ExoController,
        *,
        seed: int = 0,
        budget_s: float = math.inf,
        walker_count: int = WALKERS,
        evaluator: ControllerEvaluator | None = None,
    ) -> None:
        torch.manual_seed(seed)
        self.limits, self.budget_s = start.limits, budget_s
        self.evaluator = evaluator or ControllerEvaluator(policy, device_id, seed=seed + 1)
        self._agent = ExoAgent()
        self._agent.load_controller(start.network)
        walkers = perturbed_walkers(policy.body, policy.reference, device_id, walker_count, seed)
        self._walking = WalkingEnvironment(walkers, seed=seed)
        self._walking.stagger_episodes(seed)
        exo = worn_by(self._walking, start, self._agent.act, TRAINING_FAULTS, seed)
        walking = WalkingPolicy(PolicyNetworks.from_policy(policy))
        self._environment = ExoEnvironment(self._walking, walking, exo, self.evaluator.baseline)
        self._ppo = Ppo(
            self._environment, self._agent, _normaliser(policy), seed=seed, learn_normaliser=False,
            settings=PpoSettings(entropy=0.0, learning_rate_range=_RATES),
        )  # fmt: skip
        self._iterations = 0
        self._history: list[tuple[float, ...]] = []
        self._recent: deque[tuple[float, float, float]] = deque(maxlen=_SMOOTH_ITERATIONS)
        self._best = start
        self.best_score: ControllerScore | None = None
        self.elapsed_s = self._evaluated_s = 0.0

    @property
    def best(self) -> ExoController:
        """The best evaluated controller; the one that training started from until then."""
        return self._best

    @property
    def control_steps(self) -> int:
        return self._ppo.steps

    @property
    def environment(self) -> WalkingEnvironment:
        """The environment of the training walkers, for a live view."""
        return self._walking

    def latest(self) -> ExoController:
        return exo_controller(self._agent.network(), self.limits)

    def learn_iteration(self, clock: Callable[[], float]) -> ExoProgress:
        """Collect a rollout and update the networks; evaluate the controller every EVALUATE_EVERY_S."""
        self._anneal_learning_rate(self.elapsed_s / self.budget_s)
        progress = self._update(clock)
        if self.elapsed_s - self._evaluated_s >= EVALUATE_EVERY_S:
            self.evaluate_latest(clock)
        return progress

    def _update(self, clock: Callable[[], float]) -> ExoProgress:
        started = clock()
        self._agent.freeze_controller(self._iterations < _CRITIC_ITERATIONS)
        stats = self._ppo.learn_iteration()
        self._iterations += 1
        minutes = self._ppo.settings.horizon * self._environment.size * CONTROL_STEP_S / 60.0
        self._recent.append(
            (stats.reward_terms["effort"], stats.terminations / minutes, stats.reward_terms[SIMILARITY])
        )
        self.elapsed_s += clock() - started
        effort, falls, similarity = (float(value) for value in np.mean(self._recent, axis=0))
        progress = ExoProgress(self.elapsed_s, self._ppo.steps, effort, falls, similarity, stats.reward)
        self._history.append(curve_row(progress, CURVES))
        return progress

    def _anneal_learning_rate(self, spent: float) -> None:
        """Lower the largest learning rate with the fraction of the time that is `spent` (0..1)."""
        self._ppo.settings = annealed(self._ppo.settings, _RATES, spent)

    def evaluate_latest(self, clock: Callable[[], float]) -> ControllerScore:
        """Score the latest controller and keep it if it is the best."""
        started = clock()
        latest = self.latest()
        score = self.evaluator.evaluate(latest)
        if self.best_score is None or score.cost < self.best_score.cost:
            self._best, self.best_score = latest, score
        self.elapsed_s += clock() - started
        self._evaluated_s = self.elapsed_s
        return score

    def final_score(self) -> ControllerScore:
        """The score of the best controller on held-out walks, which did not select it."""
        return self.evaluator.held_out().evaluate(self._best)

    def curves(self) -> tuple[LearningCurve, ...]:
        return curves_of(self._history, CURVES)

    def save_checkpoint(self) -> bytes:
        """The state that the next run resumes from; the walkers start new episodes.

        Stored checkpoints fix the keys: "learner" is the state of PPO, "rounds" are the iterations.
        """
        best = {f"w{i}": torch.from_numpy(w.copy()) for i, w in enumerate(self._best.network.weights)}
        best |= {f"b{i}": torch.from_numpy(b.copy()) for i, b in enumerate(self._best.network.biases)}
        return pack(
            {
                "learner": self._ppo.state_dict(),
                "rounds": self._iterations,
                "elapsed_s": self.elapsed_s,
                "history": torch.tensor(self._history, dtype=torch.float64),
                "best": best,
            }
        )

    def load_checkpoint(self, checkpoint: bytes) -> None:
        """Continue from `checkpoint`. Raises RuntimeError when it is not a checkpoint of this learner."""
        content = unpack(checkpoint)
        self._ppo.load_state_dict(content["learner"])
        self._iterations = content["rounds"]
        self.elapsed_s = self._evaluated_s = content["elapsed_s"]
        self._history = [tuple(row) for row in content["history"].tolist()]
        best, layers = content["best"], range(len(SIZES) - 1)
        network = Network(
            tuple(best[f"w{layer}"].numpy() for layer in layers),
            tuple(best[f"b{layer}"].numpy() for layer in layers),
            "relu",
        )
        self._best = exo_controller(network, self.limits)
        self.best_score = self.evaluator.evaluate(self._best)


def learn_exo(
    learner: ExoLearner,
    *,
    clock: Callable[[], float],
    watch: Callable[[ExoProgress], None],
    save: Callable[[bytes], None],
) -> None:
    """Train until the learner's budget is used; the start is evaluated too, so the best is never worse."""
    if learner.best_score is None:
        learner.evaluate_latest(clock)
    train_until(learner, budget_s=learner.budget_s, clock=clock, watch=watch, save=save)
    learner.evaluate_latest(clock)


def _normaliser(policy: GaitPolicy) -> Normaliser:
    """The controller's inputs unscaled, the body's observation normalised as for the walking policy."""
    mean, deviation = np.zeros(OBSERVATION), np.ones(OBSERVATION)
    body = slice(INPUTS, INPUTS + OBSERVATION_SIZE)
    mean[body], deviation[body] = policy.observation_mean, policy.observation_std
    return Normaliser(mean, deviation**2)
