"""The part of the store that erases a patient: rows, files, copies, and what cannot be reached yet.

The order keeps the record safe: the rows go in one transaction that the trail explains; a new backup is made
and read back before an older one that holds the patient is removed; the same in the second place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.domain.audit import AuditEvent, AuditStep
from core.domain.people import Action
from core.domain.subject import Subject
from core.errors import UserError, refuse
from core.store import trail
from core.store.authority import utc_now
from core.store.codec import decode
from core.store.dialects.port import RecordDatabase, Row
from core.store.erasures import (
    Erasure,
    clear_logs,
    clear_preferences,
    forget_erasure,
    keep_erasure,
    remove_from,
    remove_jobs,
    waiting_erasures,
)
from core.store.people import People
from core.store.record_files import RecordFiles
from core.store.rows import lock_patient
from core.store.schema import DecisionTable, LogTable, PatientTable, RecordTable, VisitTable
from core.store.second_place import erase_there, read_second_place

ERASED = "patient erased"  # what the log says
_AT_ONCE = 500  # values in one statement


@dataclass(frozen=True, slots=True)
class PatientErased:
    """What was done, and what waits for its chance, in sentences."""

    rows: int
    records: int
    waiting: tuple[str, ...]


class EraseAccess(RecordFiles):
    """Base of `Store`, which gives it its people."""

    people: People

    def erase_patient(self, patient_id: str, reason: str, *, by: str, role: str = "") -> PatientErased:
        """Erase everything of a patient that this data folder and its second place hold. Not to be undone.

        Refuses PAT-031 (no name or no reason), PAT-032 (the reason names the patient) and, where people have
        accounts, PPL-001 to PPL-003 without a signature about the patient's id.
        """
        reason, by = reason.strip(), by.strip()
        with self._session() as session:
            person = self.people.require(session, Action.ERASE, by=by, about=patient_id)
            who, as_role = (by, role.strip()) if person is None else (person.name, person.role.value)
            lock_patient(session, patient_id)
            _check_words(session.get_one(PatientTable, patient_id).code, who, reason)
            erasure, rows = _belongings(session, patient_id)
            erasure = replace(erasure, place=str(read_second_place(self.data_dir) or ""))
            keep_erasure(self.data_dir, erasure)
            try:
                _erase_rows(
                    self.database, session, rows, AuditEvent("", who, as_role, reason, detail=patient_id)
                )
            except BaseException:
                forget_erasure(self.data_dir, patient_id)
                raise
        keep_erasure(self.data_dir, replace(erasure, rows_gone=True))
        self._read.cache_clear()
        return PatientErased(len(rows), len(erasure.records), self.finish_erasures())

    def last_seen(self) -> tuple[tuple[str, Subject, datetime], ...]:
        """Id of every patient, archived ones too, who it is, and when the last visit began.

        Of one without a visit: when the patient was entered. In UTC, without a time zone.
        """
        visited = func.max(VisitTable.started_utc)
        columns = select(PatientTable.id, PatientTable.subject, PatientTable.created_utc, visited)
        query = columns.outerjoin(VisitTable, VisitTable.patient_id == PatientTable.id)
        with self._session() as session:
            rows = session.execute(query.group_by(PatientTable.id).order_by(PatientTable.code)).all()
            return tuple((row[0], decode(Subject, row[1], {}), row[3] or row[2]) for row in rows)

    def finish_erasures(self) -> tuple[str, ...]:
        """Go on with erasures that were begun; what still waits, in sentences. Raises nothing of a disk."""
        waiting: list[str] = []
        for erasure in waiting_erasures(self.data_dir):
            erasure = self._looked_at(erasure)
            if not erasure.rows_gone:
                forget_erasure(self.data_dir, erasure.patient_id)  # it was cut short before anything went
                continue
            try:
                if not erasure.here:
                    self._clear_folder(erasure)
                    erasure = replace(erasure, here=True)
                    keep_erasure(self.data_dir, erasure)
                erase_there(self.data_dir)
            except (OSError, UserError) as error:
                told = error.advice.what if isinstance(error, UserError) else error.strerror or str(error)
                waiting.append(f"Something of the patient is still there: {told} It is tried again later.")
        return (*waiting, *waiting_words(self.data_dir))

    def _looked_at(self, erasure: Erasure) -> Erasure:
        """As the database has it: an older copy that was restored may have brought the patient back."""
        with self._session() as session:
            if session.get(PatientTable, erasure.patient_id) is None:
                return replace(erasure, rows_gone=True)
            if not erasure.rows_gone:
                return erasure
            again, rows = _belongings(session, erasure.patient_id)
            words = "erased before; an older copy of the record had brought it back"
            _erase_rows(
                self.database, session, rows, AuditEvent("", "ExoTwin", "", words, detail=erasure.patient_id)
            )
        names = tuple(dict.fromkeys((*erasure.names, *again.names)))
        records = tuple(dict.fromkeys((*erasure.records, *again.records)))
        return replace(erasure, names=names, records=records, here=False)

    def _clear_folder(self, erasure: Erasure) -> None:
        with self.database.errors():
            self.database.scrub(self._engine)
        self.database.renew_backups(datetime.now(UTC))
        for scope in erasure.records if self.shares_files else ():
            self.artifacts.remove_scope(scope)
        known = frozenset(record.name for record in self.stored_records())
        remove_from(self.data_dir, erasure, known=known)
        remove_jobs(self.data_dir, erasure.names)
        clear_logs(self.data_dir)
        clear_preferences(self.data_dir, erasure.names)


def waiting_words(data_dir: Path) -> tuple[str, ...]:
    """What an erasure still waits for, for a person."""
    waiting = [one for one in waiting_erasures(data_dir) if one.rows_gone and one.here and one.place]
    return tuple(
        f"The second place {place} was not there, and still holds data of {_counted(waiting, place)}; they "
        "are removed when the record is copied there the next time."
        for place in dict.fromkeys(one.place for one in waiting)
    )


def _counted(erasures: Sequence[Erasure], place: str) -> str:
    count = sum(one.place == place for one in erasures)
    return "an erased patient" if count == 1 else f"{count} erased patients"


def _belongings(session: Session, patient_id: str) -> tuple[Erasure, list[Row]]:
    """Ids, folders and rows of a patient; rows in an order in which they may be deleted."""
    visits = list(session.scalars(select(VisitTable.id).where(VisitTable.patient_id == patient_id)))
    of_visits = [record for part in _parts(visits) for record in session.execute(_records_of(part))]
    folders = tuple(f"{kind}/{name}" for kind, name in of_visits)
    names = (patient_id, *visits, *(name for _kind, name in of_visits))
    rows: list[Row] = []
    for part in _parts(visits):
        found = select(DecisionTable.sequence).where(DecisionTable.visit_id.in_(part))
        rows += [("decision", key) for key in session.scalars(found)]
    for part in _parts([*names, *folders]):
        about = LogTable.subject_id.in_(part), LogTable.action != ERASED
        found = select(LogTable.sequence).where(*about)
        rows += [("log", key) for key in session.scalars(found)]
    rows += [("record", name) for _kind, name in of_visits]
    rows += [("visit", name) for name in visits]
    return Erasure(patient_id, names, folders), [*rows, ("patient", patient_id)]


def _records_of(visits: Sequence[str]) -> Any:
    return select(RecordTable.kind, RecordTable.id).where(RecordTable.visit_id.in_(visits))


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


def _erase_rows(database: RecordDatabase, session: Session, rows: Sequence[Row], event: AuditEvent) -> None:
    """Delete rows and explain them in log and trail, with the bytes of their pages overwritten."""
    told = {"who": event.who, "action": ERASED, "subject_id": event.detail, "detail": event.meaning}
    session.add(LogTable(on_utc=utc_now(), **told))
    session.flush()  # before rows go, so that it does not get the number of one of them
    database.erase_rows(session, event.detail, rows)
    session.expire_all()
    trail.erased(session, replace(event, step=AuditStep.PATIENT_ERASED), rows)


def _check_words(code: str, by: str, reason: str) -> None:
    if not by or not reason:
        raise refuse(
            "PAT-031",
            "The patient was not erased.",
            "Erasing cannot be undone; who does it stands for it by name and with a reason.",
            "Give both.",
        )
    if re.search(rf"(?<!\w){re.escape(code)}(?!\w)", reason, re.IGNORECASE):
        raise refuse(
            "PAT-032",
            "The patient was not erased.",
            "The reason names the code, and it stays in the trail when all else is gone.",
            "Give the reason without the code.",
        )
