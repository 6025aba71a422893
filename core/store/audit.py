"""The trail in the database. Every function works inside a transaction of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.domain.audit import AuditEntry, AuditEvent, AuditHead, next_entry
from core.store.schema import AuditHeadTable, AuditTable

_HEAD_ID = 1


def append(session: Session, event: AuditEvent) -> AuditEntry:
    """Chain an event to the end of the trail."""
    return append_all(session, [(event, "")])[0]


def append_all(session: Session, events: Sequence[tuple[AuditEvent, str]]) -> tuple[AuditEntry, ...]:
    """Chain events to the end of the trail, each with the salt of its content ("" without one)."""
    # Updated first: this locks the head, so that two processes cannot both chain to the same entry.
    grown = AuditHeadTable.length + len(events)
    session.execute(update(AuditHeadTable).values(length=grown))
    head, now = head_of(session), datetime.now(UTC).isoformat()
    head = AuditHead(head.length - len(events), head.sha256)
    entries = []
    for event, salt in events:
        entry = next_entry(head, now, event)
        session.add(_row(entry, salt))
        entries.append(entry)
        head = AuditHead(entry.number, entry.sha256)
    session.execute(update(AuditHeadTable).values(sha256=head.sha256))
    return tuple(entries)


def head_of(session: Session) -> AuditHead:
    row = session.get_one(AuditHeadTable, _HEAD_ID, populate_existing=True)
    return AuditHead(row.length, row.sha256)


def entries_of(session: Session) -> tuple[AuditEntry, ...]:
    """The whole trail in the order of its numbers."""
    return tuple(_entry(row) for row in session.scalars(select(AuditTable).order_by(AuditTable.number)))


def _row(entry: AuditEntry, salt: str) -> AuditTable:
    return AuditTable(
        number=entry.number,
        on_utc=entry.on_utc,
        previous_sha256=entry.previous_sha256,
        sha256=entry.sha256,
        salt=salt,
        **{name: str(value) for name, value in asdict(entry.event).items()},
    )


def _entry(row: AuditTable) -> AuditEntry:
    """Every value as text: a manipulated entry must be detected later, not fail to load here."""
    event = AuditEvent(**{field.name: str(getattr(row, field.name)) for field in fields(AuditEvent)})
    return AuditEntry(row.number, str(row.on_utc), event, str(row.previous_sha256), str(row.sha256))
