"""The part of the store that changes patients and what was noted on visits; other PCs may do so at once."""

from __future__ import annotations

import json
from datetime import date

from sqlalchemy.exc import IntegrityError

from core.domain.patient_code import check_code
from core.domain.people import Action, patient_action
from core.domain.subject import Subject, check_consent, check_diagnosis
from core.domain.walking_ability import VisitNotes
from core.store import edits
from core.store.codec import decode, encode
from core.store.record_refusals import code_taken, unknown
from core.store.rows import log_row
from core.store.schema import PatientTable, VisitTable
from core.store.trail_access import TrailAccess


class PatientEdits(TrailAccess):
    """Base of `Store`."""

    def edit_patient(
        self, patient_id: str, subject: Subject, *, by: str = "", seen: Subject | None = None
    ) -> None:
        """Refuses PAT-005, PAT-020, PAT-021 and PAT-033; what an earlier version took may stay.

        `seen` is what stood there when the edit began; REC-060 where somebody else changed it since then, and
        REC-061 where the patient was erased.
        """
        before = seen or self._subject(patient_id)
        if subject == before:
            return  # saved as it was: nothing to log, and no report is out of date
        if subject.code != before.code:
            check_code(subject.code)
        if subject.diagnosis != before.diagnosis:
            check_diagnosis(subject.diagnosis)
        if subject.consent != before.consent:
            check_consent(subject, date.today())
        try:
            with self._session() as session:
                by = self.people.acts_as(session, patient_action(before, subject), by)
                row = edits.patient_to_edit(session, patient_id, seen)
                row.code, row.subject = subject.code, encode(subject)[0]
                detail = json.dumps(row.subject, sort_keys=True)
                session.add(log_row(by, "patient edited", patient_id, detail))
        except IntegrityError as error:
            raise code_taken(subject.code) from error

    def archive_patient(self, patient_id: str, archived: bool, *, by: str = "") -> None:
        """Refuses REC-061 who was erased meanwhile."""
        with self._session() as session:
            by = self.people.acts_as(session, Action.EDIT_PATIENT, by)
            edits.patient_to_edit(session, patient_id, None).archived = archived
            words = "patient archived" if archived else "patient restored"
            session.add(log_row(by, words, patient_id, ""))

    def note_visit(
        self, visit_id: str, notes: VisitNotes, *, by: str = "", seen: VisitNotes | None = None
    ) -> None:
        """Keep how the patient walks at this visit; what stood there before stays in the log.

        `seen`: as in `edit_patient`.
        """
        now, subject = self._noted(visit_id)
        if notes == (seen or now):
            return
        with self._session() as session:
            by = self.people.acts_as(session, patient_action(subject), by)
            row = edits.visit_to_note(session, visit_id, seen)
            row.notes = encode(notes)[0]
            session.add(log_row(by, "visit noted", visit_id, json.dumps(row.notes, sort_keys=True)))

    def _subject(self, patient_id: str) -> Subject:
        """Refuses REC-007."""
        with self._session() as session:
            row = session.get(PatientTable, patient_id)
            if row is None:
                raise unknown("patient", patient_id)
            return decode(Subject, row.subject, {})

    def _noted(self, visit_id: str) -> tuple[VisitNotes, Subject]:
        """What is noted on a visit, and whose it is. Refuses REC-007."""
        with self._session() as session:
            row = session.get(VisitTable, visit_id)
            if row is None:
                raise unknown("visit", visit_id)
            notes, patient_id = decode(VisitNotes, row.notes, {}), row.patient_id
        return notes, self._subject(patient_id)
