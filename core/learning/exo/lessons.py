"""What a controller is taught on: the person's own walk, other speeds, ramps, stairs, runs, starts and stops.

One controller does for all of them: it is told neither the activity nor the phase of the stride.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.scenario import LEVEL_WALKING, GaitKind, Scenario, scenario_of

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
        "stairs-up",
        "stairs-down",
        "run-2.0",
        "run-2.5",
        "start-stop",
    )
    if (scenario := scenario_of(key)) is not None
)
LESSONS: tuple[Scenario, ...] = (LEVEL_WALKING, *OTHER_LESSONS)
"""The first is the person's own walk."""
OWN_FRACTION = 1 / 3  # of the walkers on the own walk; the other lessons share the rest
OTHER_GAITS_SHARE = 2.0  # of the walkers of a stair or a run, against a walk: no other lesson is like it


def on_stairs(lessons: Sequence[Scenario]) -> tuple[int, ...]:
    """Numbers of the lessons that the offline stage leaves to PPO.

    There the knees lift the body: the best torque at the hips spares a twentieth of the cost while the motion
    is fixed. It is not: torque learned so made seven of twelve walkers fall, and what level walking
    teaches one of twelve, as without the exo.
    """
    stairs = (GaitKind.STAIRS_UP, GaitKind.STAIRS_DOWN)
    return tuple(number for number, lesson in enumerate(lessons) if lesson.gait in stairs)


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
        return LessonPlan(tuple(lessons), (0,) * own + _dealt(lessons, walkers - own))


def _dealt(lessons: Sequence[Scenario], walkers: int) -> tuple[int, ...]:
    """Numbers of lessons but the first for so many walkers: each to the one that has least of its share."""
    shares = [1.0 if lesson.gait is GaitKind.WALK else OTHER_GAITS_SHARE for lesson in lessons]
    counts = [0] * len(lessons)
    dealt = []
    for _ in range(walkers):
        # A lesson without a walker comes first, in order.
        next_one = min(range(1, len(lessons)), key=lambda number: counts[number] / shares[number])
        counts[next_one] += 1
        dealt.append(next_one)
    return tuple(dealt)
