"""Whether the record is what the trail says: each row as its newest entry has it, no row more, none less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise, takewhile

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.domain.audit import AuditEntry, AuditHead, AuditStep, BrokenLink, content_sha256, first_broken_link
from core.store import audit
from core.store.accounts import tickets_never_given
from core.store.schema import AuditHeadTable, AuditTable
from core.store.trail import CHAINED, ONCE, as_kept
from core.store.trail_clock import BACK as BACK_BY
from core.store.trail_clock import time_of

_TIMES = ("created_utc", "started_utc", "on_utc")  # of rows, when they were written
ADDED = "it was added outside of ExoTwin"
GONE = "it was removed outside of ExoTwin"
CHANGED = "it was changed outside of ExoTwin"
TWICE = "its trail says that it changed, but such a row is only ever written once"
DATED = "it came into the trail long after the time that it states"
NEVER_GIVEN = "nobody signed in or started a job with this ticket"
BACK = "it is there again, though it was erased"


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that is not what the trail says."""

    about: str  # `table:key`
    why: str
    number: int = 0  # of the newest entry about it; 0: there is none


@dataclass(frozen=True, slots=True)
class TrailCheck:
    """What the database says of itself. Signed heads, packages and exos are compared elsewhere."""

    entries: tuple[AuditEntry, ...]
    broken: BrokenLink | None
    rows: int  # compared
    erased: int
    faults: tuple[RowFault, ...]
    remarks: tuple[str, ...]


def check_trail(session: Session) -> TrailCheck:
    entries = audit.entries_of(session)
    newest = {entry.event.about: entry for entry in entries if entry.event.about}
    salts = {row.number: row.salt for row in session.execute(select(AuditTable.number, AuditTable.salt))}
    seen: set[str] = set()
    faults: list[RowFault] = []
    twice = _written_twice(entries)
    for about, row in _rows(session):
        seen.add(about)
        entry = newest.get(about)
        why = ADDED if entry is None else _wrong(row, entry, str(salts[entry.number]))
        why = why or (TWICE if about in twice else "")
        if why:
            faults.append(RowFault(about, why, 0 if entry is None else entry.number))
    explained = _erased_with_a_patient(entries)
    for about, entry in newest.items():
        if about not in seen and entry.number not in explained:
            faults.append(RowFault(about, GONE, entry.number))
    faults += [RowFault(f"ticket:{key[:12]}", NEVER_GIVEN) for key in tickets_never_given(session)]
    erased = sum(entry.event.step == AuditStep.ROW_ERASED for entry in newest.values())
    broken = first_broken_link(entries, _stored_head(session))
    return TrailCheck(entries, broken, len(seen), erased, tuple(faults), backward_times(entries))


def _erased_with_a_patient(entries: Sequence[AuditEntry]) -> frozenset[int]:
    """Numbers of the erased rows that follow the erasure of a patient whose own row is among them.

    The patient has to be one that was entered before, and results and decisions have to be of visits that are
    erased with it: an erasure that somebody only appends explains no decision that is gone.
    """
    explained: set[int] = set()
    visit_of: dict[str, str] = {}  # of the rows so far, where they have one
    for start, entry in enumerate(entries):
        event = entry.event
        if event.about and event.step != AuditStep.ROW_ERASED:
            visit_of[event.about] = event.visit_id
        if event.step != AuditStep.PATIENT_ERASED:
            continue
        rows = list(takewhile(lambda later: later.event.step == AuditStep.ROW_ERASED, entries[start + 1 :]))
        names = {row.event.about for row in rows}
        if not any(name.startswith("patient:") and name in visit_of for name in names):
            continue
        explained |= {
            row.number
            for row in rows
            if not (visit := visit_of.get(row.event.about)) or f"visit:{visit}" in names
        }
    return frozenset(explained)


def _written_twice(entries: Sequence[AuditEntry]) -> frozenset[str]:
    """Rows that the program never changes, and that have a second entry nevertheless."""
    times = Counter(entry.event.about for entry in entries if entry.event.step != AuditStep.ROW_ERASED)
    return frozenset(about for about, count in times.items() if count > 1 and about.split(":")[0] in ONCE)


def _wrong(row: dict[str, object], entry: AuditEntry, salt: str) -> str:
    if not entry.event.content_sha256:
        return BACK
    if content_sha256(row, salt) != entry.event.content_sha256:
        return CHANGED
    stated = next((time_of(str(row[name])) for name in _TIMES if name in row), None)
    chained = time_of(entry.on_utc)
    if entry.event.step != AuditStep.ROW_WRITTEN or stated is None or chained is None:
        return ""
    return DATED if abs(chained - stated) > BACK_BY else ""


def backward_times(entries: Sequence[AuditEntry]) -> tuple[str, ...]:
    """A sentence for each entry that is dated clearly before the one in front of it."""
    remarks = []
    for before, entry in pairwise(entries):
        step = time_of(before.on_utc), time_of(entry.on_utc)
        if step[0] is not None and step[1] is not None:
            back = step[0] - step[1]
            if back > BACK_BY:
                remarks.append(
                    f"Entry {entry.number} is dated {_span(back)} before the entry in front of it: the clock "
                    "of the PC was set back."
                )
    return tuple(remarks)


def _stored_head(session: Session) -> AuditHead:
    """What contradicts every trail, where somebody took the head away."""
    row = session.execute(select(AuditHeadTable.length, AuditHeadTable.sha256)).one_or_none()
    return AuditHead(-1, "") if row is None else AuditHead(int(row.length), str(row.sha256))


def _rows(session: Session) -> Iterator[tuple[str, dict[str, object]]]:
    for table, key in CHAINED.items():
        for row in session.execute(text(f"SELECT * FROM {table}")).mappings():
            yield f"{table}:{row[key]}", as_kept(row)


def _span(time: timedelta) -> str:
    minutes = time.total_seconds() / 60
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.0f} hours" if minutes < 48 * 60 else f"{minutes / 1440:.0f} days"
