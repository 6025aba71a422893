"""What the cells of a study measured, as numbers of patients. Simulated, all of it.

A patient counts once: the mean over the starts that judged, and over the seeds of training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cohort.cells import CellState
from core.domain.arrays import FloatArray
from core.domain.cohort_cell import CellWalks, StudyCell
from core.domain.cohort_plan import CohortPlan
from core.domain.rollout import GaitLabel
from core.domain.walk_measures import WalkMeasures, WalkRatios

OWN, STRANGERS = GaitLabel.PERSONALIZED_CONTROLLER, GaitLabel.STRANGERS_CONTROLLER
MEASURES = {
    "metabolic": "metabolic cost per metre",
    "activation": "muscle activation per metre",
    "aim": "mean of both",
}
"""Each over that of the same walks without the exo: below 1 is less."""


@dataclass(frozen=True, slots=True, eq=False)
class StudyResult:
    """A study whose cells are finished or excluded, as far as it got."""

    plan: CohortPlan
    states: tuple[CellState, ...]

    @property
    def finished(self) -> tuple[StudyCell, ...]:
        return tuple(one.cell for one in self.states if one.cell is not None and one.cell.finished)

    @property
    def excluded(self) -> tuple[StudyCell, ...]:
        return tuple(one.cell for one in self.states if one.cell is not None and not one.cell.finished)


def ratios(walks: WalkMeasures, without: WalkMeasures) -> dict[str, float]:
    """Of one condition, by the names of MEASURES: means over the starts."""
    found = WalkRatios.between(walks, without, per_metre=True)
    metabolic, activation = found.metabolic_of_both.mean, float(found.activation.mean())
    return {"metabolic": metabolic, "activation": activation, "aim": 0.5 * (metabolic + activation)}


@dataclass(frozen=True, slots=True, eq=False)
class OfDevice:
    """Patients with one exo who finished it with every seed. Axes: P patients, K conditions."""

    device: str
    patients: tuple[int, ...]  # P, numbers
    groups: tuple[str, ...]  # P
    conditions: tuple[GaitLabel, ...]  # K, without the one it is all compared with; the own is last
    ratio: dict[str, FloatArray]  # by the names of MEASURES: (P, K)
    falls: tuple[int, ...]  # K, of all walks together
    starts: int  # walks of each condition but the strangers'
    angle_rad: tuple[FloatArray, FloatArray]  # without exo and own: (P, joints, points), mean of both sides
    strangers: dict[str, FloatArray]  # by the names of MEASURES: (P, P) wearer by owner, NaN where not walked


def of_device(result: StudyResult, device: str) -> OfDevice:
    """Patients of whom a seed of training was excluded are left out, as are those still to come."""
    seeds = result.plan.training.seeds
    states = [one for one in result.states if one.key.device == device]
    by_patient: dict[int, list[CellState]] = {}
    for one in states:
        if one.cell is not None and one.cell.finished:
            by_patient.setdefault(one.key.patient, []).append(one)
    whole = {number: cells for number, cells in by_patient.items() if len(cells) == len(seeds)}
    walked = bool(result.plan.judging.strangers) and all(
        one.strangers is not None for cells in whole.values() for one in cells
    )
    numbers = tuple(whole)
    rows = [[_cell_of(one, walked=walked) for one in cells] for cells in whole.values()]
    conditions = _conditions(walked=walked)
    return OfDevice(
        device,
        numbers,
        tuple(_cell(cells[0]).group for cells in whole.values()),
        conditions,
        {name: _table(rows, name, conditions) for name in MEASURES},
        tuple(_falls(whole, label) for label in conditions),
        sum(_walks(_cell(one), OWN).measures.starts for cells in whole.values() for one in cells),
        (_angles(whole, GaitLabel.WITHOUT_EXO), _angles(whole, OWN)),
        {name: _matrix(whole, numbers, name, walked=walked) for name in MEASURES},
    )


def _conditions(*, walked: bool) -> tuple[GaitLabel, ...]:
    strangers = (STRANGERS,) if walked else ()
    with_exo = (GaitLabel.WORN_WITHOUT_TORQUE, GaitLabel.DEFAULT_CONTROLLER, GaitLabel.GENERIC_CONTROLLER)
    return (*with_exo, *strangers, OWN)


def _cell(state: CellState) -> StudyCell:
    assert state.cell is not None
    return state.cell


def _walks(cell: StudyCell, label: GaitLabel) -> CellWalks:
    return next(one for one in cell.walks if one.label is label)


def _cell_of(state: CellState, *, walked: bool) -> dict[GaitLabel, dict[str, float]]:
    """Ratios of every condition of one cell; those of strangers' controllers are their mean."""
    cell = _cell(state)
    without = _walks(cell, GaitLabel.WITHOUT_EXO).measures
    found = {one.label: ratios(one.measures, without) for one in cell.walks}
    if walked and state.strangers is not None:
        each = [ratios(one, without) for one in state.strangers.measures]
        found[STRANGERS] = {name: float(np.mean([one[name] for one in each])) for name in MEASURES}
    return found


def _table(
    rows: Sequence[Sequence[dict[GaitLabel, dict[str, float]]]], name: str, conditions: Sequence[GaitLabel]
) -> FloatArray:
    """(P, K) means over the seeds of training."""
    found = [[np.mean([cell[label][name] for cell in cells]) for label in conditions] for cells in rows]
    return np.array(found, dtype=np.float64).reshape(len(rows), len(conditions))


def _falls(whole: dict[int, list[CellState]], label: GaitLabel) -> int:
    cells = [one for cells in whole.values() for one in cells]
    if label is STRANGERS:
        return sum(
            walks.falls for one in cells if one.strangers is not None for walks in one.strangers.measures
        )
    return sum(_walks(_cell(one), label).measures.falls for one in cells)


def _angles(whole: dict[int, list[CellState]], label: GaitLabel) -> FloatArray:
    """(P, joints, points) of each patient, over seeds and sides; NaN where no stride was complete."""
    rows = []
    for cells in whole.values():
        angle = np.concatenate([_walks(_cell(one), label).curves.angle_rad for one in cells])
        seen = angle.reshape(-1, *angle.shape[2:])  # (seeds and sides, joints, points)
        known = seen[np.isfinite(seen).all(axis=(1, 2))]
        rows.append(known.mean(axis=0) if len(known) else np.full(seen.shape[1:], np.nan))
    return np.array(rows, dtype=np.float64)


def _matrix(
    whole: dict[int, list[CellState]], numbers: tuple[int, ...], name: str, *, walked: bool
) -> FloatArray:
    """Mean over seeds of training; the own controller is on the diagonal."""
    matrix = np.full((len(numbers), len(numbers)), np.nan)
    for row, cells in enumerate(whole.values()):
        found: dict[int, list[float]] = {}
        for one in cells:
            without = _walks(_cell(one), GaitLabel.WITHOUT_EXO).measures
            own = _walks(_cell(one), OWN).measures
            walks = {one.key.patient: own}
            if walked and one.strangers is not None:
                walks |= dict(zip(one.strangers.owners, one.strangers.measures, strict=True))
            for owner, measures in walks.items():
                found.setdefault(owner, []).append(ratios(measures, without)[name])
        for owner, values in found.items():
            if owner in numbers:
                matrix[row, numbers.index(owner)] = float(np.mean(values))
    return matrix
