"""Calibrations of earlier visits: cameras of a laboratory that nobody moved need no new one."""

from __future__ import annotations

from core.domain.record import RecordInfo, RecordKind
from core.store.repository import Store


def earlier_calibration(store: Store, visit_id: str) -> RecordInfo | None:
    """The newest calibration of any other visit, of this patient or another: cameras are the laboratory's."""
    found = [
        info
        for patient in store.patients()
        for visit in store.visits(patient.id)
        if visit.id != visit_id and (info := store.latest(visit.id, RecordKind.CALIBRATION)) is not None
    ]
    return max(found, key=lambda info: info.created_utc, default=None)
