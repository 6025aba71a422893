"""Training of a personalized exo controller on a twin: offline on recorded walks, then by PPO; resumable.

It counts steps, not seconds: the same seed and the same plan give the same controller on a busy PC.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.domain.arrays import Float32Array
from core.domain.controller import Aim, ExoController
from core.domain.twin import LearningCurve, Network
from core.domain.walk_measures import WalkMeasures, WalkRatios
from core.exo_core.numpy_runtime import INPUTS
from core.learning.exo.aims import AimWeights, weights_of
from core.learning.exo.environment import (
    LEARNING_FAULTS,
    OBSERVATION,
    ExoEnvironment,
    ExoReward,
    PricedCost,
    randomised_walkers,
)
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.lesson_scores import LessonEvaluators, LessonScore
from core.learning.exo.lessons import OWN_FRACTION, LessonPlan
from core.learning.exo.sided_help import SYMMETRY_WEIGHT, SidedHelp
from core.learning.exo.study import Study
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.wear_and_tear import disturbed_walkers
from core.learning.exo.worn_controller import SIZES, WornExo, exo_controller
from core.learning.rl.checkpoint import pack, to_arrays, to_tensors, unpack
from core.learning.rl.learning_curves import curve_row, curves_of
from core.learning.rl.networks import ActorCritic, load_layers, perceptron, to_network
from core.learning.rl.ppo import Ppo, PpoSettings, annealed
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.tracking_rewards import SIMILARITY
from core.twin.body import Fidelity

WALKERS = {Fidelity.FAST: 256, Fidelity.STANDARD: 128}  # muscles cost more memory and time
ENVIRONMENTS = 2  # that step at the same time; the same on every PC, so that a seed gives the same result
EVALUATE_EVERY = 15  # iterations of PPO
FALL_WEIGHT = 0.02  # one fall per minute outweighs 2 percent of cost
LEAST_SPEED_RATIO = 0.98  # a walk that the exo makes slower than this is not what the person wanted
_NEGATIVE_WEIGHT = 0.5  # of more negative work than the aim allows
_SLOWER_WEIGHT = 3.0  # of speed lost beyond that
_LOG_STD = -2.5  # policy std 0.08 rad, 4 N m: explores without disturbing the gait
_RATES = (2e-5, 1e-3)  # learning rates; the upper one falls with the iterations to a tenth
CRITIC_ITERATIONS = 6  # the value network alone learns at first: the controller is trained already
_SMOOTH_ITERATIONS = 10  # reported numbers are means over 6 s of walking
_VALUE_HIDDEN = (128, 128)
# Names and units are stored with the controller.
CURVES = {
    "metabolic_ratio": "share",
    "activation_ratio": "share",
    "falls_per_minute": "1/min",
    "similarity": "share",
}


@dataclass(frozen=True, slots=True)
class ExoProgress:
    """Progress of PPO: means over the last iterations, by the surrogate and with exploration noise."""

    elapsed_s: float  # wall time over all runs
    iterations: int
    control_steps: int
    metabolic_ratio: float  # mean of both models, all lessons, against the same walks without the exo
    activation_ratio: float
    falls_per_minute: float
    similarity: float
    reward: float


@dataclass(frozen=True, slots=True, eq=False)
class ControllerScore:
    """Exact evaluation of one controller on the person's own walk, and in the other lessons."""

    measures: WalkMeasures
    ratios: WalkRatios  # to the same walks without the exo, per metre
    aim: Aim | AimWeights
    others: tuple[LessonScore, ...] = ()  # the other lessons
    sided_activation: float | None = None  # ratio, by what each leg counts; None where they are alike
    asymmetry: float = 0.0  # what unequal steps and loads count

    @property
    def cost(self) -> float:
        """Smaller is better: the own walk's cost and those of the other lessons, weighed as in training.

        What is worse in a lesson than without the exo counts on top: one gait must not pay for another.
        """
        walks, ratios = self.measures, self.ratios
        own = self.asymmetry + _cost(
            walks, ratios, walks.falls_per_minute, self.aim, activation=self.sided_activation
        )
        if not self.others:
            return own
        costs = [_cost(one.measures, one.ratios, one.more_falls, self.aim) for one in self.others]
        worse = [max(float(one.ratios.metabolic.mean(axis=0).max()) - 1.0, 0.0) for one in self.others]
        return OWN_FRACTION * own + (1.0 - OWN_FRACTION) * float(np.mean(costs) + np.mean(worse))

    @property
    def metabolic_ratio(self) -> float:
        return self.ratios.metabolic_of_both.mean


def _cost(
    walks: WalkMeasures,
    ratios: WalkRatios,
    falls_per_minute: float,
    aim: Aim | AimWeights,
    *,
    activation: float | None = None,
) -> float:
    """Muscles and energy per metre, falls, a slower walk, work against the leg.

    `activation` stands in for the ratio of the mean over both legs.
    """
    weights, metabolic = weights_of(aim), ratios.metabolic_of_both.mean
    activation = float(ratios.activation.mean()) if activation is None else activation
    braking = float(walks.negative_work_fraction.mean()) - weights.most_negative_work
    slower = LEAST_SPEED_RATIO - float(ratios.speed.mean())
    return (
        weights.activation * activation
        + (1.0 - weights.activation) * metabolic
        + FALL_WEIGHT * falls_per_minute
        + _NEGATIVE_WEIGHT * max(braking, 0.0)
        + _SLOWER_WEIGHT * max(slower, 0.0)
    )


class BestController:
    """Scores controllers by exact measures of the same walks, and keeps the best."""

    def __init__(
        self,
        evaluator: WalkEvaluator,
        aim: Aim | AimWeights,
        lessons: LessonEvaluators | None = None,
        sided: SidedHelp | None = None,
    ) -> None:
        """`lessons` beyond the own walk of `evaluator`; without them that alone decides, which is quicker.

        `sided` is that of the study, for legs that are impaired unequally.
        """
        self.evaluator, self._aim, self._lessons, self._sided = evaluator, aim, lessons, sided
        self.controller: ExoController | None = None
        self.cost = float("inf")

    def consider(self, controller: ExoController) -> ControllerScore:
        """Score a controller, and keep it if it is the best so far, or the first."""
        measures = self.evaluator.worn(controller)
        ratios = WalkRatios.between(measures, self.evaluator.without_exo, per_metre=True)
        score = self._score(measures, ratios, () if self._lessons is None else self._lessons.worn(controller))
        if self.controller is None or score.cost < self.cost:
            self.controller, self.cost = controller, score.cost
        return score

    def _score(
        self, measures: WalkMeasures, ratios: WalkRatios, others: tuple[LessonScore, ...]
    ) -> ControllerScore:
        sided, without = self._sided, self.evaluator.without_exo
        if sided is None:
            return ControllerScore(measures, ratios, self._aim, others)
        speed = float(ratios.speed.mean())
        activation = sided.activation_ratio(measures, without) / speed  # per metre
        asymmetry = SYMMETRY_WEIGHT * sided.asymmetry_ratio(measures, without)
        return ControllerScore(measures, ratios, self._aim, others, activation, asymmetry)


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
    """Improves a controller for one person's twin by PPO, in all lessons of the study."""

    def __init__(
        self,
        twin: TwinInExo,
        study: Study,
        start: ExoController,
        aim: Aim | AimWeights,
        *,
        seed: int,
        best: BestController,
        walker_count: int | None = None,
    ) -> None:
        """`best` may know controllers of the offline stage already; `start` also gives the torque limits."""
        walker_count = walker_count or WALKERS[twin.fidelity]
        torch.manual_seed(seed)
        self.limits, self.best, self._joint = start.limits, best, start.joint
        self._agent = ExoAgent()
        self._agent.load_controller(start.network)
        self.environments = exo_environments(twin, study, start, aim, self._agent, walker_count, seed)
        self._ppo = Ppo(
            self.environments, self._agent, privileged_normaliser(twin), seed=seed, learn_normaliser=False,
            settings=PpoSettings(entropy=0.0, learning_rate_range=_RATES),
        )  # fmt: skip
        self.iterations = 0
        self._sided = study.sided
        self._history: list[tuple[float, ...]] = []
        self._recent: deque[tuple[float, ...]] = deque(maxlen=_SMOOTH_ITERATIONS)
        self._minutes = PpoSettings().horizon * walker_count * CONTROL_STEP_S / 60.0  # of one iteration
        self.elapsed_s = 0.0

    @property
    def control_steps(self) -> int:
        return self._ppo.steps

    @property
    def settings(self) -> PpoSettings:
        return self._ppo.settings

    def latest(self) -> ExoController:
        return exo_controller(self._agent.network(), self.limits, self._joint)

    def consider_latest(self) -> None:
        """Score what was learned since the last score, at the end of a training."""
        if self.iterations > CRITIC_ITERATIONS and self.iterations % EVALUATE_EVERY:
            self.best.consider(self.latest())

    def learn_iteration(self, clock: Callable[[], float], spent: float) -> ExoProgress:
        """Collect a rollout and update the networks; score the controller every EVALUATE_EVERY iterations.

        `spent` (0..1) is the part of the planned iterations that is over: the learning rate falls with it.
        """
        started = clock()
        self._ppo.settings = annealed(self._ppo.settings, _RATES, spent)
        self._agent.freeze_controller(self.iterations < CRITIC_ITERATIONS)
        stats = self._ppo.learn_iteration()
        self.iterations += 1
        terms = stats.reward_terms
        self._recent.append(
            (terms["metabolic"], terms["activation"], stats.terminations / self._minutes, terms[SIMILARITY])
        )
        if self.iterations % EVALUATE_EVERY == 0:
            self.best.consider(self.latest())
        self.elapsed_s += clock() - started
        metabolic, activation, falls, similarity = (float(mean) for mean in np.mean(self._recent, axis=0))
        progress = ExoProgress(
            self.elapsed_s,
            self.iterations,
            self._ppo.steps,
            metabolic,
            activation,
            falls,
            similarity,
            stats.reward,
        )
        self._history.append(curve_row(progress, CURVES))
        return progress

    def curves(self) -> tuple[LearningCurve, ...]:
        return curves_of(self._history, CURVES)

    def save_checkpoint(self) -> bytes:
        """All that changes: the next run continues exactly here."""
        assert self.best.controller is not None
        best = dict(_layers_of(self.best.controller.network))
        return pack(
            {
                "learner": self._ppo.state_dict(),
                "environments": [to_tensors(one.state_dict()) for one in self.environments],
                "iterations": self.iterations,
                "elapsed_s": self.elapsed_s,
                "history": torch.tensor(self._history, dtype=torch.float64),
                "recent": torch.tensor(list(self._recent), dtype=torch.float64),
                "best": to_tensors(best),
                "best_cost": self.best.cost,
                "lean": 0.0 if self._sided is None else self._sided.lean,
            }
        )

    def load_checkpoint(self, checkpoint: bytes) -> None:
        """Continue from `checkpoint`. Raises RuntimeError or KeyError when it is not one of this learner."""
        content = unpack(checkpoint)
        self._ppo.load_state_dict(content["learner"])
        for environment, state in zip(self.environments, content["environments"], strict=True):
            environment.load_state_dict(to_arrays(state))
        self.iterations, self.elapsed_s = content["iterations"], content["elapsed_s"]
        self._history = [tuple(row) for row in content["history"].tolist()]
        self._recent.extend(tuple(row) for row in content["recent"].tolist())
        self.best.controller = exo_controller(
            _network_of(to_arrays(content["best"])), self.limits, self._joint
        )
        self.best.cost = content["best_cost"]
        self._lean(content.get("lean", 0.0))

    def _lean(self, lean: float) -> None:
        """Price torque as the offline stage did at its end."""
        if self._sided is not None:
            self._sided = dataclasses.replace(self._sided, lean=lean)
            for environment in self.environments:
                environment.price_torque(self._sided)


def check_checkpoint(checkpoint: bytes) -> None:
    """Raises RuntimeError, UnpicklingError or KeyError for what no learner of this version has saved."""
    content = unpack(checkpoint)
    for name in ("learner", "environments", "best_cost"):
        content[name]


def _layers_of(network: Network) -> Iterator[tuple[str, Float32Array]]:
    """Weights and biases by name, as checkpoints hold them."""
    for number, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        yield f"w{number}", weight
        yield f"b{number}", bias


def _network_of(arrays: dict[str, np.ndarray]) -> Network:
    layers = range(len(SIZES) - 1)
    return Network(tuple(arrays[f"w{n}"] for n in layers), tuple(arrays[f"b{n}"] for n in layers), "relu")


def exo_environments(
    twin: TwinInExo,
    study: Study,
    start: ExoController,
    aim: Aim | AimWeights,
    agent: ExoAgent,
    walker_count: int,
    seed: int,
) -> list[ExoEnvironment]:
    """The walkers of all lessons, dealt out to environments that step side by side."""
    plan = LessonPlan.of(study.lessons, walker_count)
    random = np.random.default_rng(seed)
    own = [twin.walker(study.lessons[number], worn=True) for number in plan.number]
    walkers = disturbed_walkers(randomised_walkers(own, twin.device_id, random), random)
    lesson, environments = np.array(plan.number), []
    for number in range(ENVIRONMENTS):
        rows = slice(number, None, ENVIRONMENTS)
        own_seed = seed + 1000 * number
        walking = twin.environment(walkers[rows], seed=own_seed, threads=1)
        walking.stagger_episodes(own_seed)
        exo = WornExo(start, walking, faults=LEARNING_FAULTS, seed=own_seed)
        exo.act = agent.act
        cost = PricedCost(
            study.surrogate,
            study.without_exo[lesson[rows]],
            study.speed_m_s[lesson[rows]],
            np.array(weights_of(aim).costs),
            study.sided,
        )
        reward = ExoReward(braking=weights_of(aim).braking)
        environments.append(ExoEnvironment(walking, twin.walking, exo, cost, reward))
    return environments


def privileged_normaliser(twin: TwinInExo) -> Normaliser:
    """The controller's inputs unscaled, the body's observation normalised as for the walking policy."""
    mean, deviation = np.zeros(OBSERVATION), np.ones(OBSERVATION)
    body = slice(INPUTS, INPUTS + OBSERVATION_SIZE)
    mean[body], deviation[body] = twin.policy.observation_mean, twin.policy.observation_std
    return Normaliser(mean, deviation**2)
