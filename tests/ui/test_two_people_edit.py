"""Claims about a patient whom two people edit at once: the page keeps what both typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.domain.subject import Subject
from core.domain.walking_ability import VisitNotes, WalkingAid
from core.store.repository import Store, open_store
from tests.ui.test_patients_page import types
from ui.pages.patients import PatientsPage
from ui.presenters.patients import PatientsPresenter
from ui.session_context import SessionContext
from ui.widgets.patient_form import PatientEntry
from ui.widgets.two_edits import merged


@pytest.fixture
def page(context: SessionContext) -> PatientsPage:
    page = PatientsPage()
    presenter = PatientsPresenter(page, context)
    context.visit_changed.connect(presenter.refresh)
    context.record_changed.connect(presenter.refresh)
    presenter.refresh()
    return page


@pytest.fixture
def elsewhere(context: SessionContext) -> Iterator[Store]:
    """The same record on another PC."""
    with open_store(context.store.data_dir) as store:
        yield store


def test_the_second_save_is_told_and_keeps_what_both_typed(
    context: SessionContext, page: PatientsPage, elsewhere: Store, subject: Subject
) -> None:
    patient_id = context.store.add_patient(subject)
    context.open_patient(patient_id)
    types(page, "diagnosis", "mine")
    types(page, "mass_kg", "61.5")
    elsewhere.edit_patient(patient_id, replace(subject, mass_kg=64.0, notes="theirs"), by="Dr. Lind")

    page.main_action.emit()  # Save patient
    assert page._advice.isVisibleTo(page) and "Dr. Lind changed it" in page._advice.accessibleName()
    assert elsewhere.patient(patient_id).subject.mass_kg == 64.0
    typed = page.entry()
    assert (typed.diagnosis, typed.mass_kg, typed.notes) == ("mine", "61.5", "theirs")
    assert page._form.shown_notes() == {"mass_kg": "Saved meanwhile: 64"}

    page.main_action.emit()  # having seen both
    assert context.subject == replace(subject, diagnosis="mine", mass_kg=61.5, notes="theirs")
    assert page._form.shown_notes() == {}


def test_discarding_leaves_what_the_other_saved(
    context: SessionContext, page: PatientsPage, elsewhere: Store, subject: Subject
) -> None:
    patient_id = context.store.add_patient(subject)
    context.open_patient(patient_id)
    types(page, "mass_kg", "61.5")
    elsewhere.edit_patient(patient_id, replace(subject, mass_kg=64.0), by="Dr. Lind")
    page.main_action.emit()
    page.secondary_action.emit("discard")
    assert page.entry().mass_kg == "64" and context.store.patient(patient_id).subject.mass_kg == 64.0


def test_what_is_typed_stays_while_the_record_changes_elsewhere(
    context: SessionContext, page: PatientsPage, elsewhere: Store, subject: Subject
) -> None:
    patient_id = context.store.add_patient(subject)
    context.open_patient(patient_id)
    types(page, "diagnosis", "mine")
    elsewhere.edit_patient(patient_id, replace(subject, mass_kg=64.0), by="Dr. Lind")
    context.record_changed.emit()  # as the end of a job does
    assert page.entry().diagnosis == "mine"


def test_notes_on_the_visit_meet_those_of_the_other(
    context: SessionContext, page: PatientsPage, elsewhere: Store, subject: Subject
) -> None:
    visit = context.store.start_visit(context.store.add_patient(subject))
    context.open_visit(visit.id)
    page._visit_notes.notes.setText("pain")
    page._visit_notes.notes.textEdited.emit("pain")
    elsewhere.note_visit(visit.id, VisitNotes(WalkingAid.CANE), by="Dr. Lind")

    page.main_action.emit()  # Save visit
    assert "Dr. Lind changed it" in page._advice.accessibleName()
    assert page.visit_notes() == VisitNotes(WalkingAid.CANE, notes="pain")
    page.main_action.emit()
    assert context.store.visit(visit.id).notes == VisitNotes(WalkingAid.CANE, notes="pain")


def test_a_patient_who_was_erased_elsewhere_is_closed_with_a_word(
    context: SessionContext, page: PatientsPage, elsewhere: Store, subject: Subject
) -> None:
    told: list[str] = []
    context.message_shown.connect(lambda words, _tone: told.append(words))
    context.open_visit(context.store.start_visit(context.store.add_patient(subject)).id)
    assert context.patient_id is not None
    elsewhere.erase_patient(context.patient_id, "asked for it", by="Dr. Lind", role="physician")
    context.record_changed.emit()
    assert (context.patient_id, context.visit_id) == (None, None)
    assert told == ["The patient was erased from the record meanwhile."]


def test_a_field_that_both_changed_alike_is_no_question() -> None:
    before = PatientEntry(code="P-1", mass_kg="60", notes="")
    kept, both = merged(before, replace(before, mass_kg="62"), replace(before, mass_kg="62", notes="new"))
    assert both == () and kept == replace(before, mass_kg="62", notes="new")
