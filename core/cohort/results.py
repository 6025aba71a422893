"""What the cells of a study measured, as numbers of patients. Simulated, all of it.

A patient counts once: the mean over the starts that judged, and over the seeds of training.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cohort.cells import CellState
from core.cohort.stranger_matrix import StrangerMatrix
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
    unmeasured: tuple[int, ...]  # who fell so soon in some condition that there is no number of it; not in P
    groups: tuple[str, ...]  # P
    conditions: tuple[GaitLabel, ...]  # K, without the one it is all compared with; the own is last
    ratio: dict[str, FloatArray]  # by the names of MEASURES: (P, K)
    falls: dict[GaitLabel, tuple[int, int]]  # of all conditions: falls, and of how many walks
    angle_rad: tuple[FloatArray, FloatArray]  # without exo and own: (P, joints, points), mean of both sides
    strangers: dict[str, StrangerMatrix]  # by the names of MEASURES


def of_device(result: StudyResult, device: str) -> OfDevice:
    """Patients of whom a seed of training was excluded are left out, as are those still to come."""
    finished = _finished(result, device)
    walked = bool(result.plan.judging.strangers) and all(
        one.strangers is not None for cells in finished.values() for one in cells
    )
    conditions = _conditions(walked=walked)
    told = {number: [_cell_of(one, walked=walked) for one in cells] for number, cells in finished.items()}
    whole = {number: cells for number, cells in finished.items() if _known(told[number])}
    numbers, rows = tuple(whole), [told[number] for number in whole]
    return OfDevice(
        device,
        numbers,
        tuple(number for number in finished if number not in whole),
        tuple(_cell(cells[0]).group for cells in whole.values()),
        conditions,
        {name: _table(rows, name, conditions) for name in MEASURES},
        {label: _falls(finished, label) for label in (GaitLabel.WITHOUT_EXO, *conditions)},
        (_angles(whole, GaitLabel.WITHOUT_EXO), _angles(whole, OWN)),
        {name: _matrix(whole, numbers, name, walked=walked) for name in MEASURES},
    )


def _finished(result: StudyResult, device: str) -> dict[int, list[CellState]]:
    """The cells of every patient who has one of every seed."""
    by_patient: dict[int, list[CellState]] = {}
    for one in result.states:
        if one.key.device == device and one.cell is not None and one.cell.finished:
            by_patient.setdefault(one.key.patient, []).append(one)
    seeds = len(result.plan.training.seeds)
    return {number: cells for number, cells in by_patient.items() if len(cells) == seeds}


def _known(cells: Sequence[dict[GaitLabel, dict[str, float]]]) -> bool:
    return all(math.isfinite(value) for cell in cells for told in cell.values() for value in told.values())


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


def _falls(finished: dict[int, list[CellState]], label: GaitLabel) -> tuple[int, int]:
    """Falls and walks of all patients, those who fell too soon to be measured too."""
    cells = [one for cells in finished.values() for one in cells]
    if label is STRANGERS:
        walked = [walks for one in cells if one.strangers is not None for walks in one.strangers.measures]
    else:
        walked = [_walks(_cell(one), label).measures for one in cells]
    return sum(one.falls for one in walked), sum(one.starts for one in walked)


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
) -> StrangerMatrix:
    """Means over the seeds of training. Owners who are left out themselves have no place in it."""
    place = {number: row for row, number in enumerate(numbers)}
    found: dict[tuple[int, int], list[float]] = {}
    for wearer, cells in whole.items():
        for one in cells:
            without = _walks(_cell(one), GaitLabel.WITHOUT_EXO).measures
            walks = {wearer: _walks(_cell(one), OWN).measures}
            if walked and one.strangers is not None:
                walks |= dict(zip(one.strangers.owners, one.strangers.measures, strict=True))
            for owner in walks.keys() & place.keys():
                values = found.setdefault((place[wearer], place[owner]), [])
                values.append(ratios(walks[owner], without)[name])
    order = sorted(found)
    places = np.array(order, dtype=np.int64).reshape(-1, 2)
    return StrangerMatrix(places[:, 0], places[:, 1], np.array([np.mean(found[key]) for key in order]))
