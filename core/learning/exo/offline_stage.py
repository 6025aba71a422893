"""The offline stage of a training: rounds of gradient steps, and of walks with what was learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch

from core.domain.controller import Aim, ExoController, TorqueLimits
from core.learning.exo.aims import AimWeights, weights_of
from core.learning.exo.lesson_walks import LessonWalks, record_lessons
from core.learning.exo.lessons import LessonPlan, on_stairs
from core.learning.exo.offline import OfflineSettings, OfflineTrainer
from core.learning.exo.study import SECONDS, WALKERS, Study
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import SIZES, WornExo, exo_controller
from core.learning.rl.networks import perceptron, to_network

OFFLINE_STEPS = (300, 1200)  # gradient steps of each round: a first controller soon, then a better one
SIDED_OFFLINE_STEPS = (300, 450, 250, 250, 250)  # for legs that are impaired unequally


class OfflineStage(Iterator[ExoController]):
    """The controller after every round of the offline stage; between rounds walks with it are recorded.

    For legs that are impaired unequally every such walk corrects `sided`, which leans the help against what
    is left of the difference in step length.
    """

    def __init__(
        self,
        twin: TwinInExo,
        study: Study,
        limits: TorqueLimits,
        aim: Aim | AimWeights,
        *,
        seed: int,
        rounds: Sequence[int] | None = None,
        walkers: int | None = None,
    ) -> None:
        """`walkers` of the walks between the rounds; None: as many as in a study."""
        torch.manual_seed(seed)
        self._network = perceptron(SIZES, "relu")
        settings = OfflineSettings(braking_price=weights_of(aim).offline_braking)
        self._trainer = OfflineTrainer(
            self._network, limits, seed=seed, joint=twin.exo_joint, settings=settings
        )
        self._trainer.add_person(
            study.surrogate, study.price(aim), symmetric=study.symmetric, left_out=on_stairs(study.lessons)
        )
        for walks in study.walks:
            self._trainer.add_walks(walks)
        self.sided = study.sided
        self._twin, self._limits, self._seed = twin, limits, seed
        self._plan = LessonPlan.of(study.lessons, walkers or WALKERS)
        self._controllers = self._train(offline_steps(study) if rounds is None else rounds)

    def __next__(self) -> ExoController:
        return next(self._controllers)

    def with_prices(self, study: Study) -> Study:
        """The study with the prices of torque that PPO goes on with: those of the last round."""
        return replace(study, sided=self.sided)

    def _train(self, rounds: Sequence[int]) -> Iterator[ExoController]:
        for number, steps in enumerate(rounds):
            self._trainer.sided = self.sided
            self._trainer.train(steps, rate=1.0 if number == 0 else 0.5)
            controller = exo_controller(to_network(self._network, "relu"), self._limits, self._twin.exo_joint)
            yield controller
            if number < len(rounds) - 1:
                walks = self._walk(controller, self._seed + 10 + number)
                self._trainer.add_walks(walks)
                if self.sided is not None:
                    self.sided = self.sided.corrected(walks.step_index)

    def _walk(self, controller: ExoController, seed: int) -> LessonWalks:
        return record_lessons(
            self._twin,
            self._plan,
            partial(WornExo, controller),
            worn=True,
            seed=seed,
            seconds=SECONDS,
            priced=False,
        )


def offline_steps(study: Study, *, quick: bool = False) -> tuple[int, ...]:
    """Gradient steps of the rounds. Walks between them even out legs that are impaired unequally."""
    steps = OFFLINE_STEPS if study.sided is None else SIDED_OFFLINE_STEPS
    return steps[:1] if quick else steps
