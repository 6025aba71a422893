"""Claims about for whom a controller is released: nobody, until somebody chooses, signs and names an exo."""

from __future__ import annotations

from dataclasses import replace

from core.domain.record import Verdict
from core.domain.release import Purpose, purpose_in
from core.session.flow import Step, StepState
from core.session.release import release_declaration
from tests.ui import records
from tests.ui.board import HandBoard
from ui.pages.compare import ComparePage
from ui.pages.deploy import DeployPage
from ui.presenters.compare import ComparePresenter
from ui.presenters.deploy import DeployPresenter
from ui.session_context import SessionContext

FOR_A_PERSON = 1  # in the list


def compare(context: SessionContext) -> tuple[ComparePage, ComparePresenter]:
    page = ComparePage()
    presenter = ComparePresenter(page, context)
    presenter.refresh()
    return page, presenter


def sign(page: ComparePage) -> None:
    page.approver.name.setText("Dr. M. Weber")
    page.approver.role.setText("physician")
    page.main_action.emit()


def test_a_controller_is_for_a_virtual_exo_unless_somebody_chooses_otherwise(
    context: SessionContext, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, _ = compare(context)
    assert page.purpose.isVisibleTo(page) and page.purpose.purpose is Purpose.VIRTUAL_ONLY
    assert "for a virtual exo only, which nobody wears" in page._declaration.text()
    sign(page)
    assert purpose_in(context.store.decisions(visit_id)[-1].reason) is Purpose.VIRTUAL_ONLY


def test_what_is_chosen_is_what_is_declared_and_needs_an_account(
    context: SessionContext, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, _ = compare(context)
    page.purpose.setCurrentIndex(FOR_A_PERSON)
    assert "to be worn by this person, on one exo, in supervised walks only" in page._declaration.text()
    sign(page)
    assert context.status(Step.COMPARE).state is not StepState.DONE and not page._main.isEnabled()
    assert "with a PIN" in page._why_not.text() and "People page" in page._why_not.text()


def test_what_was_signed_for_nobody_can_be_signed_anew(context: SessionContext, visit_id: str) -> None:
    made = records.fill(context.store, visit_id, Step.COMPARE)
    page, presenter = compare(context)
    sign(page)
    presenter.refresh()
    assert page._secondary_actions == (("sign_anew", "Sign anew…"),)
    page.secondary_action.emit("sign_anew")
    assert page.approver.given == ("", "") and page.purpose.isVisibleTo(page)
    sign_for_a_person(context, visit_id, made[Step.COMPARE])
    page, presenter = compare(context)
    assert "supervised walks only" in page._declaration.text() and not page.purpose.isVisibleTo(page)
    assert page._secondary_actions == ()


def sign_for_a_person(context: SessionContext, visit_id: str, comparison_id: str) -> None:
    """As `sign_comparison` keeps it where people have accounts."""
    meaning = release_declaration(context.store.subject_of(visit_id), Purpose.SUPERVISED_HUMAN)
    context.store.decide(
        visit_id, Step.COMPARE, Verdict.SIGNED, record_id=comparison_id, by="Dr. M. Weber", role="physician",
        reason=meaning,
    )  # fmt: skip


def test_nobody_releases_for_a_patient_who_does_not_exist(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    patient_id = context.store.visit(visit_id).patient_id
    made_up = replace(context.store.patient(patient_id).subject, synthetic=True)
    context.store.edit_patient(patient_id, made_up)
    page, presenter = compare(context)
    page.purpose.setCurrentIndex(FOR_A_PERSON)
    presenter.refresh()
    assert not page.purpose.isVisibleTo(page)
    sign(page)
    assert purpose_in(context.store.decisions(visit_id)[-1].reason) is Purpose.VIRTUAL_ONLY


def test_a_release_for_a_person_is_packed_for_the_exo_that_was_chosen(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.COMPARE)
    sign_for_a_person(context, visit_id, made[Step.COMPARE])
    page = DeployPage()
    presenter = DeployPresenter(page, context)
    presenter.refresh()
    assert not page._main.isEnabled() and "choose the exo" in page._why_not.text()
    page.ports.setEditText("/dev/ttyACM0")
    presenter.refresh()
    page.main_action.emit()
    assert board.jobs["job-1"].spec.params["address"] == "/dev/ttyACM0"
