"""Fine-tuning: a controller goes on learning offline, near to what it was, on walks of a changed twin.

Work against the leg gets dearer from round to round; a judge of the rounds keeps the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch

from core.domain.controller import Aim, ExoController
from core.domain.walk_measures import WalkMeasures
from core.learning.exo.aims import AIMS
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.lesson_walks import record_lessons
from core.learning.exo.lessons import LessonPlan, on_stairs
from core.learning.exo.offline import OfflineTrainer
from core.learning.exo.study import SECONDS, WALKERS, Study
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import SIZES, WornExo, exo_controller
from core.learning.rl.networks import load_layers, perceptron, to_network

STEPS = 300  # gradient steps of a round
PRICES = (1.0, 3.0, 9.0)  # of work against the leg in each round, times that of the aim
_RATE = 0.5  # of the learning rate of a training: the controller is trained already
_CHEAPER = 0.999  # of the cost before: walks that chose a controller flatter it by about a thousandth


class FineTuning(Iterator[ExoController]):
    """The controller after every round; between rounds walks with it are recorded."""

    def __init__(
        self,
        twin: TwinInExo,
        study: Study,
        start: ExoController,
        aim: Aim,
        *,
        seed: int,
        most_nm: float,
        walkers: int | None = None,
    ) -> None:
        """Torque that differs by more than `most_nm` from that of `start` is priced."""
        torch.manual_seed(seed)
        self._start, self._twin, self._seed = start, twin, seed
        self._network, before = perceptron(SIZES, "relu"), perceptron(SIZES, "relu")
        for network in (self._network, before):
            load_layers(network, start.network)
        self._braking = AIMS[aim].offline_braking
        self._trainer = OfflineTrainer(self._network, start.limits, seed=seed, joint=twin.exo_joint)
        self._trainer.stay_near(before, most_nm)
        self._trainer.sided = study.sided
        self._trainer.add_person(
            study.surrogate, study.price(aim), symmetric=False, left_out=on_stairs(study.lessons)
        )
        for walks in study.walks:
            self._trainer.add_walks(walks)
        self._plan = LessonPlan.of(study.lessons, walkers or WALKERS)
        self._rounds = self._train(PRICES)

    def __next__(self) -> ExoController:
        return next(self._rounds)

    def _train(self, prices: Sequence[float]) -> Iterator[ExoController]:
        controller = self._start
        for number, price in enumerate(prices):
            self._walk(controller, self._seed + 10 + number)
            self._trainer.settings = replace(self._trainer.settings, braking_price=price * self._braking)
            self._trainer.train(STEPS, rate=_RATE)
            network = to_network(self._network, "relu")
            controller = exo_controller(network, self._start.limits, self._twin.exo_joint)
            yield controller

    def _walk(self, controller: ExoController, seed: int) -> None:
        walks = record_lessons(
            self._twin,
            self._plan,
            partial(WornExo, controller),
            worn=True,
            seed=seed,
            seconds=SECONDS,
            priced=False,
        )
        self._trainer.add_walks(walks)


class LeastAgainst:
    """Keeps the controller with the least work against the leg of those that cost and fall no more."""

    def __init__(self, evaluator: WalkEvaluator, start: ExoController) -> None:
        self._evaluator = evaluator
        self._before = evaluator.worn(start)
        self.controller, self.against = start, _against(self._before)

    def consider(self, controller: ExoController) -> float:
        """Measure a controller, keep it if it is the best; returns its share of work against the leg."""
        walks, before = self._evaluator.worn(controller), self._before
        no_dearer = _cost(walks) <= _CHEAPER * _cost(before) and walks.falls <= before.falls
        if no_dearer and _against(walks) < self.against:
            self.controller, self.against = controller, _against(walks)
        return _against(walks)


def _against(walks: WalkMeasures) -> float:
    return float(walks.negative_work_fraction.mean())


def _cost(walks: WalkMeasures) -> float:
    """Per metre, the mean of both models."""
    return float(walks.metabolic_j_kg_m.mean())
