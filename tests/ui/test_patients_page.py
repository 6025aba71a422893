"""Patients: under a code, with consent, never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale

from core.domain.record import RecordKind
from core.domain.subject import AffectedSide, Sex, Subject
from core.domain.walking_ability import FunctionalClass, VisitNotes, WalkingAid
from core.errors import Advice, UserError
from core.jobs.values import Done, Refused
from core.session.flow import Step
from core.store.clinic import write_keep_years
from core.store.schema import PatientTable
from tests.ui.board import HandBoard
from tests.ui.samples import landmarks
from tests.ui.waiting import until
from ui.pages.patients import PatientsPage
from ui.presenters.patient_entry import mistakes, subject_from
from ui.presenters.patients import PatientsPresenter
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


def types(page: PatientsPage, name: str, text: str) -> None:
    """As a person does: the field tells that it was edited."""
    field = page._form._fields[name]
    field.setText(text)
    field.textEdited.emit(text)


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


def test_a_diagnosis_that_no_list_can_show_is_told_at_its_field() -> None:
    (note,) = mistakes(replace(ENTRY, diagnosis="a" * 301))
    assert (note.field, "301 signs" in note.words) == ("diagnosis", True)


def test_a_patient_survives_the_form_unchanged(subject: Subject) -> None:
    for height_m in (1.68, 1.7, 1.685):
        measured = replace(subject, height_m=height_m, notes="diabetes", affected_side=AffectedSide.BOTH)
        assert subject_from(entry_of(measured)) == measured


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
    assert page._form.shown_notes() == {"code": "Another patient has this code."}
    assert page.entry().code == subject.code
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


def test_all_that_is_wrong_stands_at_its_field_at_once_and_goes_when_it_is_mended(
    context: SessionContext, page: PatientsPage
) -> None:
    page.main_action.emit()  # New patient
    typed = {"birth_year": "61", "height_m": "168", "mass_kg": "heavy", "consent_by": "A. Berger"}
    for name, text in typed.items():
        types(page, name, text)
    assert page._form.shown_notes() == {}  # nobody is corrected while typing for the first time
    page.main_action.emit()  # Save patient
    assert page._form.shown_notes() == {
        "code": "Every patient needs a pseudonymous code.",
        "birth_year": "It must have four digits, from 1900 on.",
        "height_m": "The body model holds from 1.00 m to 2.30 m.",
        "mass_kg": "“heavy” is not a number.",
        "consent_on": "The date is missing; enter one such as 20 Nov 2026.",
    }
    assert not page._advice.isVisibleTo(page) and context.store.patients() == ()
    types(page, "height_m", "1.68")
    assert "height_m" not in page._form.shown_notes() and len(page._form.shown_notes()) == 4
    for name, text in {
        "code": "P-1",
        "birth_year": "1961",
        "mass_kg": "60",
        "consent_on": "20 Nov 2025",
    }.items():
        types(page, name, text)
    assert page._form.shown_notes() == {}
    page.main_action.emit()
    (saved,) = context.store.patients()
    assert saved.subject.consent is not None and saved.subject.consent.on == "2025-11-20"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("P-OO42", "Easily taken for P-0042, another patient here."),
        ("Weber", "This looks like a name; a code must not tell who the patient is."),
        ("P-0042", "Another patient has this code."),
        ("P-0043", ""),
    ],
)
def test_an_odd_code_is_told_while_it_is_typed(
    context: SessionContext, page: PatientsPage, subject: Subject, typed: str, told: str
) -> None:
    context.store.add_patient(subject)
    page.secondary_action.emit("new")
    types(page, "code", typed)
    assert page._form.shown_notes() == ({"code": told} if told else {})


def test_none_both_and_not_told_are_three_answers(context: SessionContext, page: PatientsPage) -> None:
    for side in (None, AffectedSide.NONE, AffectedSide.BOTH, AffectedSide.LEFT):
        entered = replace(ENTRY, affected_side=side)
        page._form.show_entry(entered)
        assert page._form._side.currentText() == (side.value.capitalize() if side else "Not told")
        assert subject_from(page.entry()).affected_side is side


def test_the_visit_keeps_aid_class_and_notes_and_the_log_what_stood_there(
    context: SessionContext, page: PatientsPage, subject: Subject
) -> None:
    visit = context.store.start_visit(context.store.add_patient(subject))
    context.open_visit(visit.id)
    form = page._visit_notes
    assert form.ability.currentText() == "Not told"
    form.aid.setCurrentText("Rollator")
    form.ability.setCurrentIndex(form.ability.findData(FunctionalClass.SUPERVISION))
    form.notes.setText("new shoes")
    form.notes.textEdited.emit("new shoes")
    assert page._main.text() == "Save visit"
    page.main_action.emit()
    told = VisitNotes(WalkingAid.ROLLATOR, FunctionalClass.SUPERVISION, "new shoes")
    assert context.store.visit(visit.id).notes == told
    assert told.facts == ("walks with a rollator", "FAC 3: supervision without touch")
    assert context.store.start_visit(visit.patient_id).notes == VisitNotes()  # never carried over
    assert "new shoes" in context.store.log_entries()[-2].detail
    assert page._main.text() != "Save visit"


@pytest.mark.parametrize("name", ["de_DE", "en_US", "en_GB", "fr_FR", "hu_HU"])
def test_days_are_written_and_read_as_the_locale_writes_them(
    context: SessionContext, subject: Subject, name: str
) -> None:
    QLocale.setDefault(QLocale(name))
    try:
        shown = entry_of(subject).consent_on
        assert "2026" in shown and subject_from(entry_of(subject)) == subject
        assert shown == {"de_DE": "19.11.2026", "en_US": "11/19/2026"}.get(name, shown)
    finally:
        QLocale.setDefault(QLocale.c())


def test_a_patient_is_erased_with_code_reason_and_name_and_nothing_is_open_then(
    context: SessionContext, page: PatientsPage, subject: Subject
) -> None:
    patient_id = context.store.add_patient(subject)
    context.store.start_visit(patient_id)
    context.open_patient(patient_id)
    page.secondary_action.emit("erase")
    box = page.erasing
    assert not box.isHidden() and page._form.isHidden() and "1 visit" in box._words.text()
    box.reason.setText("at the patient's wish")
    box.approver.name.setText("Dr Lind")
    box.approver.role.setText("physician")
    box.code.setText("P-something")
    assert not box.button.isEnabled() and "letter by letter" in box.button.toolTip()
    box.code.setText(subject.code)
    box.button.click()
    assert context.store.patients() == () and context.patient_id is None and box.isHidden()
    assert box.reason.text() == box.approver.name.text() == ""
    event = context.store.audit_trail()[-1].event
    assert (event.step, event.who, event.role) == ("patient erased", "Dr Lind", "physician")


def test_a_patient_whose_work_runs_is_not_erased(
    context: SessionContext, page: PatientsPage, subject: Subject
) -> None:
    patient_id = context.store.add_patient(subject)
    context.open_visit(context.store.start_visit(patient_id).id)
    context.submit("detect_pose")
    page.secondary_action.emit("erase")
    page.erased.emit("a wish", "Dr Lind", "physician")
    assert "still running" in page._advice._why.text() and len(context.store.patients()) == 1


def test_who_was_kept_long_enough_stands_below_the_list(
    context: SessionContext, page: PatientsPage, subject: Subject
) -> None:
    write_keep_years(context.store.data_dir, 5)
    patient_id = context.store.add_patient(subject)
    with context.store._session() as session:
        session.get_one(PatientTable, patient_id).created_utc = datetime(2015, 1, 1)
    context.open_patient(patient_id)
    assert page._quiet.text() == f"Last seen over 5 years ago: {subject.code}."


def test_a_patient_is_exported_by_a_job_into_a_folder_of_its_own(
    context: SessionContext, board: HandBoard, page: PatientsPage, subject: Subject, tmp_path: Path
) -> None:
    patient_id = context.store.add_patient(replace(subject, code="P/0042"))
    context.open_visit(context.store.start_visit(patient_id).id)
    said: list[str] = []
    context.message_shown.connect(lambda sentence, _tone: said.append(sentence))
    page.ask_folder = lambda: tmp_path  # type: ignore[method-assign]
    (tmp_path / f"P-0042-{date.today().isoformat()}").mkdir()

    page.secondary_action.emit("export")

    (state,) = board.states()
    folder = str(tmp_path / f"P-0042-{date.today().isoformat()}-2")
    assert (state.spec.kind, state.spec.params) == (
        "export_patient",
        {"patient_id": patient_id, "folder": folder},
    )
    assert page._running.isVisibleTo(page) and "not encrypted" in page._running._note.text()
    context.open_patient(None)
    board.happens(state.spec.id, Done(""))
    until(lambda: bool(said))
    assert said[0].startswith("Exported, not encrypted: P-0042-")


def test_an_export_that_fails_is_told_and_a_patient_who_is_exported_is_not_erased(
    context: SessionContext, board: HandBoard, page: PatientsPage, subject: Subject, tmp_path: Path
) -> None:
    context.open_patient(context.store.add_patient(subject))
    page.ask_folder = lambda: tmp_path  # type: ignore[method-assign]
    page.secondary_action.emit("export")
    page.secondary_action.emit("erase")
    page.erased.emit("a wish", "Dr Lind", "physician")
    assert page._advice._code.text() == "PAT-037" and len(context.store.patients()) == 1

    board.happens("job-1", Refused(Advice("Not exported.", "It is full.", "Free some space.", "PAT-038")))
    until(lambda: page._advice._code.text() == "PAT-038")
