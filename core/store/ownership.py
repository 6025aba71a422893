"""Whose each record is, which in an encrypted data folder says whose key opens its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from core.store.open_folder import OpenFolder
from core.store.schema import RecordTable, VisitTable
from core.vault.opened import ensure_open

if TYPE_CHECKING:
    from core.vault.stream import Owner


class Ownership(OpenFolder):
    """Base of `Store`."""

    def owners(self) -> tuple[tuple[str, str, str], ...]:
        """Kind and id of every record, and the id of the patient it is of."""
        query = select(RecordTable.kind, RecordTable.id, VisitTable.patient_id)
        with self._session() as session:
            rows = session.execute(query.join(VisitTable, VisitTable.id == RecordTable.visit_id))
            return tuple((kind, record_id, patient_id) for kind, record_id, patient_id in rows)

    def owner_of(self, visit_id: str) -> Owner | None:
        """Whose key the files of a record of this visit get; None in a data folder that is not encrypted."""
        if ensure_open(self.data_dir) is None:
            return None
        from core.vault.keys import patient

        with self._session() as session:
            visit = session.get_one(VisitTable, visit_id)
            return patient(visit.patient_id)
