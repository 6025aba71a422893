"""A study whose numbers are drawn, not simulated: what is told of them is known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.cohort.cells import CellState, drawn_strangers, keys_of
from core.cohort.patients import virtual_patient
from core.cohort.results import StudyResult
from core.cohort.study_file import plan_of, plan_sha256
from core.cohort.versions import versions
from core.domain.body import SAGITTAL
from core.domain.cohort_cell import JUDGED, CellKey, CellWalks, PartCost, StrangerWalks, StudyCell
from core.domain.cohort_plan import CohortPlan
from core.domain.motion import CYCLE_POINTS
from core.domain.rollout import GaitLabel
from core.domain.start_curves import StartCurves
from core.domain.walk_measures import WalkMeasures

STARTS = 3
LEVEL = {
    GaitLabel.WITHOUT_EXO: 1.0,
    GaitLabel.WORN_WITHOUT_TORQUE: 1.06,
    GaitLabel.DEFAULT_CONTROLLER: 0.99,
    GaitLabel.GENERIC_CONTROLLER: 0.98,
    GaitLabel.PERSONALIZED_CONTROLLER: 0.92,
}
COST = (
    PartCost("twin", 30.0, 20.0, 900.0),
    PartCost("training", 200.0, 150.0, 1400.0),
    PartCost("judging", 40.0, 30.0, 1400.0),
)
STRANGERS_COST = (PartCost("strangers", 20.0, 15.0, 800.0),)


def plan(patients: int = 12, strangers: int = 3, **training: object) -> CohortPlan:
    return plan_of(
        {
            "name": "Made up",
            "question": "Is it told right?",
            "cohort": {
                "patients": patients,
                "seed": 5,
                "healthy": 0.25,
                "impairments": [
                    {"kind": "weakness", "group": "hip flexors", "severity": [0.3, 0.6]},
                    {"kind": "stiffness", "joint": "knee_angle", "severity": [0.3, 0.6]},
                ],
            },
            "training": training,
            "judging": {"seeds": STARTS, "strangers": strangers},
        }
    )


def made_up(of: CohortPlan, own: float = 0.92, excluded: tuple[int, ...] = ()) -> StudyResult:
    """`own`: what the own controller leaves of walking without the exo; patients scatter around it."""
    cells = {key: _cell(of, key, own, excluded) for key in keys_of(of)}
    controllers = {key: cell.controller_id for key, cell in cells.items() if cell.finished}
    states = [CellState(key, cell) for key, cell in cells.items()]
    return StudyResult(of, tuple(_with_strangers(of, state, controllers) for state in states))


def _cell(of: CohortPlan, key: CellKey, own: float, excluded: tuple[int, ...]) -> StudyCell:
    patient = virtual_patient(of.cohort, key.patient)
    random = np.random.default_rng((key.patient, sum(map(ord, key.device)), key.seed))
    person, level = float(random.normal(0.0, 0.02)), LEVEL | {GaitLabel.PERSONALIZED_CONTROLLER: own}
    left_out = key.patient in excluded
    walks = tuple(
        CellWalks(
            label, measures(level[label] + (0.0 if number == 0 else person), random), curves(label, random)
        )
        for number, label in enumerate(JUDGED)
    )
    return StudyCell(
        plan_sha256(of),
        key,
        patient.group,
        patient.words,
        () if left_out else walks,
        "" if left_out else f"{key.patient:032x}",
        "" if left_out else "ab" * 32,
        "TRN-022" if left_out else "",
        "The twin falls without the exo." if left_out else "",
        COST,
        versions(),
    )


def _with_strangers(of: CohortPlan, state: CellState, controllers: dict[CellKey, str]) -> CellState:
    if state.key not in controllers or of.judging.strangers == 0:
        return state
    random = np.random.default_rng((state.key.patient, 1))
    owners = tuple(drawn_strangers(of, state.key, controllers))
    walked = tuple(measures(0.97 + float(random.normal(0.0, 0.02)), random) for _ in owners)
    return replace(state, strangers=StrangerWalks(plan_sha256(of), state.key, owners, walked, STRANGERS_COST))


def measures(level: float, random: np.random.Generator) -> WalkMeasures:
    """Walks that cost this share of 4 W/kg at 1 m/s."""
    start = level * (1.0 + random.normal(0.0, 0.003, STARTS))
    one = np.ones(STARTS)
    return WalkMeasures(
        metabolic_w_kg=4.0 * np.column_stack([start, start]),
        activation_mean=0.2 * start,
        activation_peak=0.5 * one,
        positive_power_w_kg=one,
        speed_m_s=one,
        joint_effort=one,
        symmetry=one,
        similarity=one,
        exo_peak_nm=one,
        exo_power_w=one,
        negative_work_fraction=0.1 * one,
        falls=0,
        starts=8 * STARTS,
        walked_s=120.0,
    )


def curves(label: GaitLabel, random: np.random.Generator) -> StartCurves:
    """A hip that flexes more with the own controller, in the middle of the cycle; the other joints alike."""
    cycle = np.linspace(0.0, 2.0 * np.pi, CYCLE_POINTS)
    angle = np.tile(0.4 * np.cos(cycle), (STARTS, 2, len(SAGITTAL), 1))
    angle += 0.01 * random.normal(size=(STARTS, 2, len(SAGITTAL), 1)) * np.sin(cycle)
    if label is GaitLabel.PERSONALIZED_CONTROLLER:
        angle[:, :, 0] += 0.15 * np.exp(-((cycle - np.pi) ** 2))
    return StartCurves(label.value, SAGITTAL, angle, np.full((STARTS, 2), 5), 8)
