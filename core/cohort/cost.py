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

# Means of 21 cells of the study of 24, two at a time on two cores of a server; iterations and muscles of one.
_LOADING_S, _WALKING_S = 4.0, 14.0  # of every job; how well a twin walks by the shipped policy
_GAIT_ITERATION_S = 2.1
_STUDY_S = 62.0  # of a twin before training: which lessons it walks, and what they cost it
_QUICK_S, _THOROUGH_S = 32.0, 200.0  # the offline stage, with the choice among its controllers
_CONTROLLER_ITERATION_S = 3.5
_MEASURING_S = 31.0  # of what was trained, at its end
_WALKS_S = 2.3  # of one condition from one seed of starts
STRANGERS = "strangers"  # the part that comes last, and is a job of its own
_MUSCLES = 9.0  # times as much where 80 muscles move the twin
PEAK_MB = {Fidelity.TORQUES: 700.0, Fidelity.MUSCLES: 2400.0}


@dataclass(frozen=True, slots=True)
class StudyCost:
    """Of one cell, and of what is left of the study."""

    cpu_s: dict[str, float]  # of one cell, part by part
    peak_mb: float  # of one cell
    cells: int  # that are left
    walks: int  # patients of finished and coming cells who have not walked with the controllers of others
    measured: int  # finished cells that these numbers are the mean of; 0: by the program's own

    @property
    def cell_cpu_s(self) -> float:
        return sum(self.cpu_s.values())

    def hours(self, cores: int) -> float:
        """First all cells, then all walks with the controllers of others.

        The last of each share the cores unevenly: they count as whole rounds.
        """
        strangers_s = self.cpu_s.get(STRANGERS, 0.0)
        cells_s = _rounds(self.cells, cores) * (self.cell_cpu_s - strangers_s)
        return (cells_s + _rounds(self.walks, cores) * strangers_s) / 3600.0

    def memory_gb(self, cores: int) -> float:
        return min(cores, max(self.cells, self.walks)) * self.peak_mb / 1024.0


def expected_cost(plan: CohortPlan, states: Sequence[CellState] = ()) -> StudyCost:
    """Of what is left; each part by the finished cells among `states` that tell it, where there are any."""
    planned = _by_plan(plan)
    own = set(planned) - {STRANGERS}
    finished = [one for one in states if one.cell is not None and one.cell.finished]
    cells = [one.cell.cost for one in finished if one.cell is not None and _names(one.cell.cost) == own]
    walks = [one.strangers.cost for one in finished if one.strangers is not None]
    known = [part for parts in (*cells, *walks) for part in parts]
    mean = {name: _mean_s(name, known) or spent for name, spent in planned.items()}
    peak_mb = max((part.peak_mb for part in known), default=PEAK_MB[plan.training.fidelity])
    left = plan.cells - sum(one.cell is not None for one in states)
    to_walk = left + len(finished) - len(walks) if plan.judging.strangers else 0
    return StudyCost(mean, peak_mb, left, to_walk, len(cells))


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
        parts[STRANGERS] = _LOADING_S + _WALKS_S * judging.strangers * judging.seeds
    return {name: times * spent for name, spent in parts.items()}


def _rounds(jobs: int, cores: int) -> int:
    return -(-jobs // max(1, cores))


def _names(parts: Sequence[PartCost]) -> set[str]:
    """Of a cell that was interrupted some are missing: what it cost is not known whole."""
    return {part.part for part in parts}


def _mean_s(name: str, parts: Sequence[PartCost]) -> float:
    """0 where no cell tells it."""
    spent = [part.cpu_s for part in parts if part.part == name]
    return sum(spent) / len(spent) if spent else 0.0
