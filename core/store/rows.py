"""Rows of the tables as values of the domain."""

from __future__ import annotations

from core.domain.record import Decision, Provenance, RecordInfo, RecordKind, Verdict, Visit
from core.domain.walking_ability import VisitNotes
from core.store.codec import decode
from core.store.schema import DecisionTable, RecordTable, VisitTable


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
