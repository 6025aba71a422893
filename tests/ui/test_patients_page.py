"""Patients: under a code, with consent, never lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.domain.record import RecordKind
from core.domain.subject import Sex, Subject
from core.errors import UserError
from core.jobs.values import Done
from core.session.flow import Step
from tests.ui.board import HandBoard
from tests.ui.samples import landmarks
from tests.ui.waiting import until
from ui.pages.patients import PatientsPage
from ui.presenters.patients import PatientsPresenter, subject_from
from ui.session_context import SessionContext
from ui.widgets.patient_form import PatientEntry, entry_of

ENTRY = PatientEntry(
    code="P-7", birth_year="1961", sex=Sex.MALE, height_m="1,80", mass_kg="82.5", device="Hippo_L1"
)


@pytest.fixture
def page(context: SessionContext) -> PatientsPage:
    page = PatientsPage()
    presenter = PatientsPresenter(page, context)
    context.visit_changed.connect(presenter.refresh)
    presenter.refresh()
    return page


def test_numbers_may_be_typed_with_a_comma() -> None:
    assert subject_from(ENTRY).height_m == 1.80


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": " "}, "PAT-001"),
        ({"height_m": "180"}, "PAT-002"),
        ({"mass_kg": "8"}, "PAT-003"),
        ({"birth_year": "61"}, "PAT-004"),
        ({"mass_kg": "heavy"}, "PAT-006"),
        ({"consent_by": "A. Berger"}, "PAT-007"),
        ({"consent_by": "A. Berger", "consent_on": "2999-01-01"}, "PAT-007"),
    ],
)
def test_what_cannot_be_right_is_refused_with_advice(change: dict[str, str], code: str) -> None:
    with pytest.raises(UserError) as refused:
        subject_from(replace(ENTRY, **change))  # type: ignore[arg-type]
    assert refused.value.advice.code == code


def test_a_patient_survives_the_form_unchanged(subject: Subject) -> None:
    assert subject_from(entry_of(subject)) == subject


def test_the_first_patient_is_created_saved_and_opened(context: SessionContext, page: PatientsPage) -> None:
    page.main_action.emit()  # New patient
    page._form.show_entry(PatientEntry())
    page._form._code.setText("P-0042")
    page._form._year.setText("1964")
    page._form._height.setText("1.68")
    page._form._mass.setText("60")
    page.main_action.emit()  # Save patient
    assert [row.subject.code for row in context.store.patients()] == ["P-0042"]
    assert context.subject is not None and context.subject.code == "P-0042"


def test_a_visit_needs_consent_and_then_leads_to_capture(
    context: SessionContext, page: PatientsPage, subject: Subject
) -> None:
    steps: list[Step] = []
    context.go_to.connect(steps.append)
    patient_id = context.store.add_patient(replace(subject, consent=None))
    context.open_patient(patient_id)
    page.start_visit.emit()
    assert context.visit_id is None
    context.store.edit_patient(patient_id, subject)
    page.start_visit.emit()
    assert context.visit_id is not None and steps == [Step.CAPTURE]


def test_typing_is_never_overwritten_by_what_jobs_do(
    context: SessionContext, page: PatientsPage, subject: Subject
) -> None:
    context.open_patient(context.store.add_patient(subject))
    page._form._mass.setText("61.5")
    page._form._mass.textEdited.emit("61.5")
    context.visit_changed.emit()
    assert page.entry().mass_kg == "61.5"
    page.main_action.emit()  # Save patient
    assert context.subject is not None and context.subject.mass_kg == 61.5


def test_archived_patients_keep_their_data_and_come_back(
    context: SessionContext, page: PatientsPage, subject: Subject
) -> None:
    patient_id = context.store.add_patient(subject)
    context.open_patient(patient_id)
    page.secondary_action.emit("archive")
    assert context.store.patients() == () and context.patient_id is None
    page.archived_shown.emit(True)
    page.patient_chosen.emit(patient_id)
    page.secondary_action.emit("archive")
    assert [row.id for row in context.store.patients()] == [patient_id]


def test_a_taken_code_is_refused_on_the_page_and_nothing_is_lost(
    context: SessionContext, page: PatientsPage, subject: Subject
) -> None:
    context.store.add_patient(subject)
    page.secondary_action.emit("new")
    page._form.forget()
    page._form.show_entry(entry_of(subject))
    page.main_action.emit()
    assert page._advice.isVisibleTo(page) and page.entry().code == subject.code
    assert len(context.store.patients()) == 1


def test_the_demo_patient_is_made_by_a_job_once_and_then_opened(
    context: SessionContext, page: PatientsPage, board: HandBoard, subject: Subject
) -> None:
    page.secondary_action.emit("demo")
    assert [state.spec.kind for state in board.states()] == ["demo_patient"]
    visit = context.store.start_visit(context.store.add_patient(replace(subject, synthetic=True)))
    record_id = context.store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit.id, summary="seen")
    board.happens("job-1", Done(record_id))
    until(lambda: context.visit_id == visit.id)
    assert context.visit_id == visit.id
    page.secondary_action.emit("demo")
    assert len(board.jobs) == 1


def test_exos_that_can_be_trained_are_offered_the_usual_one_first(context: SessionContext) -> None:
    ids = [device_id for device_id, _name in context.devices]
    assert ids[0] == "Hippo_L1" and {"DephyExoBoot_L1", "HMEDI_L1"} <= set(ids)
    assert "NEUankle_L1" not in ids  # a prosthesis
