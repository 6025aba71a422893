"""The audit trail in the database. Every function works inside a transaction of the store."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.domain.audit import AuditEntry, AuditEvent, AuditHead, next_entry
from core.store.schema import AuditHeadTable, AuditTable

_HEAD_ID = 1


def append(session: Session, event: AuditEvent) -> AuditEntry:
    """Chain an event to the end of the trail."""
    # Updated first: this locks the head, so that two processes cannot both chain to the same entry.
    session.execute(update(AuditHeadTable).values(length=AuditHeadTable.length + 1))
    head = head_of(session)
    entry = next_entry(AuditHead(head.length - 1, head.sha256), datetime.now(UTC).isoformat(), event)
    session.add(_row(entry))
    session.execute(update(AuditHeadTable).values(sha256=entry.sha256))
    return entry


def head_of(session: Session) -> AuditHead:
    row = session.get_one(AuditHeadTable, _HEAD_ID, populate_existing=True)
    return AuditHead(row.length, row.sha256)


def entries_of(session: Session) -> tuple[AuditEntry, ...]:
    """The whole trail in the order of its numbers."""
    return tuple(_entry(row) for row in session.scalars(select(AuditTable).order_by(AuditTable.number)))


def _row(entry: AuditEntry) -> AuditTable:
    return AuditTable(
        number=entry.number,
        on_utc=entry.on_utc,
        previous_sha256=entry.previous_sha256,
        sha256=entry.sha256,
        **{name: str(value) for name, value in asdict(entry.event).items()},
    )


def _entry(row: AuditTable) -> AuditEntry:
    """Every value as text: a manipulated entry must be detected later, not fail to load here."""
    event = AuditEvent(**{field.name: str(getattr(row, field.name)) for field in fields(AuditEvent)})
    return AuditEntry(row.number, str(row.on_utc), event, str(row.previous_sha256), str(row.sha256))
