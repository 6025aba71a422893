"""Rows of the tables as values of the domain."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.domain.record import Decision, Provenance, RecordInfo, RecordKind, Verdict, Visit
from core.domain.walking_ability import VisitNotes
from core.store.authority import utc_now
from core.store.codec import decode
from core.store.schema import DecisionTable, LogTable, PatientTable, RecordTable, VisitTable

SCHEMA_VERSION = 1


def lock_patient(session: Session, patient_id: str) -> None:
    """Until the end of this transaction nobody else changes this patient or starts a visit.

    By a change that changes nothing: the one way in which both databases lock it.
    """
    column = PatientTable.archived
    changed_nothing = update(PatientTable).where(PatientTable.id == patient_id).values(archived=column)
    session.execute(changed_nothing.execution_options(synchronize_session=False))


def log_row(who: str, action: str, subject_id: str, detail: str) -> LogTable:
    return LogTable(on_utc=utc_now(), who=who, action=action, subject_id=subject_id, detail=detail)


def record_row(
    record_id: str,
    kind: RecordKind,
    visit_id: str,
    content_sha256: str,
    *,
    summary: str,
    inputs: list[list[str]],
    operator: str,
    seed: int | None,
    settings: dict[str, Any],
) -> RecordTable:
    """Of a result that is saved now. `inputs`: id and hash of each."""
    return RecordTable(
        id=record_id,
        kind=kind.value,
        visit_id=visit_id,
        created_utc=utc_now(),
        content_sha256=content_sha256,
        schema_version=SCHEMA_VERSION,
        summary=summary,
        inputs=inputs,
        operator=operator,
        code_version=version("exotwin"),
        seed=seed,
        settings=json.dumps(settings, sort_keys=True),
    )


def visit_of(row: VisitTable) -> Visit:
    notes = decode(VisitNotes, row.notes, {})
    return Visit(row.id, row.patient_id, row.number, row.started_utc, notes)


def info_of(row: RecordTable) -> RecordInfo:
    inputs = tuple((name, digest) for name, digest in row.inputs)
    provenance = Provenance(inputs, row.operator, row.code_version, row.seed, row.settings)
    return RecordInfo(
        row.id,
        RecordKind(row.kind),
        row.visit_id,
        row.created_utc,
        row.content_sha256,
        row.schema_version,
        row.summary,
        provenance,
    )


def decision_of(row: DecisionTable) -> Decision:
    return Decision(
        row.visit_id,
        row.step,
        Verdict(row.verdict),
        row.record_id,
        row.by,
        row.on_utc,
        row.reason,
        row.role,
    )
