"""The store: the only place that knows both the database and the record folders."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.domain.audit import AuditEvent, AuditStep
from core.domain.patient_code import check_code
from core.domain.people import ACTION_OF_KIND, Action, patient_action
from core.domain.record import Decision, LogEntry, RecordInfo, RecordKind, Verdict, Visit
from core.domain.release import signed_thing
from core.domain.subject import Subject, check_consent, check_diagnosis
from core.domain.walking_ability import VisitNotes
from core.errors import UserError
from core.store import audit
from core.store.accounts import pin_given_words
from core.store.authority import utc_now
from core.store.codec import decode, encode
from core.store.database import database_of, require_a_record
from core.store.dialects.port import RecordDatabase
from core.store.erase_access import EraseAccess
from core.store.files import Attachment, stage_record
from core.store.folder_lock import FolderHold, hold
from core.store.identity import remember_people
from core.store.open_folder import FILES_REMOVED
from core.store.opening import open_engine, open_engine_to_read
from core.store.orphans import remove_parts, sweep
from core.store.patient_edits import PatientEdits
from core.store.people import People
from core.store.reading_people import ReadingPeople
from core.store.record_refusals import code_taken, unknown
from core.store.rows import decision_of, info_of, lock_patient, record_row, visit_of
from core.store.rows import log_row as _log
from core.store.schema import DecisionTable, LogTable, PatientTable, RecordTable, VisitTable
from core.store.tickets import ticket_of_process
from core.store.trainings import Trainings
from core.vault.scratch import sweep as sweep_plain

STILL_READ = ("REC-003", "REC-006", "REC-010")  # why nothing can be written, but all can be read


@dataclass(frozen=True, slots=True)
class PatientRow:
    id: str
    subject: Subject
    archived: bool


def open_store(data_dir: Path, ticket: str | None = None, *, to_read: bool = False) -> Store:
    """Open the record of a data folder; use it as a context manager.

    `ticket` tells who acts; without one that of this process counts (see `core.store.authority`). Refuses
    REC-010 and REC-011 while another program has the folder, REC-003 on a full disk and REC-006 on one that
    cannot be written. With `to_read` it opens also then (not for REC-011), and refuses with the same what
    would change something (`Store.writable`); and REC-016 a folder without a record.
    """
    acts = ticket_of_process() if ticket is None else ticket
    if to_read:
        require_a_record(data_dir)
    database = database_of(data_dir)
    try:
        return _open_to_write(database, acts)
    except UserError as error:
        if not to_read or error.advice.code not in STILL_READ:
            raise
        return Store(database, open_engine_to_read(database, error), None, acts, error)


def _open_to_write(database: RecordDatabase, ticket: str) -> Store:
    with ExitStack() as undo:
        claim = hold(database.data_dir)
        undo.callback(claim.give_back)
        engine = open_engine(database)
        undo.callback(engine.dispose)
        store = Store(database, engine, claim, ticket)
        if claim.first:
            store.sweep()
        undo.pop_all()
    return store


class Store(PatientEdits, EraseAccess):
    """The record of one open data folder."""

    def __init__(
        self,
        database: RecordDatabase,
        engine: Engine,
        claim: FolderHold | None,
        ticket: str = "",
        only_read: UserError | None = None,
    ) -> None:
        super().__init__(database, engine, claim, only_read)
        self.people = self._people(ticket)
        self.people.made = lambda: remember_people(self.data_dir)
        self.trainings = Trainings(engine, self._errors, shared=self.shared)

    def _people(self, ticket: str) -> People:
        def log(session: Session, *words: str) -> None:
            session.add(_log(*words))

        if self._only_read is not None:
            return ReadingPeople(self._session, log, self._only_read)
        return People(self._session, log, ticket)

    def sweep(self) -> None:
        """Clear what a program that was killed left behind; what was moved is logged."""
        sweep_plain(self.data_dir)
        self.finish_erasures()
        if not self.shared:
            self.trainings.forget_all()
        if self.shares_files:
            remove_parts(self.data_dir)
            self.sweep_copies()
            return
        swept = sweep(self.database, self._engine)
        for name in swept.set_aside:
            self.log("ExoTwin", "result without a row set aside", name, "kept in the folder quarantine")
        for name in swept.put_back:
            self.log("ExoTwin", "result put back", name, "its row came back with a backup")

    # patients and visits

    def add_patient(self, subject: Subject, *, by: str = "") -> str:
        """Refuses PAT-005 (the code is taken), PAT-020 (too long, or other signs), PAT-021 and PAT-033."""
        check_code(subject.code)
        check_diagnosis(subject.diagnosis)
        check_consent(subject, date.today())
        patient_id = uuid4().hex
        row = PatientTable(
            id=patient_id,
            code=subject.code,
            subject=encode(subject)[0],
            archived=False,
            created_utc=utc_now(),
        )
        try:
            with self._session() as session:
                by = self.people.acts_as(session, patient_action(subject), by)
                session.add(row)
                session.add(_log(by, "patient created", patient_id, subject.code))
        except IntegrityError as error:
            raise code_taken(subject.code) from error
        return patient_id

    def patient(self, patient_id: str) -> PatientRow:
        """Raises UserError REC-007 when there is no such patient: somebody else may have erased it."""
        with self._session() as session:
            row = session.get(PatientTable, patient_id)
            if row is None:
                raise unknown("patient", patient_id)
            return _patient(row)

    def has_patient(self, patient_id: str) -> bool:
        with self._session() as session:
            return session.get(PatientTable, patient_id) is not None

    def patients(self, search: str = "", *, archived: bool = False) -> tuple[PatientRow, ...]:
        """Patients whose code or diagnosis contains `search`, newest first."""
        query = select(PatientTable).where(PatientTable.archived == archived)
        with self._session() as session:
            rows = session.scalars(query.order_by(PatientTable.created_utc.desc())).all()
            found = tuple(_patient(row) for row in rows)
        wanted = search.casefold().strip()
        return tuple(
            row
            for row in found
            if wanted in row.subject.code.casefold() or wanted in row.subject.diagnosis.casefold()
        )

    def codes(self) -> tuple[str, ...]:
        """The codes of all patients, archived ones too."""
        with self._session() as session:
            return tuple(session.scalars(select(PatientTable.code)))

    def start_visit(self, patient_id: str, *, by: str = "", notes: VisitNotes | None = None) -> Visit:
        subject = self.patient(patient_id).subject
        with self._session() as session:
            by = self.people.acts_as(session, patient_action(subject), by)
            lock_patient(session, patient_id)  # two visits that start at once get two numbers
            highest = session.scalar(
                select(func.max(VisitTable.number)).where(VisitTable.patient_id == patient_id)
            )
            row = VisitTable(
                id=uuid4().hex,
                patient_id=patient_id,
                number=(highest or 0) + 1,
                started_utc=utc_now(),
                notes=encode(notes or VisitNotes())[0],
            )
            session.add(row)
            session.flush()
            session.add(_log(by, "visit started", row.id, f"visit {row.number}"))
            return visit_of(row)

    def visit(self, visit_id: str) -> Visit:
        """Raises UserError REC-007 when there is no such visit."""
        with self._session() as session:
            row = session.get(VisitTable, visit_id)
            if row is None:
                raise unknown("visit", visit_id)
            return visit_of(row)

    def visits(self, patient_id: str) -> tuple[Visit, ...]:
        query = select(VisitTable).where(VisitTable.patient_id == patient_id).order_by(VisitTable.number)
        with self._session() as session:
            return tuple(visit_of(row) for row in session.scalars(query))

    def subject_of(self, visit_id: str) -> Subject:
        return self.patient(self.visit(visit_id).patient_id).subject

    # records

    def save(
        self,
        kind: RecordKind,
        payload: Any,
        *,
        visit_id: str,
        summary: str,
        inputs: tuple[str, ...] = (),
        operator: str = "",
        seed: int | None = None,
        settings: dict[str, Any] | None = None,
        files: tuple[Path | Attachment, ...] = (),
    ) -> str:
        """Write an immutable record and return its id. `files` are copied into its folder."""
        with self._session() as session:
            operator = self.people.acts_as(session, ACTION_OF_KIND[kind], operator, visit_id)
        record_id = uuid4().hex
        staged = stage_record(self._folder(kind, record_id), payload, files, self.owner_of(visit_id))
        try:
            with self._sent(staged), self._session() as session:
                saved = record_row(
                    record_id,
                    kind,
                    visit_id,
                    staged.sha256,
                    summary=summary,
                    inputs=[[name, self.info(name).content_sha256] for name in inputs],
                    operator=operator,
                    seed=seed,
                    settings=settings or {},
                )
                session.add_all([saved, _log(operator, f"{kind.value} saved", record_id, summary)])
                self.database.placing(session)  # no folder lacks its row by chance
                session.flush()
                staged.put_in_place()
        finally:
            staged.discard()
        return record_id

    def remove_files(self, record_id: str, names: tuple[str, ...], *, by: str) -> None:
        """Remove files that were attached to a record, such as a video; its numbers stay.

        Refuses to take what the record itself is made of (ValueError).
        """
        if {"record.json", "arrays.npz"} & set(names):
            raise ValueError("only attached files can be removed")
        info = self.info(record_id)
        with self._session() as session:
            by = self.people.acts_as(session, Action.ERASE, by, info.visit_id)
            session.add(_log(by, FILES_REMOVED, record_id, ", ".join(names)))
        self._drop_files(info, names)

    def records(self, visit_id: str) -> tuple[RecordInfo, ...]:
        """All records of a visit, oldest first."""
        query = select(RecordTable).where(RecordTable.visit_id == visit_id).order_by(RecordTable.sequence)
        with self._session() as session:
            return tuple(info_of(row) for row in session.scalars(query))

    def latest(self, visit_id: str, kind: RecordKind) -> RecordInfo | None:
        query = select(RecordTable).where(RecordTable.visit_id == visit_id, RecordTable.kind == kind.value)
        with self._session() as session:
            row = session.scalars(query.order_by(RecordTable.sequence.desc()).limit(1)).first()
            return None if row is None else info_of(row)

    # decisions and the log

    def decide(
        self,
        visit_id: str,
        step: str,
        verdict: Verdict,
        *,
        record_id: str | None = None,
        by: str = "",
        role: str = "",
        reason: str = "",
        second: str = "",
    ) -> None:
        """Append a decision; the newest one of a step counts. A signature also goes into the audit trail.

        In people mode name and role are those of the account, whatever was typed; a release may need a
        `second` person (see `core.store.authority`), whose decision stands before the first one's. A PIN
        is given for these very words. Refuses a signature (REC-042) while the PC's clock is behind.
        """
        if verdict is Verdict.SIGNED:
            self.require_clock()
        synthetic, about = self.subject_of(visit_id).synthetic, record_id or visit_id
        with self._session() as session:
            signed_for = signed_thing(about, reason) if verdict is Verdict.SIGNED else about
            people = self.people.deciders(session, verdict, by, second, signed_for, synthetic=synthetic)
            for name, held in reversed([(one.name, one.role.value) for one in people] or [(by, role)]):
                row = DecisionTable(
                    visit_id=visit_id,
                    step=step,
                    verdict=verdict.value,
                    record_id=record_id,
                    by=name,
                    on_utc=utc_now(),
                    reason=reason,
                    role=held,
                )
                session.add(row)
                session.add(_log(name, f"{step} {verdict.value}", about, reason))
                if verdict is Verdict.SIGNED:
                    signed = AuditEvent(AuditStep.APPROVED, name, held, reason, visit_id, record_id or "")
                    audit.append(session, replace(signed, detail=pin_given_words(session, name, utc_now())))

    def decisions(self, visit_id: str) -> tuple[Decision, ...]:
        """Decisions of a visit, oldest first."""
        query = select(DecisionTable).where(DecisionTable.visit_id == visit_id)
        with self._session() as session:
            rows = session.scalars(query.order_by(DecisionTable.sequence))
            return tuple(decision_of(row) for row in rows)

    def log(self, who: str, action: str, subject_id: str, detail: str = "") -> None:
        with self._session() as session:
            session.add(_log(who, action, subject_id, detail))

    def last_logged(self, action: str, subject_id: str) -> datetime | None:
        """When the log last tells this of a patient, visit or record; None when it never does."""
        query = select(func.max(LogTable.on_utc)).where(
            LogTable.action == action, LogTable.subject_id == subject_id
        )
        with self._session() as session:
            return session.scalar(query)

    def log_entries(self) -> tuple[LogEntry, ...]:
        with self._session() as session:
            rows = session.scalars(select(LogTable).order_by(LogTable.sequence))
            return tuple(LogEntry(r.on_utc, r.who, r.action, r.subject_id, r.detail) for r in rows)


def _patient(row: PatientTable) -> PatientRow:
    return PatientRow(row.id, decode(Subject, row.subject, {}), row.archived)
