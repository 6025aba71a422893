"""What controllers bring in every lesson: the choice between them looks at all, not at the own walk alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from core.domain.controller import ExoController
from core.domain.scenario import GaitKind, Scenario
from core.domain.walk_measures import WalkMeasures, WalkRatios
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.twin_in_exo import TwinInExo

WALKERS, OTHER_GAITS_WALKERS = 4, 6  # of each walk, and of each stair and run, where starts differ more
SECONDS = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class LessonScore:
    """Exact evaluation of one controller in one lesson."""

    lesson: Scenario
    measures: WalkMeasures
    ratios: WalkRatios  # to the same walks without the exo, per metre
    more_falls: float  # per minute, than without the exo


class LessonEvaluators:
    """Measures controllers in the lessons beyond the own walk, each against no exo from the same starts."""

    def __init__(self, twin: TwinInExo, lessons: Sequence[Scenario], *, seed: int, threads: int = 2) -> None:
        """Standing has no costs per metre: a lesson that starts and stops is left out."""
        self.lessons = tuple(lesson for lesson in lessons if not lesson.start_and_stop)
        self._twin, self._seed, self._threads = twin, seed, threads

    @cached_property
    def _evaluators(self) -> tuple[WalkEvaluator, ...]:
        return tuple(
            WalkEvaluator(
                self._twin,
                seeds=(self._seed,),
                scenario=lesson,
                walkers=WALKERS if lesson.gait is GaitKind.WALK else OTHER_GAITS_WALKERS,
                seconds=SECONDS,
                threads=self._threads,
            )
            for lesson in self.lessons
        )

    def worn(self, controller: ExoController) -> tuple[LessonScore, ...]:
        """One score for each lesson."""
        return tuple(_score(evaluator, controller) for evaluator in self._evaluators)


def _score(evaluator: WalkEvaluator, controller: ExoController) -> LessonScore:
    walks, without = evaluator.worn(controller), evaluator.without_exo
    more_falls = max(walks.falls_per_minute - without.falls_per_minute, 0.0)
    ratios = WalkRatios.between(walks, without, per_metre=True)
    return LessonScore(evaluator.scenario, walks, ratios, more_falls)
