"""What is worth a warning in a result that the flow goes on with, in one sentence; "" for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.domain.assistance import trained_assistance
from core.domain.controller import Comparison, TrainedController
from core.domain.emg import EmgEnvelopes
from core.domain.findings import Finding, Severity
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Motion
from core.domain.record import RecordInfo, RecordKind
from core.domain.recording import Landmarks
from core.domain.situation_effects import brief_assistance
from core.domain.twin import GaitPolicy
from core.errors import UserError
from core.store.repository import Store


def warning_of(store: Store, record: RecordInfo) -> str:
    """The verdict of a controller that does not simply help; the first of other warnings."""
    if record.kind not in _WARNED:
        return ""
    payload_type, warning = _WARNED[record.kind]
    try:
        return warning(store.load(record.id, payload_type))
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


_WARNED: dict[RecordKind, tuple[type[Any], Callable[[Any], str]]] = {
    RecordKind.LANDMARKS: (Landmarks, _of_findings),
    RecordKind.LABORATORY_TRIAL: (LaboratoryTrial, _of_findings),
    RecordKind.MOTION: (Motion, _of_findings),
    RecordKind.EMG: (EmgEnvelopes, _of_findings),
    RecordKind.GAIT_POLICY: (GaitPolicy, _of_findings),
    RecordKind.CONTROLLER: (TrainedController, _of_training),
    RecordKind.COMPARISON: (Comparison, _of_comparison),
}
