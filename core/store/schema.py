"""Tables. Results, decisions, log and audit are append-only: triggers of the migrations refuse changes.

The trail covers every row of `core.store.trail.CHAINED`. A column that is added to one of them later has to
be empty or NULL in the rows that are there, or their hashes do not fit any more.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class PatientTable(Base):
    __tablename__ = "patient"

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    subject: Mapped[dict[str, object]] = mapped_column(JSON)
    archived: Mapped[bool] = mapped_column(default=False)
    created_utc: Mapped[datetime]


class VisitTable(Base):
    __tablename__ = "visit"
    __table_args__ = (UniqueConstraint("patient_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"))
    number: Mapped[int]
    started_utc: Mapped[datetime]
    notes: Mapped[dict[str, object]] = mapped_column(JSON)  # of `VisitNotes`; {} in older folders


class RecordTable(Base):
    __tablename__ = "record"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    visit_id: Mapped[str] = mapped_column(ForeignKey("visit.id"), index=True)
    created_utc: Mapped[datetime]
    content_sha256: Mapped[str]
    schema_version: Mapped[int]
    summary: Mapped[str]
    inputs: Mapped[list[list[str]]] = mapped_column(JSON)
    operator: Mapped[str]
    code_version: Mapped[str]
    seed: Mapped[int | None] = mapped_column(BigInteger)
    settings: Mapped[str]


class DecisionTable(Base):
    __tablename__ = "decision"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visit.id"), index=True)
    step: Mapped[str]
    verdict: Mapped[str]
    record_id: Mapped[str | None]
    by: Mapped[str]
    on_utc: Mapped[datetime]
    reason: Mapped[str]
    role: Mapped[str]


class LogTable(Base):
    __tablename__ = "log"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    on_utc: Mapped[datetime]
    who: Mapped[str]
    action: Mapped[str]
    subject_id: Mapped[str]
    detail: Mapped[str]


class AuditTable(Base):
    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    on_utc: Mapped[str]
    step: Mapped[str]
    who: Mapped[str]
    role: Mapped[str]
    meaning: Mapped[str]
    visit_id: Mapped[str]
    record_id: Mapped[str]
    package_sha256: Mapped[str]
    device_serial: Mapped[str]
    detail: Mapped[str]
    previous_sha256: Mapped[str]
    sha256: Mapped[str]
    about: Mapped[str] = mapped_column(default="")
    content_sha256: Mapped[str] = mapped_column(default="")
    salt: Mapped[str] = mapped_column(default="")  # outside the chain, erased with the row


class AuditHeadTable(Base):
    """One row: how long the trail is and the hash of its last entry."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    length: Mapped[int]
    sha256: Mapped[str]


class AccountTable(Base):
    __tablename__ = "account"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(unique=True)  # casefolded: no two people differ by capitals only
    role: Mapped[str]
    pin: Mapped[str]  # see `core.store.pins`
    first_pin: Mapped[bool]
    active: Mapped[bool]
    made_utc: Mapped[datetime]
    changed_utc: Mapped[datetime]


class PinGuessTable(Base):
    """How many wrong PINs were given in a row, and until when none is taken."""

    __tablename__ = "pin_guess"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    wrong: Mapped[int]
    wait_until_utc: Mapped[datetime | None]


class SignatureTable(Base):
    """One checked PIN for one action on one thing; used once."""

    __tablename__ = "signature"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    action: Mapped[str]
    about: Mapped[str]  # record, visit, name or other thing that is signed
    proven_utc: Mapped[datetime]
    spent_utc: Mapped[datetime | None]


class TicketTable(Base):
    """Who acts through a store: made by a sign-in or for a job. Only the hash of the ticket is kept."""

    __tablename__ = "ticket"

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str]
    of_job: Mapped[bool]
    granted: Mapped[str]  # signed actions that were proven when the job was started
    opened_utc: Mapped[datetime]


class PeopleRuleTable(Base):
    __tablename__ = "people_rule"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class TrainingTable(Base):
    """The one training of a visit that runs; see `core.store.trainings`."""

    __tablename__ = "training"

    visit_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]  # of this lease, made for it
    kind: Mapped[str]  # of the job
    who: Mapped[str]
    program: Mapped[str]
    host: Mapped[str]
    since_utc: Mapped[datetime]
    alive_utc: Mapped[datetime]  # by the clock of the database
