"""What every step of a visit warns of, for the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.domain.amplitude import Amplitude
from core.domain.controller import TrainedController
from core.domain.deficits import Deficits
from core.domain.emg import EmgEnvelopes
from core.domain.findings import Finding, Severity, worst_first
from core.domain.kinetics import Kinetics
from core.domain.laboratory import LaboratoryTrial
from core.domain.moments import BASIS, Moments
from core.domain.motion import Motion
from core.domain.muscle_calibration import MuscleCalibration
from core.domain.record import RecordKind
from core.domain.recording import Landmarks, Recording
from core.domain.twin import GaitPolicy, Twin
from core.errors import Advice
from core.session.flow import Step, StepState, VisitFacts, session_status
from core.session.norms import motion_norm, with_norm_findings
from core.session.stops import present_motion
from core.store.repository import Store

STALE = "RPT-024"  # a result that no longer follows from the newest records

# Where findings are, in the order of the steps. A trial of a laboratory stands in for a recording.
_HELD: tuple[tuple[Step, RecordKind, type[Any]], ...] = (
    (Step.CAPTURE, RecordKind.RECORDING, Recording),
    (Step.CAPTURE, RecordKind.LANDMARKS, Landmarks),
    (Step.CAPTURE, RecordKind.LABORATORY_TRIAL, LaboratoryTrial),
    (Step.MOTION, RecordKind.MOTION, Motion),
    (Step.MOTION, RecordKind.KINETICS, Kinetics),
    (Step.MOTION, RecordKind.MOMENTS, Moments),
    (Step.EMG, RecordKind.EMG, EmgEnvelopes),
    (Step.EMG, RecordKind.AMPLITUDE, Amplitude),
    (Step.PERSONALIZE, RecordKind.MUSCLE_CALIBRATION, MuscleCalibration),
    (Step.PERSONALIZE, RecordKind.DEFICITS, Deficits),
    (Step.PERSONALIZE, RecordKind.TWIN, Twin),
    (Step.PERSONALIZE, RecordKind.GAIT_POLICY, GaitPolicy),
    (Step.TRAIN, RecordKind.CONTROLLER, TrainedController),
)


@dataclass(frozen=True, slots=True)
class StepWarning:
    """One finding, and the step and the record that it belongs to."""

    step: Step
    finding: Finding
    record_id: str


def report_warnings(store: Store, visit_id: str) -> tuple[StepWarning, ...]:
    """Findings of the newest records and results that are out of date, by step, the worst of a step first.

    A finding that several records of a step carry stands once.
    """
    found: dict[tuple[Step, str, str], StepWarning] = {}
    for one in (*_stale(store, visit_id), *_held(store, visit_id)):
        found.setdefault((one.step, one.finding.advice.code, one.finding.advice.what), one)
    steps = list(Step)
    grade = list(Severity)
    order = sorted(found.values(), key=lambda one: (steps.index(one.step), grade.index(one.finding.severity)))
    return tuple(order)


def printed_warnings(store: Store, visit_id: str) -> tuple[StepWarning, ...]:
    """Those of the paper: how far estimated moments are right stands there with the moments themselves."""
    return tuple(one for one in report_warnings(store, visit_id) if one.finding.advice.code != BASIS)


def _held(store: Store, visit_id: str) -> Iterator[StepWarning]:
    for step, kind, payload in _HELD:
        info = None if kind in passed_over(store, visit_id) else store.latest(visit_id, kind)
        if info is not None:
            held = store.load(info.id, payload)
            findings: tuple[Finding, ...] = held.findings
            if isinstance(held, Motion):
                motion = present_motion(held, store.decisions(visit_id), info.id)
                findings = with_norm_findings(motion, motion_norm(store, info.id, motion))
            for finding in worst_first(findings):
                yield StepWarning(step, finding, info.id)


def passed_over(store: Store, visit_id: str) -> frozenset[RecordKind]:
    """Of cameras and laboratory, what the newer one stands in for."""
    film, trial = (
        store.latest(visit_id, RecordKind.LANDMARKS),
        store.latest(visit_id, RecordKind.LABORATORY_TRIAL),
    )
    if trial is None or (film is not None and film.created_utc > trial.created_utc):
        return frozenset({RecordKind.LABORATORY_TRIAL})
    return frozenset({RecordKind.LANDMARKS, RecordKind.RECORDING})


def _stale(store: Store, visit_id: str) -> Iterator[StepWarning]:
    """The report itself is left out: it is being made anew."""
    facts = VisitFacts(store.subject_of(visit_id), store.records(visit_id), store.decisions(visit_id))
    for status in session_status(facts):
        if status.state is StepState.STALE and status.step is not Step.REPORT:
            advice = Advice(
                f"{status.step.label} is out of date.",
                status.stale_reason,
                f"Do {status.step.label} again, or keep it knowingly.",
                STALE,
            )
            yield StepWarning(status.step, Finding(Severity.WARNING, advice), status.record_id or "")
