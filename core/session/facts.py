"""Collect what the flow depends on from the store."""

from __future__ import annotations

from datetime import datetime

from core.domain.controller import Deployment
from core.domain.findings import Severity
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Motion
from core.domain.record import Decision, RecordInfo, RecordKind
from core.domain.recording import Landmarks
from core.domain.sides_doubt import SIDES_IN_DOUBT
from core.domain.subject import Subject
from core.session.flow import RESULT, Step, VisitFacts
from core.session.sides import sides_confirmation
from core.session.stops import NEVER_OVERRIDDEN, stops_override
from core.session.warned import warning_of
from core.store.repository import Store

# Results that can stop the flow, by a stop finding or by not being confirmed; cached by their id.
_Gated = Landmarks | LaboratoryTrial | Motion | Deployment
_GATED: dict[RecordKind, type[_Gated]] = {
    RecordKind.LANDMARKS: Landmarks,
    RecordKind.LABORATORY_TRIAL: LaboratoryTrial,
    RecordKind.MOTION: Motion,
    RecordKind.DEPLOYMENT: Deployment,
}
_NOT_CONFIRMED = "not confirmed"


class FactsReader:
    """Reads the facts of a visit repeatedly, each record only once."""

    def __init__(self) -> None:
        self._stops: dict[str, frozenset[str]] = {}  # record id -> codes of its stop findings
        # A record's warning, which its own decisions and who the patient is can change.
        self._warnings: dict[tuple[str, int, Subject | None], str] = {}

    def read(self, store: Store, visit_id: str, running: frozenset[str] = frozenset()) -> VisitFacts:
        records = store.records(visit_id)
        facts = VisitFacts(store.subject_of(visit_id), records, store.decisions(visit_id), running)
        stopped = frozenset(
            kind
            for kind in _GATED
            if (newest := facts.newest(kind)) is not None and self._stopped(store, newest, facts.decisions)
        )
        warnings = {step: self._warning(store, facts, kinds) for step, kinds in RESULT.items()}
        warnings[Step.DEPLOY] = warnings[Step.COMPARE]  # what the signed comparison says of what it holds
        edited = _edited(store, visit_id)
        return VisitFacts(facts.subject, records, facts.decisions, running, stopped, warnings, edited)

    def _warning(self, store: Store, facts: VisitFacts, kinds: tuple[RecordKind, ...]) -> str:
        """Of the newest result; read once."""
        newest = facts.newest(*kinds)
        if newest is None:
            return ""
        decided = sum(decision.record_id == newest.id for decision in facts.decisions)
        known = newest.id, decided, facts.subject
        if known not in self._warnings:
            self._warnings[known] = warning_of(store, newest)
        return self._warnings[known]

    def _stopped(self, store: Store, record: RecordInfo, decisions: tuple[Decision, ...]) -> bool:
        if record.id not in self._stops:
            payload: _Gated = store.load(record.id, _GATED[record.kind])
            self._stops[record.id] = _stop_codes(payload)
        stops = self._stops[record.id]
        if sides_confirmation(decisions, record.id) is not None:
            stops = stops - {SIDES_IN_DOUBT}
        if stops_override(decisions, record.id) is not None:
            stops = stops & NEVER_OVERRIDDEN
        return bool(stops)


def _edited(store: Store, visit_id: str) -> dict[str, datetime]:
    """When what the report says of the patient, and of how the patient walks at this visit, was edited."""
    times = {
        "patient": store.last_logged("patient edited", store.visit(visit_id).patient_id),
        "visit": store.last_logged("visit noted", visit_id),
    }
    return {words: on_utc for words, on_utc in times.items() if on_utc is not None}


def _stop_codes(payload: _Gated) -> frozenset[str]:
    """Codes that stop the flow; a person settles doubtful sides, and overrides others of a motion."""
    if isinstance(payload, Deployment):
        return frozenset() if payload.confirmed else frozenset({_NOT_CONFIRMED})
    stops = {f.advice.code for f in payload.findings if f.severity is Severity.STOP}
    if isinstance(payload, Motion) and payload.sides_in_doubt:
        stops.add(SIDES_IN_DOUBT)
    return frozenset(stops)
