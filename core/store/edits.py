"""Two people change the same thing: the second one is told what the other changed, and nothing is lost.

Whoever saves says what was seen before. It is compared with what is there now, after the row was locked by a
statement that changes nothing in it: with SQLite as with PostgreSQL nobody else writes it until the
transaction ends. What stands in the row is its own version, so that no row of the trail has to change for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.domain.people import Account, PeopleRules
from core.domain.subject import Consent, Subject
from core.domain.walking_ability import VisitNotes
from core.errors import UserError, refuse
from core.store import accounts
from core.store.codec import decode
from core.store.schema import AccountTable, LogTable, PatientTable, PeopleRuleTable, VisitTable

PATIENT_CHANGED = ("patient edited", "patient archived", "patient restored")  # what the log says then
VISIT_CHANGED = ("visit noted",)
ACCOUNT_CHANGED = ("account changed", "account activated", "account deactivated")
RULES_CHANGED = "rules for people changed"
EDITED_MEANWHILE = "REC-060"
_MOST_LETTERS = 60  # of a text in a sentence
_NAMES = {
    "birth_year": "birth year",
    "height_m": "height in metres",
    "mass_kg": "mass in kilograms",
    "affected_side": "affected side",
    "device": "exo",
    "notes": "notes",
    "walking_aid": "walking aid",
    "functional_class": "functional class",
    "four_eyes": "four eyes",
    "idle_min": "minutes until the screen locks",
}
Edited = Subject | VisitNotes | PeopleRules
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OtherEdit:
    """Who wrote last, and when; nobody is named where the log does not tell."""

    who: str = ""
    on_utc: datetime | None = None

    @property
    def words(self) -> str:
        when = "" if self.on_utc is None else f" at {_clock(self.on_utc)}"
        return f"{self.who or 'Somebody else'} changed it{when}, after you had opened it"


def locked(session: Session, table: type[T], key: InstrumentedAttribute[str], value: str) -> T | None:
    """The row as it is now; nobody else changes it until this transaction ends. None: it is gone."""
    same = update(table).where(key == value).values({key.key: value})
    session.execute(same.execution_options(synchronize_session=False))
    query = select(table).where(key == value).execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def patient_to_edit(session: Session, patient_id: str, seen: Subject | None) -> PatientTable:
    """The row, locked. Refuses REC-060 and REC-061."""
    row = locked(session, PatientTable, PatientTable.id, patient_id)
    if row is None:
        raise gone_meanwhile("The patient" if seen is None else seen.code)
    now = decode(Subject, row.subject, {})
    if seen is not None and now != seen:
        other = last_edit(session, patient_id, PATIENT_CHANGED)
        raise changed_meanwhile(seen.code, other, changes(seen, now))
    return row


def visit_to_note(session: Session, visit_id: str, seen: VisitNotes | None) -> VisitTable:
    """The row, locked. Refuses REC-060 and REC-061."""
    row = locked(session, VisitTable, VisitTable.id, visit_id)
    if row is None:
        raise gone_meanwhile("The visit")
    now = decode(VisitNotes, row.notes, {})
    if seen is not None and now != seen:
        other = last_edit(session, visit_id, VISIT_CHANGED)
        raise changed_meanwhile(f"Visit {row.number}", other, changes(seen, now))
    return row


def check_account(session: Session, row: AccountTable, seen: Account | None) -> None:
    """Lock it. Refuses REC-062 where it is no longer as it was `seen`; another PIN changes nothing here."""
    locked(session, AccountTable, AccountTable.id, row.id)
    if seen is not None and (row.role, row.active) != (seen.person.role.value, seen.active):
        raise _account_changed(row, last_edit(session, row.id, ACCOUNT_CHANGED))


def check_rules(session: Session, seen: PeopleRules | None) -> None:
    """Lock them. Refuses REC-060 where they are no longer as they were `seen`."""
    same = update(PeopleRuleTable).values(name=PeopleRuleTable.name)
    session.execute(same.execution_options(synchronize_session=False))
    now = accounts.rules_of(session)
    if seen is not None and now != seen:
        raise changed_meanwhile("The rules", last_edit(session, "", (RULES_CHANGED,)), changes(seen, now))


def last_edit(session: Session, subject_id: str, actions: Sequence[str]) -> OtherEdit:
    query = select(LogTable).where(LogTable.subject_id == subject_id, LogTable.action.in_(actions))
    row = session.scalars(query.order_by(LogTable.sequence.desc()).limit(1)).first()
    return OtherEdit() if row is None else OtherEdit(row.who, row.on_utc)


def changes(seen: Edited, now: Edited) -> tuple[str, ...]:
    """What differs, in words: "mass in kilograms 60, now 62"."""
    return tuple(
        f"{_NAMES.get(one.name, one.name)} {_words(before)}, now {_words(after)}"
        for one in fields(seen)
        if (before := getattr(seen, one.name)) != (after := getattr(now, one.name))
    )


def changed_meanwhile(what: str, other: OtherEdit, changed: Sequence[str]) -> UserError:
    """`what` was not saved: a patient's code, "Visit 2", "The rules for people"."""
    return refuse(
        EDITED_MEANWHILE,
        f"{what} was not saved.",
        f"{other.words}: {'; '.join(changed)}.",
        "What you typed is still here. Look at both, then save again or discard yours.",
    )


def gone_meanwhile(what: str) -> UserError:
    return refuse(
        "REC-061",
        f"{what} was not saved.",
        "Somebody else erased the patient meanwhile.",
        "Choose another patient.",
    )


def _account_changed(row: AccountTable, other: OtherEdit) -> UserError:
    return refuse(
        "REC-062",
        f"The account of {row.name} was not changed.",
        f"{other.words}: {row.role}, {'active' if row.active else 'not active'}.",
        "Look at what is shown now, then choose again.",
    )


def _words(value: object) -> str:
    match value:
        case None | "":
            return "empty"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case Consent(by, on):
            return f"{by}, {on}"
        case Enum():
            return str(value.value)
        case str():
            cut = value if len(value) <= _MOST_LETTERS else f"{value[:_MOST_LETTERS]}…"
            return f"“{cut}”"
        case _:
            return str(value)


def _clock(on_utc: datetime) -> str:
    return f"{on_utc.replace(tzinfo=UTC).astimezone():%H:%M on %Y-%m-%d}"
