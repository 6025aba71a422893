"""Provenance of a controller for its package: ancestors, approvals and the previous package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from uuid import uuid4

from core.deploy.manifest import Ancestor, Approval, Origin, to_utc
from core.domain.controller import Package
from core.domain.record import RecordInfo, RecordKind, Verdict
from core.domain.release import Purpose
from core.store.repository import Store

PLAIN_MEANING = "signed the comparison"  # of a signature that was given without words


@dataclass(frozen=True, slots=True)
class Target:
    """Whom and which exo a package is for."""

    purpose: Purpose = Purpose.VIRTUAL_ONLY
    serial: str = ""
    kept_counter: int = 0  # of that exo


def origin_of(store: Store, controller_id: str, comparison_id: str, tag: str, target: Target) -> Origin:
    visit_id = store.info(controller_id).visit_id
    packages, head = packages_of_patient(store, visit_id), store.audit_head()
    return Origin(
        subject_tag=tag,
        package_id=uuid4().hex,
        version=f"1.{len(packages)}.0",
        created_utc=datetime.now(UTC),
        app_version=version("exotwin"),
        approvals=approvals(store, visit_id, comparison_id),
        records=ancestors(store, controller_id),
        previous_sha256=store.load(packages[-1].id, Package).manifest_sha256 if packages else "",
        device_serial=target.serial,
        audit=head,
        purpose=target.purpose,
        # The trail of a site only grows, and every package adds to it: its length rises over all patients.
        counter=max(head.length, target.kept_counter) + 1,
    )


def packages_of_patient(store: Store, visit_id: str) -> list[RecordInfo]:
    """Every package of this patient, of all visits, oldest first."""
    visits = store.visits(store.visit(visit_id).patient_id)
    found = [info for visit in visits for info in store.records(visit.id) if info.kind is RecordKind.PACKAGE]
    return sorted(found, key=lambda info: info.created_utc)


def approvals(store: Store, visit_id: str, comparison_id: str) -> tuple[Approval, ...]:
    return tuple(
        Approval(decision.by, decision.role, decision.reason or PLAIN_MEANING, to_utc(decision.on_utc))
        for decision in store.decisions(visit_id)
        if decision.verdict is Verdict.SIGNED and decision.record_id == comparison_id
    )


def ancestors(store: Store, record_id: str) -> tuple[Ancestor, ...]:
    """The record and everything it comes from, nearest first, each once."""
    order: list[str] = []
    waiting = [record_id]
    while waiting:
        name = waiting.pop(0)
        if name not in order:
            order.append(name)
            waiting += [source for source, _digest in store.info(name).provenance.inputs]
    return tuple(_ancestor(store.info(name)) for name in order)


def _ancestor(info: RecordInfo) -> Ancestor:
    return Ancestor(info.kind.value, info.content_sha256, info.provenance.code_version, info.provenance.seed)
