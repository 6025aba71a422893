"""Erasing from the Patients page, and who was kept as long as the clinic wants to."""

from __future__ import annotations

from datetime import UTC, datetime

from core.errors import refuse
from core.session.erasing import goes_and_stays
from core.session.record_care import due_patients
from core.store.clinic import read_clinic
from core.store.erase_access import waiting_words
from core.store.repository import Store
from ui.session_context import SessionContext

_MOST_NAMED = 5


def erase_words(context: SessionContext, patient_id: str | None) -> tuple[str, ...]:
    """What the person is told before; () where nobody is to be erased."""
    return () if patient_id is None else goes_and_stays(context.store, patient_id)


def erase(context: SessionContext, patient_id: str, reason: str, by: str, role: str) -> tuple[str, ...]:
    """Erase the patient and close it; what waits, in sentences. Refuses PAT-037 while its jobs run."""
    visits = {visit.id for visit in context.store.visits(patient_id)}
    running = [state.spec for state in context.jobs.states() if state.outcome is None]
    if any(spec.visit_id in visits or spec.params.get("patient_id") == patient_id for spec in running):
        raise refuse(
            "PAT-037",
            "The patient was not erased.",
            "Work for this patient is still running.",
            "Wait for its end or cancel it, then erase.",
        )
    done = context.store.erase_patient(patient_id, reason, by=by, role=role)
    context.open_patient(None)
    return done.waiting


def quiet_words(store: Store) -> str:
    """One line below the list of patients: who is due, and what an erasure waits for; "" without any."""
    due = due_patients(store, datetime.now(UTC).replace(tzinfo=None))
    told = list(waiting_words(store.data_dir))
    if due:
        names = ", ".join(one.code for one in due[:_MOST_NAMED])
        more = f" and {len(due) - _MOST_NAMED} more" if len(due) > _MOST_NAMED else ""
        told.insert(0, f"Last seen over {read_clinic(store.data_dir).keep_years} years ago: {names}{more}.")
    return " ".join(told)
