"""Collect what the flow depends on from the store."""

from __future__ import annotations

from core.domain.findings import Severity
from core.domain.motion import Motion
from core.domain.record import RecordInfo, RecordKind
from core.domain.recording import Landmarks
from core.session.flow import VisitFacts
from core.store.repository import Store

# Results whose stop findings hold the flow; both are read once and remembered by their hash.
_GATED: dict[RecordKind, type[Landmarks | Motion]] = {
    RecordKind.LANDMARKS: Landmarks,
    RecordKind.MOTION: Motion,
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
            payload: Landmarks | Motion = store.load(record.id, _GATED[record.kind])
            self._stops[record.id] = any(f.severity is Severity.STOP for f in payload.findings)
        return self._stops[record.id]
