"""What a study costs, before it runs: by the seconds that parts of cells took, and what the file asks for.

Processor seconds, of all threads of a cell together: cells need nothing of each other, so that so many cores
take so many times less. A cell that the study's own folder has finished tells more than these numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.cohort.cells import CellState
from core.domain.cohort_cell import JUDGED, PartCost
from core.domain.cohort_plan import CohortPlan, Fidelity

# Measured on an impaired patient of the study of 24, on a server core that had other work besides.
_LOADING_S, _WALKING_S = 4.0, 13.0  # of every job; how well a twin walks by the shipped policy
_GAIT_ITERATION_S = 2.1
_STUDY_S = 62.0  # of a twin before training: which lessons it walks, and what they cost it
_QUICK_S, _THOROUGH_S = 32.0, 200.0  # the offline stage, with the choice among its controllers
_CONTROLLER_ITERATION_S = 3.5
_MEASURING_S = 37.0  # of what was trained, at its end
_WALKS_S = 2.9  # of one condition from one seed of starts
_MUSCLES = 9.0  # times as much where 80 muscles move the twin
PEAK_MB = {Fidelity.TORQUES: 1850.0, Fidelity.MUSCLES: 2400.0}


@dataclass(frozen=True, slots=True)
class StudyCost:
    """Of one cell, and of what is left of the study."""

    cpu_s: dict[str, float]  # of one cell, part by part
    peak_mb: float  # of one cell
    cells: int  # that are left
    measured: int  # finished cells that these numbers are the mean of; 0: by the program's own

    @property
    def cell_cpu_s(self) -> float:
        return sum(self.cpu_s.values())

    def hours(self, cores: int) -> float:
        """The last cells share the cores unevenly: they count as whole rounds."""
        rounds = -(-self.cells // max(1, cores))
        return rounds * self.cell_cpu_s / 3600.0

    def memory_gb(self, cores: int) -> float:
        return min(cores, self.cells) * self.peak_mb / 1024.0


def expected_cost(plan: CohortPlan, states: Sequence[CellState] = ()) -> StudyCost:
    """Of what is left; by the finished cells among `states`, where there are any."""
    left = plan.cells - sum(one.cell is not None for one in states)
    finished = [one for one in states if one.cell is not None and one.cell.finished]
    whole = [parts for one in finished if (parts := _parts(one, plan))]
    if not whole:
        return StudyCost(_by_plan(plan), PEAK_MB[plan.training.fidelity], left, 0)
    names = [part.part for part in whole[0]]
    mean = {name: sum(_named(parts, name).cpu_s for parts in whole) / len(whole) for name in names}
    return StudyCost(mean, max(part.peak_mb for parts in whole for part in parts), left, len(whole))


def _by_plan(plan: CohortPlan) -> dict[str, float]:
    training, judging = plan.training, plan.judging
    times = 1.0 if training.fidelity is Fidelity.TORQUES else _MUSCLES
    offline_s = _QUICK_S if training.quick else _THOROUGH_S
    parts = {
        "twin": _LOADING_S + _WALKING_S + _GAIT_ITERATION_S * training.gait_iterations,
        "training": _STUDY_S
        + offline_s
        + _CONTROLLER_ITERATION_S * training.controller_iterations
        + _MEASURING_S,
        "judging": _WALKS_S * len(JUDGED) * judging.seeds,
    }
    if judging.strangers:
        parts["strangers"] = _LOADING_S + _WALKS_S * judging.strangers * judging.seeds
    return {name: times * spent for name, spent in parts.items()}


def _parts(state: CellState, plan: CohortPlan) -> tuple[PartCost, ...]:
    """() of a cell that was interrupted, or is not walked to its end: its costs are not whole."""
    walked = () if state.strangers is None else state.strangers.cost
    parts = (*(() if state.cell is None else state.cell.cost), *walked)
    return parts if {part.part for part in parts} == set(_by_plan(plan)) else ()


def _named(parts: Sequence[PartCost], name: str) -> PartCost:
    return next(part for part in parts if part.part == name)
