"""The study of a twin before training: which lessons it can walk, and what its walking costs.

Without the exo, with the exo worn, and with help of many kinds: these walks fit the surrogate cost, and the
offline stage learns on the last two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.domain.controller import Aim, TorqueLimits
from core.domain.scenario import Scenario
from core.errors import UserError, refuse
from core.learning.exo.aims import AimWeights, weights_of
from core.learning.exo.laws import random_law
from core.learning.exo.lesson_walks import LessonWalks, record_lessons
from core.learning.exo.lessons import LESSONS, LessonPlan
from core.learning.exo.measures import Exo
from core.learning.exo.sided_help import SidedHelp
from core.learning.exo.surrogate import LEAST_EXPLAINED, Frames, SurrogateCost
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.environment.tracking import WalkingEnvironment

WALKERS = 48  # two on each walk, four on each stair and run, of whom one may fall
SECONDS = 5.0
VARY_NM = 18.0  # torque of the assisted joint varied by so much, and by the peak of a stronger exo
MOST_FALLS = 0.34  # of the walkers of a lesson: more, and more than one, and it is not taught
MOST_OWN_FALLS = 0.5  # of the twin's own walks: with more nothing can be said about help
LEAST_PACE = 0.7  # of the distance asked for
Watch = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What is known of a twin. Axes: L lessons, 4 COSTS."""

    lessons: tuple[Scenario, ...]  # that the twin can walk; the first is its own walk
    surrogate: SurrogateCost
    without_exo: FloatArray  # (L, 4) mean costs by the surrogate
    speed_m_s: FloatArray  # (L,) without the exo
    walks: tuple[LessonWalks, ...]  # with the exo: worn without torque, and with help of many kinds
    symmetric: bool  # both legs are alike: what is learned for one holds for the other
    sided: SidedHelp | None = None  # prices for legs that are impaired unequally

    def price(self, aim: Aim | AimWeights) -> FloatArray:
        """(L, 4) what each cost is worth: the aim's weights over the cost without the exo."""
        price: FloatArray = np.array(weights_of(aim).costs) / self.without_exo
        return price

    @property
    def well_explained(self) -> bool:
        return bool(np.all(self.surrogate.explained >= LEAST_EXPLAINED))

    @property
    def explained_by_lesson(self) -> dict[str, float]:
        """Fraction of the variance that the surrogate explains in each lesson: that of its worst cost."""
        known = self.surrogate.explained_in
        return {
            lesson.key: float(min(known[number]))
            for number, lesson in enumerate(self.lessons)
            if number in known
        }


def study_twin(
    twin: TwinInExo,
    limits: TorqueLimits,
    *,
    seed: int,
    watch: Watch,
    lessons: tuple[Scenario, ...] | None = None,
    walkers: int | None = None,
) -> Study:
    """Walk `lessons` (usually all, the person's own walk first) in three conditions and fit the surrogate.

    Refuses (TRN-022) a twin that falls in its own walk without the exo, or in every walk with it.
    """

    def random_laws(walking: WalkingEnvironment) -> Exo:
        return random_law(walking, limits, np.random.default_rng(seed))

    record = partial(_record, twin, walkers=walkers or WALKERS, vary_nm=max(VARY_NM, limits.peak_nm))
    asked = lessons or LESSONS
    watch("The twin walks without the exo")
    bare = record(asked, None, worn=False, seed=seed)
    taught = _walkable(bare)
    watch("The twin walks with the exo")
    lessons = tuple(asked[number] for number in taught)
    worn = record(lessons, None, worn=True, seed=seed)
    helped = record(lessons, random_laws, worn=True, seed=seed + 1)
    if (worn.falls > 0).all() and (helped.falls > 0).all():
        raise _falls_with_exo()
    watch("What walking costs its muscles")
    symmetric = not twin.policy.body.impairments
    bare_frames = replace(bare.frames, lesson=_numbers(taught, len(asked))[bare.frames.lesson])
    frames = Frames.joined([bare_frames, worn.frames, helped.frames])
    surrogate = SurrogateCost(frames, sided=not symmetric, seed=seed)
    sided = SidedHelp.of(twin.policy.body)
    if sided is not None:
        surrogate.weigh(sided.leg_weight)
    without = np.array([_mean_costs(surrogate, bare_frames, number) for number in range(len(taught))])
    speed = np.array([_mean_speed_m_s(bare, number) for number in taught])
    return Study(lessons, surrogate, without, speed, (worn, helped), symmetric, sided)


def _numbers(taught: list[int], asked: int) -> IntArray:
    """(L,) of the lessons that were asked for, among those that are taught; -1 of one that is not."""
    numbers: IntArray = np.full(asked, -1)
    numbers[taught] = np.arange(len(taught))
    return numbers


def _mean_costs(surrogate: SurrogateCost, frames: Frames, lesson: int) -> FloatArray:
    """(4,) of what was walked in a lesson; frames with varied torques cost more than any walk."""
    own = frames.rows(np.flatnonzero(frames.walked & (frames.lesson == lesson)))
    mean: FloatArray = surrogate.costs(own.angle_rad, own.velocity_rad_s, own.torque_nm).mean(axis=0)
    return mean


def _mean_speed_m_s(bare: LessonWalks, lesson: int) -> float:
    """Of the walkers that stayed on their feet, if any did: who fell was slower before."""
    rows = bare.lesson == lesson
    stayed = rows & (bare.falls == 0)
    return float(bare.speed_m_s[stayed if stayed.any() else rows].mean())


def _record(
    twin: TwinInExo,
    lessons: tuple[Scenario, ...],
    exo_for: Callable[[WalkingEnvironment], Exo] | None,
    *,
    worn: bool,
    seed: int,
    walkers: int,
    vary_nm: float,
) -> LessonWalks:
    plan = LessonPlan.of(lessons, walkers)
    return record_lessons(twin, plan, exo_for, worn=worn, seed=seed, seconds=SECONDS, vary_nm=vary_nm)


def _walkable(bare: LessonWalks) -> list[int]:
    """Numbers of the lessons that the twin can walk without the exo."""
    taught = []
    for number in range(int(bare.lesson.max()) + 1):
        rows = bare.lesson == number
        fallen = bare.falls[rows] > 0
        fell, often = float(np.mean(fallen)), bool(np.mean(fallen) > MOST_FALLS and fallen.sum() > 1)
        if number == 0 and fell > MOST_OWN_FALLS:
            raise _falls_without_exo(fell)
        if number == 0 or (not often and float(bare.pace[rows].mean()) >= LEAST_PACE):
            taught.append(number)
    return taught


def _falls_without_exo(fell: float) -> UserError:
    return refuse(
        "TRN-022",
        "The twin falls without the exo.",
        f"{fell:.0%} of its walks ended in a fall within {SECONDS:.0f} s, so nothing can be said about help.",
        _LEARN_AGAIN,
    )


def _falls_with_exo() -> UserError:
    return refuse(
        "TRN-022",
        "The twin falls in every walk with the exo.",
        f"No walk with the exo lasted {SECONDS:.0f} s, so there is nothing to learn a controller from.",
        _LEARN_AGAIN,
    )


_LEARN_AGAIN = "On the Personalize page choose “Learn again” and give it more minutes."
