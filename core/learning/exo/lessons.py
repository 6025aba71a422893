"""What a controller is taught on: the person's own walk, other speeds, ramps, starts and stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.scenario import LEVEL_WALKING, Scenario, scenario_of

OTHER_LESSONS: tuple[Scenario, ...] = tuple(
    scenario
    for key in (
        "level-0.6",
        "level-0.9",
        "level-1.2",
        "level-1.5",
        "level-1.8",
        "ramp-up-5",
        "ramp-down-5",
        "start-stop",
    )
    if (scenario := scenario_of(key)) is not None
)
LESSONS: tuple[Scenario, ...] = (LEVEL_WALKING, *OTHER_LESSONS)
"""The first is the person's own walk."""
OWN_FRACTION = 0.4  # of the walkers on the own walk; the other lessons share the rest evenly


@dataclass(frozen=True, slots=True)
class LessonPlan:
    """Lessons dealt out to walkers. Axis: N walkers."""

    lessons: tuple[Scenario, ...]
    number: tuple[int, ...]  # N, of the lesson

    @staticmethod
    def of(lessons: Sequence[Scenario], walkers: int) -> LessonPlan:
        """OWN_FRACTION of the walkers on the first lesson, but at least one on every other."""
        others = len(lessons) - 1
        own = walkers if others == 0 else max(1, min(round(OWN_FRACTION * walkers), walkers - others))
        rest = tuple(1 + number % others for number in range(walkers - own)) if others else ()
        return LessonPlan(tuple(lessons), (0,) * own + rest)
