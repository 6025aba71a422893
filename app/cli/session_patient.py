"""The patient and the visit of a session without a screen."""

from __future__ import annotations

from app.session_request import SessionRequest
from app.terminal import Terminal
from core.domain.patient_code import doubts
from core.domain.subject import Subject
from core.session.same_patient import patient_of_code, same_patient
from core.store.repository import Store


def begin_visit(
    store: Store, subject: Subject, request: SessionRequest, terminal: Terminal, *, by: str
) -> str:
    """The id of a new visit of this patient; what is odd about a new patient's code is printed.

    Refuses PAT-013 and PAT-014, see `same_patient`.
    """
    new = patient_of_code(store, subject.code) is None
    patient_id = same_patient(store, subject, by=by)
    for sentence in doubts(subject.code, store.codes()) if new else ():
        terminal.print_line(f"{subject.code}: {sentence}")
    return store.start_visit(patient_id, by=by, notes=request.visit_notes).id
