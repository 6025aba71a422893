"""What is worth a warning in a result that the flow goes on with, in one sentence; "" for nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.domain.assistance import trained_assistance
from core.domain.controller import Comparison, TrainedController
from core.domain.emg import EmgEnvelopes
from core.domain.findings import Finding, Severity
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Motion
from core.domain.record import RecordInfo, RecordKind
from core.domain.recording import Landmarks
from core.domain.rollout import GaitLabel, RolloutSet
from core.domain.situation_effects import brief_assistance
from core.domain.twin import GaitPolicy
from core.errors import UserError
from core.gait.twin_likeness import joints_against, twin_verdict
from core.session.norms import far_findings, motion_norm
from core.session.stops import present_motion
from core.store.repository import Store


def warning_of(store: Store, record: RecordInfo) -> str:
    """The verdict of a controller that does not simply help; the first of other warnings."""
    if record.kind not in _WARNED:
        return ""
    payload_type, warning = _WARNED[record.kind]
    try:
        payload = store.load(record.id, payload_type)
        if isinstance(payload, RolloutSet):  # compared with the motion that its twin learned from
            return _of_walk(payload, _learned_from(store, record))
        if isinstance(payload, Motion):  # its headline is no greener than its worst joint, nor is its step
            payload = present_motion(payload, store.decisions(record.visit_id), record.id)
            off = far_findings(payload, motion_norm(store, record.id, payload))
            payload = replace(payload, findings=(*payload.findings, *off))
        return warning(payload)
    except UserError:
        return ""  # damaged: the page that shows the result tells so


def _of_findings(payload: Landmarks | LaboratoryTrial | Motion | EmgEnvelopes | GaitPolicy) -> str:
    findings: tuple[Finding, ...] = payload.findings
    told = [finding.advice.what for finding in findings if finding.severity is not Severity.NOTE]
    more = f" And {len(told) - 1} more." if len(told) > 1 else ""
    return f"{told[0]}{more}" if told else ""


def _of_training(trained: TrainedController) -> str:
    found = trained_assistance(trained)
    return found.headline if found.warns else ""


def _of_comparison(comparison: Comparison) -> str:
    found = brief_assistance(comparison)
    return found.headline if found.warns else ""


def _learned_from(store: Store, record: RecordInfo) -> Motion | None:
    """The motion that the twin of a simulated walk learned from."""
    policy = _input(store, record, RecordKind.GAIT_POLICY)
    motion = None if policy is None else _input(store, policy, RecordKind.MOTION)
    return None if motion is None else store.load(motion.id, Motion)


def _input(store: Store, record: RecordInfo, kind: RecordKind) -> RecordInfo | None:
    """The record of this kind that another one was made from."""
    inputs = (store.info(name) for name, _digest in record.provenance.inputs)
    return next((info for info in inputs if info.kind is kind), None)


def _of_walk(gaits: RolloutSet, measured: Motion | None = None) -> str:
    """As Review's headline has it."""
    twin = gaits.find(GaitLabel.PERSONALIZED_TWIN)
    words, warns = twin_verdict(twin, joints_against(twin, measured))
    return words if warns else ""


_WARNED: dict[RecordKind, tuple[type[Any], Callable[[Any], str]]] = {
    RecordKind.LANDMARKS: (Landmarks, _of_findings),
    RecordKind.LABORATORY_TRIAL: (LaboratoryTrial, _of_findings),
    RecordKind.MOTION: (Motion, _of_findings),
    RecordKind.EMG: (EmgEnvelopes, _of_findings),
    RecordKind.GAIT_POLICY: (GaitPolicy, _of_findings),
    RecordKind.SIMULATED_GAIT: (RolloutSet, _of_walk),
    RecordKind.CONTROLLER: (TrainedController, _of_training),
    RecordKind.COMPARISON: (Comparison, _of_comparison),
}
