"""How the jobs of the Deploy step write into the audit trail, and bring the exo's own memory into it."""

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
    """Writes down what happens to one controller. `about` holds what is the same in every entry."""

    def __init__(self, store: Store, about: AuditEvent) -> None:
        self._store = store
        self._about = about

    def on_exo(self, serial: str) -> None:
        """From now on it happens on this exo."""
        self._about = replace(self._about, device_serial=serial)

    def note(self, step: AuditStep, detail: str = "") -> None:
        self._store.audit(replace(self._about, step=step, detail=detail))

    def answered_for(self, step: AuditStep, approver: Approver, detail: str = "") -> None:
        """A step that a person answers for by name, role and meaning."""
        who, role, meaning = approver.name, approver.role, approver.meaning
        event = replace(self._about, step=step, who=who, role=role, meaning=meaning, detail=detail)
        self._store.audit(event)

    def of_controller(self, sha256: str) -> None:
        """From now on it is about this controller."""
        self._about = replace(self._about, package_sha256=sha256)

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Whatever is refused inside is written down, then goes on."""
        try:
            yield
        except UserError as error:
            self.note(AuditStep.REFUSED, error.advice.one_line())
            raise

    def merge_faults(self, link: ExoLink) -> None:
        """Bring in what the exo remembers of the rows of its safety table that spoke, each once.

        The exo counts time from its start and has no calendar: the same fault at the same millisecond of
        another start counts as known.
        """
        serial = self._about.device_serial
        known = {
            entry.event.detail
            for entry in self._store.audit_trail()
            if entry.event.step == AuditStep.FAULT and entry.event.device_serial == serial
        }
        for fault in link.events():
            words = fault_sentence(fault.code)
            detail = f"{words} {fault.time_ms} ms after its start: {fault.detail}"
            if detail not in known:
                event = replace(self._about, who=f"exo {serial}", step=AuditStep.FAULT, detail=detail)
                self._store.audit(event)
