"""How the jobs of the Deploy step write the audit trail, and merge the exo's own event log into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from core.devices.exo_faults import fault_sentence
from core.devices.exo_link import ExoLink
from core.domain.audit import AuditEvent, AuditStep
from core.domain.controller import Approver
from core.errors import UserError
from core.store.repository import Store


class Trail:
    """Writes audit entries about one controller. `template` holds the fields that all entries share."""

    def __init__(self, store: Store, template: AuditEvent) -> None:
        self._store = store
        self._template = template

    def set_device(self, serial: str) -> None:
        """Later entries name this exo."""
        self._template = replace(self._template, device_serial=serial)

    def note(self, step: AuditStep, detail: str = "") -> None:
        self._store.audit(replace(self._template, step=step, detail=detail))

    def note_approval(self, step: AuditStep, approver: Approver, detail: str = "") -> None:
        """A step approved by a person: name, role and meaning of the signature."""
        who, role, meaning = approver.name, approver.role, approver.meaning
        event = replace(self._template, step=step, who=who, role=role, meaning=meaning, detail=detail)
        self._store.audit(event)

    def set_controller(self, sha256: str) -> None:
        """Later entries name this controller."""
        self._template = replace(self._template, package_sha256=sha256)

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Record a UserError raised inside as refused, then raise it again."""
        try:
            yield
        except UserError as error:
            self.note(AuditStep.REFUSED, error.advice.one_line())
            raise

    def note_time(self, link: ExoLink) -> None:
        """Remark that the exo did not take over the time of this computer, because its own is later."""
        if link.time_refused is not None:
            self.note(AuditStep.REFUSED, link.time_refused.advice.one_line())

    def merge_faults(self, link: ExoLink) -> None:
        """Add the exo's logged events (triggered rows of its safety table), each once.

        The exo counts time from its start and has no calendar: the same fault at the same millisecond of
        another start counts as known.
        """
        serial, virtual = self._template.device_serial, link.info().virtual
        known = {
            entry.event.detail
            for entry in self._store.audit_trail()
            if entry.event.step == AuditStep.FAULT and entry.event.device_serial == serial
        }
        for fault in link.events():
            words = fault_sentence(fault.code, virtual=virtual)
            detail = f"{words} {fault.time_ms} ms after its start: {fault.detail}"
            if detail not in known:
                event = replace(self._template, who=f"exo {serial}", step=AuditStep.FAULT, detail=detail)
                self._store.audit(event)
