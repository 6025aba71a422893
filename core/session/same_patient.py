"""Match a patient file with the record by its code; a differing patient is refused, never overwritten."""

from __future__ import annotations

from dataclasses import fields, replace

from core.domain.subject import Consent, Subject
from core.errors import UserError, refuse
from core.store.repository import PatientRow, Store

_NOT_IN_FILES = ("device",)  # chosen on the Patients page; a session without a screen names its exo itself


def same_patient(store: Store, subject: Subject, *, by: str) -> str:
    """The patient of this code, made when there is none.

    Raises UserError PAT-013 when the patient in the record is described otherwise, PAT-014 when archived.
    """
    recorded_row = patient_of_code(store, subject.code)
    if recorded_row is None:
        return store.add_patient(subject, by=by)
    differing = differences(subject, recorded_row.subject)
    if differing:
        raise refuse(
            "PAT-013",
            f"The record holds another description of {subject.code}; nothing was changed.",
            f"These differ: {', '.join(differing)}.",
            "Give another code if it is another person; if not, correct the file, or edit the patient on the "
            "Patients page.",
        )
    return recorded_row.id


def wear_exo(store: Store, visit_id: str, device: str, *, by: str) -> None:
    """The patient of this visit wears this exo from now on, as if it was chosen on the Patients page.

    Without it the record and the session would name two exos, and nothing fits a patient of another exo.
    """
    subject = store.subject_of(visit_id)
    if subject.device != device:
        patient_id = store.visit(visit_id).patient_id
        store.edit_patient(patient_id, replace(subject, device=device), by=by, seen=subject)


def patient_of_code(store: Store, code: str) -> PatientRow | None:
    """Refuses (PAT-014) a patient who is archived."""
    if any(row.subject.code == code for row in store.patients(archived=True)):
        raise _archived(code)
    return next((row for row in store.patients() if row.subject.code == code), None)


def differences(given: Subject, recorded: Subject) -> tuple[str, ...]:
    """The fields that differ: "mass_kg (60 given, 64 in the record)"."""
    pairs = (
        (field.name, getattr(given, field.name), getattr(recorded, field.name))
        for field in fields(Subject)
        if field.name not in _NOT_IN_FILES and (field.name != "notes" or given.notes)  # files may be without
    )
    return tuple(
        f"{name} ({_words(new)} given, {_words(old)} in the record)" for name, new, old in pairs if new != old
    )


def _words(value: object) -> str:
    match value:
        case None | "":
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case Consent(by, on):
            return f"{by}, {on}"
        case _:
            return str(value)


def _archived(code: str) -> UserError:
    return refuse(
        "PAT-014",
        f"The patient {code} is archived.",
        "An archived patient gets no new visit.",
        "Restore the patient on the Patients page, then try again.",
    )
