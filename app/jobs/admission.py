"""Whether somebody may start a job, asked of the record, and who acts in the job's process."""

from __future__ import annotations

from collections.abc import Callable

from core.jobs.table import JobKind, grants
from core.jobs.values import Params
from core.store.authority import Admission
from core.store.people import People

Admit = Callable[[str, JobKind, Params, str], Admission]  # kind, its row, parameters, visit


def anybody(_name: str, _kind: JobKind, _params: Params, _visit_id: str) -> Admission:
    """For a board whose jobs write to no record."""
    return Admission()


def by_role(people: People) -> Admit:
    """By the role of who is signed in. The callable refuses PPL-001 to PPL-003."""

    def admit(name: str, kind: JobKind, params: Params, visit_id: str) -> Admission:
        granted = grants(name, bool(params.get("remove_original", False)))
        return people.admit(kind.action, about=visit_id, grants=granted)

    return admit
