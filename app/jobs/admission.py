"""Whether somebody may start a job, asked of the record, and who acts in the job's process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from core.jobs.table import JobKind, grants
from core.jobs.values import Outcome, Params
from core.store.people import People


class Lease(Protocol):
    """What a job has for itself while it waits and runs."""

    def stop_with(self, stop: Callable[[], None]) -> None:
        """What ends the job where somebody else has it now."""
        ...

    def give_back(self) -> None: ...

    def told(self, outcome: Outcome) -> Outcome:
        """The end of the job as the person is told it."""
        ...


@dataclass(frozen=True, slots=True)
class Admitted:
    """A job may start: by whom, and the ticket its process acts with; both empty in single-user mode."""

    operator: str = ""
    ticket: str = ""
    lease: Lease | None = None


Admit = Callable[[str, JobKind, Params, str], Admitted]  # kind, its row, parameters, visit


def anybody(_name: str, _kind: JobKind, _params: Params, _visit_id: str) -> Admitted:
    """For a board whose jobs write to no record."""
    return Admitted()


def by_role(people: People) -> Admit:
    """By the role of who is signed in. The callable refuses PPL-001 to PPL-003."""

    def admit(name: str, kind: JobKind, params: Params, visit_id: str) -> Admitted:
        granted = grants(name, bool(params.get("remove_original", False)))
        admission = people.admit(kind.action, about=visit_id, grants=granted)
        return Admitted(admission.operator, admission.ticket)

    return admit
