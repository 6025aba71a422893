"""The trail in the database. Every function works inside a transaction of the store."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from core.domain.audit import AuditEntry, AuditEvent, AuditHead, AuditStep, next_entry, words_sha256
from core.store.schema import AuditHeadTable, AuditTable
from core.store.trail_clock import doubt_of, time_of

_HEAD_ID = 1
ZERO = "\0"  # the sign that PostgreSQL keeps in no text


def append(session: Session, event: AuditEvent) -> AuditEntry:
    """Chain an event to the end of the trail."""
    return append_all(session, [(event, "")])[0]


def append_all(session: Session, events: Sequence[tuple[AuditEvent, str]]) -> tuple[AuditEntry, ...]:
    """Chain events to the end of the trail, each with the salt of its content ("" without one)."""
    # Updated first: this locks the head, so that two processes cannot both chain to the same entry.
    session.execute(update(AuditHeadTable).values(length=AuditHeadTable.length + len(events)))
    head, now = head_of(session), datetime.now(UTC)
    head = AuditHead(head.length - len(events), head.sha256)
    doubt = _doubt(session, head, now)
    entries, rows = [], []
    for event, salt in (*doubt, *(_with_words_covered((without_zero(told), salt)) for told, salt in events)):
        entry = next_entry(head, now.isoformat(), event, salt)
        rows.append(_row(entry))
        entries.append(entry)
        head = AuditHead(entry.number, entry.sha256)
    session.execute(insert(AuditTable), rows)
    session.execute(update(AuditHeadTable).values(length=head.length, sha256=head.sha256))
    return tuple(entries[len(doubt) :])


def without_zero(event: AuditEvent) -> AuditEvent:
    """As it can be kept: see `core.store.trail`. What is hashed has to be what is kept."""
    words = {field.name: getattr(event, field.name) for field in fields(AuditEvent)}
    cleaned = {name: text.replace(ZERO, "") for name, text in words.items() if ZERO in str(text)}
    return replace(event, **cleaned) if cleaned else event


def _with_words_covered(told: tuple[AuditEvent, str]) -> tuple[AuditEvent, str]:
    """What people typed about a visit must be erasable with it: see `core.domain.audit`."""
    event, salt = told
    if event.about or not event.visit_id or not event.has_words:
        return event, salt
    salt = secrets.token_hex(16)
    return replace(event, content_sha256=words_sha256(event, salt)), salt


def erase_words(session: Session, visit_ids: Sequence[str]) -> None:
    """Take away the words of entries about these visits, where the chain allows it."""
    columns = AuditTable.visit_id.in_(visit_ids), AuditTable.about == "", AuditTable.content_sha256 != ""
    session.execute(update(AuditTable).where(*columns).values(meaning="", detail="", salt=""))


def _doubt(session: Session, head: AuditHead, now: datetime) -> tuple[tuple[AuditEvent, str], ...]:
    """A remark in the trail itself, where the clock does not fit the entry before."""
    before = session.scalar(select(AuditTable.on_utc).where(AuditTable.number == head.length))
    doubt = doubt_of(time_of(before), now)
    if doubt is None:
        return ()
    return ((AuditEvent(AuditStep.CLOCK_DOUBTED, "ExoTwin", detail=doubt.words), ""),)


def head_of(session: Session) -> AuditHead:
    row = session.get_one(AuditHeadTable, _HEAD_ID, populate_existing=True)
    return AuditHead(row.length, row.sha256)


def entries_of(session: Session) -> tuple[AuditEntry, ...]:
    """The whole trail in the order of its numbers."""
    return tuple(_entry(row) for row in session.scalars(select(AuditTable).order_by(AuditTable.number)))


def _row(entry: AuditEntry) -> dict[str, object]:
    said = {field.name: str(getattr(entry.event, field.name)) for field in fields(AuditEvent)}
    links = {"previous_sha256": entry.previous_sha256, "sha256": entry.sha256}
    return {"number": entry.number, "on_utc": entry.on_utc, **said, **links, "salt": entry.salt}


def _entry(row: AuditTable) -> AuditEntry:
    """Every value as text: a manipulated entry must be detected later, not fail to load here."""
    event = AuditEvent(**{field.name: str(getattr(row, field.name)) for field in fields(AuditEvent)})
    links = str(row.previous_sha256), str(row.sha256), str(row.salt)
    return AuditEntry(row.number, str(row.on_utc), event, *links)
