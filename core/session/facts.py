"""Collect what the flow depends on from the store."""

from __future__ import annotations

from core.domain.controller import Deployment
from core.domain.findings import Severity
from core.domain.motion import Motion
from core.domain.record import RecordInfo, RecordKind
from core.domain.recording import Landmarks
from core.session.flow import VisitFacts
from core.store.repository import Store

# Results that can hold the flow, by a stop finding or by not being kept; read once, remembered by their id.
_GATED: dict[RecordKind, type[Landmarks | Motion | Deployment]] = {
    RecordKind.LANDMARKS: Landmarks,
    RecordKind.MOTION: Motion,
    RecordKind.DEPLOYMENT: Deployment,
}


class FactsReader:
    """Reads facts again and again without reading the same record twice."""

    def __init__(self) -> None:
        self._stops: dict[str, bool] = {}

    def read(self, store: Store, visit_id: str, running: frozenset[str] = frozenset()) -> VisitFacts:
        records = store.records(visit_id)
        facts = VisitFacts(store.subject_of(visit_id), records, store.decisions(visit_id), running)
        stopped = frozenset(
            kind
            for kind in _GATED
            if (newest := facts.newest(kind)) is not None and self._stopped(store, newest)
        )
        return VisitFacts(facts.subject, records, facts.decisions, running, stopped)

    def _stopped(self, store: Store, record: RecordInfo) -> bool:
        if record.id not in self._stops:
            payload: Landmarks | Motion | Deployment = store.load(record.id, _GATED[record.kind])
            self._stops[record.id] = _holds(payload)
        return self._stops[record.id]


def _holds(payload: Landmarks | Motion | Deployment) -> bool:
    if isinstance(payload, Deployment):
        return not payload.confirmed
    return any(finding.severity is Severity.STOP for finding in payload.findings)
