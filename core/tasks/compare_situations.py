"""The situations that a comparison walks besides the level: which, how long, and in which conditions.

Few walks each: the whole job takes about half as long again as on the level alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.domain.controller import ExoController
from core.domain.rollout import GaitLabel
from core.domain.scenario import COURSE, Scenario, scenario_of
from core.domain.situation import SituationWalks
from core.jobs.values import JobContext
from core.learning.exo.situation_walks import SituationPlan, walk_situations
from core.learning.exo.twin_in_exo import TwinInExo
from core.session.scenarios import CONDITIONS

EVALUATION_SEED = 20_000  # of the first seed of all walks that are measured: starts that no training used


@dataclass(frozen=True, slots=True)
class Condition:
    """One way to walk; `device_id` is None without the exo."""

    label: GaitLabel
    device_id: str | None = None
    controller: ExoController | None = None  # None without the exo, and where it gives no torque


@dataclass(frozen=True, slots=True)
class ComparedSituations:
    """Situations that are walked alike, and in which conditions."""

    doing: str  # for the person who waits
    plan: SituationPlan
    labels: tuple[GaitLabel, ...]

    @property
    def work(self) -> float:
        """Seconds walked by all walkers of one batch, which its time goes by."""
        return len(self.plan.scenarios) * self.plan.walkers * self.plan.seconds


def _known(*keys: str) -> tuple[Scenario, ...]:
    return tuple(scenario for key in keys if (scenario := scenario_of(key)) is not None)


# What a worn exo without torque adds to these is its mass, and that is seen on the level and on the stairs.
_OF_CONTROLLERS = (
    GaitLabel.WITHOUT_EXO,
    GaitLabel.DEFAULT_CONTROLLER,
    GaitLabel.PERSONALIZED_CONTROLLER,
)
_STAIRS = _known("stairs-up", "stairs-down")
COMPARED: tuple[ComparedSituations, ...] = (
    # Four seconds: about three strides each that count.
    ComparedSituations(
        "ramps, stairs and a run",
        SituationPlan((*_known("ramp-up-5", "ramp-down-5", "run-2.0"), *_STAIRS), 4.0, 3, 2),
        CONDITIONS,
    ),
    # About nine steps each: who needs the handrail, and how much.
    ComparedSituations(
        "stairs with a handrail", SituationPlan(_STAIRS, 6.0, 4, 1, handrail=True), _OF_CONTROLLERS
    ),
    # The disturbance comes at 3 s; who falls of it does so within the next three.
    ComparedSituations(
        "a push, a trip, a slip, and an exo that halts",
        SituationPlan(_known("push", "trip", "slip", "exo-halt"), 6.0, 4, 1),
        _OF_CONTROLLERS,
    ),
    # Long, and one controller is asked whether it does for all of it.
    ComparedSituations(
        "a course of walking, running and stairs",
        SituationPlan((COURSE,), COURSE.usual_s, 4, 1),
        (GaitLabel.WITHOUT_EXO, GaitLabel.PERSONALIZED_CONTROLLER),
    ),
)


def compare_situations(
    twin: TwinInExo, conditions: Sequence[Condition], context: JobContext, begins: float, ends: float
) -> tuple[SituationWalks, ...]:
    """Walk COMPARED in these conditions; progress goes from `begins` to `ends`, and it can be cancelled.

    A situation that the twin cannot walk without the exo is kept: its walks say so.
    """
    batches = list(_batches(conditions))
    whole, done = sum(compared.work for compared, _condition, _seed in batches), 0.0
    seeds: list[tuple[SituationWalks, ...]] = []
    found: list[SituationWalks] = []
    for compared, condition, seed in batches:
        context.check_cancelled()
        context.progress(
            begins + (ends - begins) * done / whole,
            f"{condition.label.value.capitalize()}: {compared.doing}",
        )
        walks = walk_situations(
            twin,
            compared.plan,
            condition.label,
            condition.controller,
            worn=condition.device_id is not None,
            seed=EVALUATION_SEED + seed,
        )
        done += compared.work
        seeds.append(walks)
        if len(seeds) == compared.plan.seeds:
            found += [SituationWalks.joined(same) for same in zip(*seeds, strict=True)]
            seeds = []
    return tuple(found)


def _batches(conditions: Sequence[Condition]) -> Iterator[tuple[ComparedSituations, Condition, int]]:
    """All that is walked; the seeds of one condition follow each other."""
    for compared in COMPARED:
        for condition in conditions:
            if condition.label in compared.labels:
                for seed in range(compared.plan.seeds):
                    yield compared, condition, seed
