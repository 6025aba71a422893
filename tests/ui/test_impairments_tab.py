"""Personalize, "Impairments": entered or found in the gait, in the twin only by name and role."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import JointKind, Side
from core.domain.chosen_impairments import ImpairmentOrigin
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.impairment_fit import ImpairmentFit, SeverityEstimate
from core.domain.muscles import MuscleGroup
from core.domain.record import RecordKind
from core.domain.twin import GENERIC_BODY, Twin
from core.jobs.values import Cancelled, Done
from core.session.flow import Step
from core.session.impairment_list import chosen
from core.session.impairments import choose
from tests.ui import muscle_records, records
from tests.ui.board import HandBoard
from tests.ui.test_learning_pages import personalize, tell
from ui.pages.impairments import NO_SEVERITY, UNSIGNED
from ui.pages.personalize import IMPAIRMENTS_TAB, PersonalizePage
from ui.presenters.impairments import FIND, GO_ON, TAKE_BACK
from ui.session_context import SessionContext
from ui.widgets.approver_fields import ApproverFields

WEAK = Impairment(ImpairmentKind.WEAKNESS, 0.4, Side.LEFT, MuscleGroup.HIP_FLEXORS)
STIFF = Impairment(ImpairmentKind.STIFFNESS, 0.63, Side.RIGHT, joint=JointKind.KNEE)
CONFOUNDED = "Stiffness, right knee and limited range, right knee look alike in this gait."


@pytest.fixture
def made(context: SessionContext, visit_id: str) -> dict[Step, str]:
    return records.fill(context.store, visit_id, Step.MOTION)


def sign(approver: ApproverFields) -> None:
    approver.name.setText("Dr Lind")
    approver.role.setText("physician")


def opened(context: SessionContext, *, signed: bool = True) -> PersonalizePage:
    page, presenter = personalize(context)
    context.record_changed.connect(presenter.refresh)
    page.open_tab(IMPAIRMENTS_TAB)
    if signed:
        sign(page.impairments.approver)
    return page


def save_twin(context: SessionContext, visit_id: str, made: dict[Step, str]) -> str:
    twin = Twin(GENERIC_BODY, 0.02, 75.0, 0.9, 0.3)
    inputs = (made[Step.MOTION],)
    return context.store.save(RecordKind.TWIN, twin, visit_id=visit_id, inputs=inputs, summary="")


def save_search(context: SessionContext, visit_id: str, inputs: tuple[str, ...], *found: Impairment) -> None:
    fit = ImpairmentFit(
        body=replace(GENERIC_BODY, impairments=found),
        estimates=tuple(SeverityEstimate(one.slot, one.severity, 0.08) for one in found),
        angle_rms_deg=2.94,
        healthy_rms_deg=6.2,
        misfit=3.0,
        healthy_misfit=40.0,
        best_misfit=np.zeros(2),
        not_told_apart=(CONFOUNDED,) if found else (),
        walks=300,
    )
    context.store.save(RecordKind.IMPAIRMENTS, fit, visit_id=visit_id, inputs=inputs, summary="")


def buttons(page: PersonalizePage) -> dict[str, object]:
    """Those of the list and of the suggestions, by what they say to a screen reader."""
    return {button.accessibleName(): button for button in page.impairments._signed if not button.isHidden()}


def test_what_the_clinician_enters_goes_onto_the_list_only_by_name_and_role(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    page = opened(context, signed=False)
    panel = page.impairments
    panel.chooser.choose(WEAK)
    assert not panel.put_in.isEnabled() and panel.put_in.toolTip() == UNSIGNED
    sign(panel.approver)
    panel.put_in.click()
    (one,) = chosen(context.store, visit_id)
    assert (one.impairment, one.origin, one.by, one.role) == (
        WEAK,
        ImpairmentOrigin.ENTERED,
        "Dr Lind",
        "physician",
    )
    (card,) = panel._shown[0]
    assert (card.name, card.severity) == ("Weakness, left hip flexors", "0.4 moderate")
    assert card.origin == "Entered by Dr Lind, physician."
    assert page.tabs.tabText(IMPAIRMENTS_TAB) == "Impairments · 1"


def test_a_removed_impairment_is_gone_and_a_severity_of_nothing_is_none(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    page = opened(context)
    panel = page.impairments
    panel.chooser.choose(WEAK)
    panel.put_in.click()
    buttons(page)["Remove: Weakness, left hip flexors"].click()
    assert not chosen(context.store, visit_id) and not panel._none.isHidden()
    panel.chooser.severity.setValue(0)
    assert not panel.put_in.isEnabled() and panel._why_not.text() == NO_SEVERITY


def test_a_fifth_impairment_is_refused_in_words(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    page = opened(context)
    for group in tuple(MuscleGroup)[:5]:
        page.impairments.chooser.choose(replace(WEAK, group=group))
        page.impairments.put_in.click()
    assert len(chosen(context.store, visit_id)) == 4
    assert not page._advice.isHidden() and "at most 4" in page._advice._why.text()


def test_the_search_in_the_gait_fits_a_body_first_where_there_is_none_of_this_motion(
    context: SessionContext, board: HandBoard, visit_id: str, made: dict[Step, str]
) -> None:
    page = opened(context)
    assert page.impairments.action.button.text() == FIND
    page.impairments.action.button.click()
    assert board.jobs["job-1"].spec.kind == "fit_twin"
    twin = save_twin(context, visit_id, made)
    board.happens("job-1", Done(twin))
    tell(context)
    spec = board.jobs["job-2"].spec
    assert spec.kind == "fit_impairments"
    assert spec.params == {"twin_id": twin, "motion_id": made[Step.MOTION]}
    assert page._headline.text() == "The gait is searched for impairments."
    assert not page.impairments.action.button.isEnabled()


def test_a_stopped_search_goes_on_where_it_was(
    context: SessionContext, board: HandBoard, visit_id: str, made: dict[Step, str]
) -> None:
    save_twin(context, visit_id, made)
    page = opened(context)
    page.impairments.action.button.click()
    board.happens("job-1", Cancelled(), resumable=True)
    tell(context)
    assert page.impairments.action.button.text() == GO_ON
    page.impairments.action.button.click()
    assert list(board.jobs) == ["job-1"] and board.jobs["job-1"].outcome is None


def test_what_was_found_in_the_gait_is_suggested_with_its_uncertainty_and_accepted_by_name(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    save_search(context, visit_id, (save_twin(context, visit_id, made), made[Step.MOTION]), WEAK, STIFF)
    page = opened(context)
    assert [card.severity for card in page.impairments._shown[1]] == [
        "0.63 ± 0.08 moderate",
        "0.40 ± 0.08 moderate",
    ]
    assert "2.9° from the measured joint angles, 6.2° without" in page.impairments._search.text()
    assert CONFOUNDED in page.impairments._search.text()
    accept = buttons(page)["Accept: Stiffness, right knee"]
    accept.click()
    (one,) = chosen(context.store, visit_id)
    assert (one.impairment, one.origin, one.by) == (STIFF, ImpairmentOrigin.GAIT, "Dr Lind")
    assert not buttons(page)["Accept: Stiffness, right knee"].isEnabled()
    assert "again" in page.impairments.action.verdict


def test_a_search_that_found_nothing_says_so(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    save_search(context, visit_id, (save_twin(context, visit_id, made), made[Step.MOTION]))
    page = opened(context)
    assert page.impairments._search.text().startswith("Nothing was found.")


def test_accepted_weaknesses_are_among_the_four_and_taken_back_where_they_were_accepted(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    muscle_records.add_all(context.store, visit_id, made[Step.MOTION])
    page = opened(context)
    page.weakness.answered.emit("Weakness, left plantarflexors", True, "Dr Lind", "physician")
    for group in tuple(MuscleGroup)[:3]:
        page.impairments.chooser.choose(replace(WEAK, group=group))
        page.impairments.put_in.click()
    weak = page.impairments._shown[0][-1]
    assert weak.name == "Weakness, left plantarflexors" and TAKE_BACK in weak.origin and not weak.removable
    assert page.tabs.tabText(IMPAIRMENTS_TAB) == "Impairments · 4"
    page.impairments.chooser.choose(STIFF)
    page.impairments.put_in.click()
    assert len(chosen(context.store, visit_id)) == 3 and not page._advice.isHidden()


def test_personalizing_and_calibrating_give_the_twin_what_was_chosen(
    context: SessionContext, board: HandBoard, visit_id: str, made: dict[Step, str]
) -> None:
    choice = choose(
        context.store, visit_id, WEAK, ImpairmentOrigin.ENTERED, by="Dr Lind", role="physician"
    ).id
    page = opened(context)
    page.main_action.emit()
    assert board.jobs["job-1"].spec.params == {"motion_id": made[Step.MOTION], "impairments_id": choice}
    muscle_records.add_emg(context.store, visit_id)
    muscle_records.add_kinetics(context.store, visit_id, made[Step.MOTION])
    save_twin(context, visit_id, made)
    board.jobs.clear()
    personalize(context)[1].start_calibration()
    (job,) = board.jobs.values()
    assert (job.spec.kind, job.spec.params["impairments_id"]) == ("calibrate_muscles", choice)


def test_what_can_come_and_go_is_entered_as_such_and_what_cannot_is_not(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    page = opened(context)
    panel = page.impairments
    panel.chooser.choose(STIFF)
    panel.chooser.changed.emit()
    assert not panel.occasional.isHidden()
    panel.occasional.setChecked(True)
    panel.put_in.click()
    (card,) = panel._shown[0]
    assert card.severity == "0.6 moderate, in some strides only"
    panel.chooser.choose(Impairment(ImpairmentKind.PAIN, 0.3, Side.LEFT))
    panel.chooser.changed.emit()
    assert panel.occasional.isHidden()
    panel.put_in.click()
    assert [one.impairment.occasional for one in chosen(context.store, visit_id)] == [True, False]
