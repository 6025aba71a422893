"""Training of a personal exo controller against the twin's walking policy, the best one kept, resumable."""

from __future__ import annotations

import dataclasses
import io
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
from core.learning.rl.networks import ActorCritic, perceptron, to_network
from core.learning.rl.ppo import Ppo, PpoSettings
from core.learning.rl.rollout_collector import Normaliser
from core.learning.rl.training_loop import train_until
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.tracking_rewards import SIMILARITY

WALKERS = 128
EVALUATION_WALKERS = 32  # walkers who judge a controller
EVALUATION_S = 5.0  # of walking each: 2.5 simulated minutes without the settling second
EVALUATE_EVERY_S = 25.0
FALL_WEIGHT = 0.02  # one fall per minute outweighs 2 percent of effort
_LOG_STD = -2.5  # 0.08 rad, 4 N m: explores without shaking the person
_RATES = (2e-5, 1e-3)  # learning rates; the upper one falls with time to a tenth
_CRITIC_ITERATIONS = 6  # the value network finds its feet before the warm controller may change
_SMOOTH_ITERATIONS = 10  # 6 s of walking: what is shown does not flicker
_VALUE_HIDDEN = (128, 128)
CURVES = {"effort_ratio": "share", "falls_per_minute": "1/min", "similarity": "share"}


@dataclass(frozen=True, slots=True)
class ExoProgress:
    """Where training stands: the mean of the last rounds, with the noise of exploring."""

    elapsed_s: float  # wall time over all sittings
    control_steps: int
    effort_ratio: float
    falls_per_minute: float
    similarity: float
    reward: float


@dataclass(frozen=True, slots=True)
class ControllerScore:
    """One controller, judged without exploring."""

    effort_ratio: float  # all joints, against the same walk without the exo
    hip_effort_ratio: float
    measure: WalkMeasure

    @property
    def cost(self) -> float:
        """Smaller is better."""
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
        """The same judge with other starts and twice the time; its baseline is measured there too."""
        return ControllerEvaluator(
            self._policy, self._device_id, seed=self._seed + 1, walkers=self._walkers,
            seconds=2.0 * self._seconds, threads=self._threads,
        )  # fmt: skip

    def evaluate(self, controller: ExoController | None) -> ControllerScore:
        """Judge a controller; None is the exo worn without torque."""
        measure = self._walk(self._device_id, controller)
        return ControllerScore(
            measure.effort / self.without_exo.effort,
            measure.hip_effort / self.without_exo.hip_effort,
            measure,
        )

    def _walk(self, device_id: str | None, controller: ExoController | None) -> WalkMeasure:
        training_population = walkers_of(self._policy.body, self._policy.reference, device_id, self._walkers)
        environment = WalkingEnvironment(training_population, seed=self._seed, threads=self._threads)
        exo = None if controller is None else WornExo(controller, environment, faults=PERFECT_SENSORS)
        return measure_walk(environment, self._walking, exo, self._seconds)


class ExoAgent(ActorCritic):
    """The controller decides from its own 16 inputs; the value network sees what only simulation knows."""

    def __init__(self) -> None:
        super().__init__(OBSERVATION, SIZES[-1], hidden=_VALUE_HIDDEN, activation="relu", log_std=_LOG_STD)
        self.policy = nn.Sequential(_OwnInputs(), *perceptron(SIZES, "relu"))

    def network(self) -> Network:
        return to_network(self.policy, "relu")

    def warm(self, network: Network) -> None:
        """Start from a trained controller. Raises ValueError on other sizes."""
        if network.sizes != SIZES:
            raise ValueError(f"expected a controller of sizes {SIZES}, got {network.sizes}")
        linear = [layer for layer in self.policy if isinstance(layer, nn.Linear)]
        with torch.no_grad():
            for layer, weight, bias in zip(linear, network.weights, network.biases, strict=True):
                layer.weight.copy_(torch.from_numpy(weight.copy()))
                layer.bias.copy_(torch.from_numpy(bias.copy()))

    def decide(self, inputs: Float32Array) -> Float32Array:
        with torch.no_grad():
            target: Float32Array = self.policy(torch.from_numpy(inputs)).numpy()
        return target

    def hold_controller(self, held: bool) -> None:
        """While held, only the value network learns."""
        for parameter in (*self.policy.parameters(), self.log_std):
            parameter.requires_grad_(not held)


class _OwnInputs(nn.Module):
    def forward(self, observation: Tensor) -> Tensor:
        return observation[..., :INPUTS]


class ExoLearner:
    """A controller that learns to assist one person's twin. `start` also gives the limits.

    The steps of learning get smaller towards `budget_s` of wall time over all sittings.
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
        self._agent.warm(start.network)
        walkers = perturbed_walkers(policy.body, policy.reference, device_id, walker_count, seed)
        self._walking = WalkingEnvironment(walkers, seed=seed)
        self._walking.stagger_episodes(seed)
        exo = worn_by(self._walking, start, self._agent.decide, TRAINING_FAULTS, seed)
        walking = WalkingPolicy(PolicyNetworks.from_policy(policy))
        self._environment = ExoEnvironment(self._walking, walking, exo, self.evaluator.baseline)
        self._ppo = Ppo(
            self._environment, self._agent, _view(policy), seed=seed, learn_normaliser=False,
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
        """The best controller that was judged; the one it started from until then."""
        return self._best

    @property
    def control_steps(self) -> int:
        return self._ppo.steps

    @property
    def environment(self) -> WalkingEnvironment:
        """The walkers as they are now, to look at."""
        return self._walking

    def latest(self) -> ExoController:
        return exo_controller(self._agent.network(), self.limits)

    def learn_iteration(self, clock: Callable[[], float]) -> ExoProgress:
        """Walk one horizon with the exo, improve the controller by what happened, judge it now and then."""
        self._anneal_learning_rate(self.elapsed_s / self.budget_s)
        progress = self._improve(clock)
        if self.elapsed_s - self._evaluated_s >= EVALUATE_EVERY_S:
            self.evaluate_latest(clock)
        return progress

    def _improve(self, clock: Callable[[], float]) -> ExoProgress:
        started = clock()
        self._agent.hold_controller(self._iterations < _CRITIC_ITERATIONS)
        stats = self._ppo.learn_iteration()
        self._iterations += 1
        minutes = self._ppo.settings.horizon * self._environment.size * CONTROL_STEP_S / 60.0
        self._recent.append(
            (stats.reward_terms["effort"], stats.terminations / minutes, stats.reward_terms[SIMILARITY])
        )
        self.elapsed_s += clock() - started
        effort, falls, pose = (float(value) for value in np.mean(self._recent, axis=0))
        progress = ExoProgress(self.elapsed_s, self._ppo.steps, effort, falls, pose, stats.reward)
        self._history.append((progress.elapsed_s, *(getattr(progress, name) for name in CURVES)))
        return progress

    def _anneal_learning_rate(self, spent: float) -> None:
        """Learn in smaller steps the more of the time is `spent` (0..1), so that the end is steady."""
        fastest = _RATES[1] * (1.0 - 0.9 * min(1.0, spent))
        self._ppo.settings = dataclasses.replace(self._ppo.settings, learning_rate_range=(_RATES[0], fastest))

    def evaluate_latest(self, clock: Callable[[], float]) -> ControllerScore:
        """Judge the present controller and keep it if it is the best."""
        started = clock()
        latest = self.latest()
        score = self.evaluator.evaluate(latest)
        if self.best_score is None or score.cost < self.best_score.cost:
            self._best, self.best_score = latest, score
        self.elapsed_s += clock() - started
        self._evaluated_s = self.elapsed_s
        return score

    def final_score(self) -> ControllerScore:
        """The kept controller on walks that did not choose it."""
        return self.evaluator.held_out().evaluate(self._best)

    def curves(self) -> tuple[LearningCurve, ...]:
        history = np.array(self._history).reshape(-1, 1 + len(CURVES))
        return tuple(
            LearningCurve(name, unit, history[:, 0], history[:, column])
            for column, (name, unit) in enumerate(CURVES.items(), start=1)
        )

    def save_checkpoint(self) -> bytes:
        """What is needed to go on. The walkers themselves start anew: they only walk, the learner learns."""
        best = {f"w{i}": torch.from_numpy(w.copy()) for i, w in enumerate(self._best.network.weights)}
        best |= {f"b{i}": torch.from_numpy(b.copy()) for i, b in enumerate(self._best.network.biases)}
        content = {
            "learner": self._ppo.state_dict(),
            "rounds": self._iterations,
            "elapsed_s": self.elapsed_s,
            "history": torch.tensor(self._history, dtype=torch.float64),
            "best": best,
        }
        stream = io.BytesIO()
        torch.save(content, stream)
        return stream.getvalue()

    def load_checkpoint(self, checkpoint: bytes) -> None:
        """Continue from `checkpoint`. Raises RuntimeError when it is not a checkpoint of this learner."""
        content: dict[str, Any] = torch.load(io.BytesIO(checkpoint), weights_only=True)
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
    """Learn until the learner's budget is used; start and end are judged, so what is kept is never worse."""
    if learner.best_score is None:
        learner.evaluate_latest(clock)
    train_until(learner, budget_s=learner.budget_s, clock=clock, watch=watch, save=save)
    learner.evaluate_latest(clock)


def _view(policy: GaitPolicy) -> Normaliser:
    """The controller's inputs as they are, the body as its own policy sees it."""
    mean, deviation = np.zeros(OBSERVATION), np.ones(OBSERVATION)
    body = slice(INPUTS, INPUTS + OBSERVATION_SIZE)
    mean[body], deviation[body] = policy.observation_mean, policy.observation_std
    return Normaliser(mean, deviation**2)
