"""Every row that the store writes is chained to the trail, in the transaction that writes it.

A `ChainedSession` notices by itself which rows were written, so that nobody can forget one; `seal` chains
them. Statements past the mapped classes (`session.execute(update(...))`) are not noticed: who needs one calls
`chained`. Rows are read back as the database keeps them, so that the same text is hashed now and later.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, event, select, text, update
from sqlalchemy.orm import Session

from core.domain.audit import AuditEntry, AuditEvent, AuditStep, content_sha256
from core.store import audit
from core.store.dialects.port import Row
from core.store.schema import AuditTable, LogTable

# Table -> the column by which entries name its rows.
CHAINED: Mapping[str, str] = {
    "patient": "id",
    "visit": "id",
    "record": "id",
    "decision": "sequence",
    "log": "sequence",
    "account": "id",
    "pin_guess": "account_id",
    "signature": "number",
    "people_rule": "name",
}
ONCE = frozenset({"record", "decision", "log"})  # written once and never changed
_ONE = {table: text(f"SELECT * FROM {table} WHERE {key} = :key") for table, key in CHAINED.items()}
_WRITTEN, _WHO = "rows written in this transaction", "who wrote them"


class ChainedSession(Session):
    """A session that remembers which rows of `CHAINED` it wrote."""


@event.listens_for(ChainedSession, "before_flush")
def _leave_out_zero(session: Session, _context: object, _rows: object) -> None:
    """No text gets the sign that PostgreSQL cannot keep: SQLite's records may be moved there."""
    for row in (*session.new, *session.dirty):
        for name, value in list(vars(row).items()):
            if isinstance(value, str) and audit.ZERO in value:
                setattr(row, name, value.replace(audit.ZERO, ""))


@event.listens_for(ChainedSession, "after_flush")
def _remember(session: Session, _context: object) -> None:
    written: dict[Row, AuditStep] = session.info.setdefault(_WRITTEN, {})
    changed = [row for row in session.dirty if session.is_modified(row)]
    for step, rows in ((AuditStep.ROW_WRITTEN, session.new), (AuditStep.ROW_CHANGED, changed)):
        for row in rows:
            table = row.__tablename__
            if table in CHAINED:
                written.setdefault((table, getattr(row, CHAINED[table])), step)
            if isinstance(row, LogTable):
                session.info[_WHO] = row.who


def seal(session: Session) -> None:
    """Chain what this transaction wrote; called last in it."""
    session.flush()
    written: dict[Row, AuditStep] = session.info.pop(_WRITTEN, {})
    who = session.info.pop(_WHO, "")
    order = list(CHAINED)
    rows = sorted(written, key=lambda row: (order.index(row[0]), row[1]))  # sets of a session have no order
    if rows:
        audit.append_all(session, [chained(session, AuditEvent(written[row], who), row) for row in rows])


def chained(session: Session, about: AuditEvent, row: Row) -> tuple[AuditEvent, str]:
    """The event as one about this row as it stands now, with the salt of its content.

    A row that is gone has no content: this is how its erasure is chained.
    """
    table, key = row
    named = f"{table}:{key}"
    found = content_of(session, row)
    if found is None:
        return replace(about, about=named), ""
    salt = secrets.token_hex(16)
    links = {name: str(found[name]) for name in ("visit_id",) if found.get(name)}
    return replace(about, about=named, content_sha256=content_sha256(found, salt), **links), salt


def content_of(session: Session, row: Row) -> dict[str, Any] | None:
    """The row as `as_kept` has it; None when there is none."""
    table, key = row
    found = session.execute(_ONE[table], {"key": key}).mappings().one_or_none()
    return None if found is None else as_kept(found)


def as_kept(row: RowMapping | Mapping[str, Any]) -> dict[str, Any]:
    """A row with every value as SQLite keeps it: a hash fits, wherever the record lies or is moved to."""
    return {name: _as_kept(value) for name, value in row.items()}


def _as_kept(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, dict | list):
        return json.dumps(value)
    return int(value) if isinstance(value, bool) else value


def is_chained(session: Session, row: Row) -> bool:
    """Whether the row is there as its newest entry in the trail has it."""
    table, key = row
    entry = select(AuditTable.content_sha256, AuditTable.salt).where(AuditTable.about == f"{table}:{key}")
    newest = session.execute(entry.order_by(AuditTable.number.desc()).limit(1)).one_or_none()
    found = content_of(session, row)
    if newest is None or found is None:
        return False
    return content_sha256(found, str(newest.salt)) == str(newest.content_sha256)


def forget_salts(session: Session, rows: Sequence[Row]) -> None:
    """Of all contents that these rows had, so that no hash in the trail can be matched with a guess."""
    names = [f"{table}:{key}" for table, key in rows]
    session.execute(update(AuditTable).where(AuditTable.about.in_(names)).values(salt=""))


def erased(session: Session, event: AuditEvent, rows: Sequence[Row]) -> tuple[AuditEntry, ...]:
    """Explain rows of a patient that are gone: call it after that, in the same transaction.

    `event` says who erased which patient and why.
    """
    session.flush()
    written: dict[Row, AuditStep] = session.info.setdefault(_WRITTEN, {})
    for row in rows:
        written.pop(row, None)
    told = AuditEvent(AuditStep.ROW_ERASED, event.who)
    events = [(replace(event, step=AuditStep.PATIENT_ERASED), "")]
    return audit.append_all(session, [*events, *(chained(session, told, row) for row in rows)])
