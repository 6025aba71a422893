"""Review and Compare: the words, the numbers, and what a signature does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.domain.body import JointKind, Side
from core.domain.controller import UNATTENDED_APPROVER, Comparison
from core.domain.record import RecordKind, Verdict
from core.domain.rollout import GaitLabel
from core.session.flow import Step, StepState
from core.session.report import report_content
from core.tasks.package_origin import approvals
from tests.ui import records, samples, walks
from tests.ui.board import HandBoard
from ui.pages.compare import ComparePage
from ui.pages.review import ReviewPage
from ui.plots.curves import CycleCurve
from ui.presenters.compare import ComparePresenter, compare_headline, score_rows
from ui.presenters.gait_curves import NamedCycles, exo_panels, joint_panels
from ui.presenters.review import ReviewPresenter, review_headline, review_sentence
from ui.session_context import SessionContext
from ui.theme import Tone


def review(context: SessionContext) -> tuple[ReviewPage, ReviewPresenter]:
    page = ReviewPage()
    presenter = ReviewPresenter(page, context)
    presenter.refresh()
    return page, presenter


def compare(context: SessionContext) -> tuple[ComparePage, ComparePresenter]:
    page = ComparePage()
    presenter = ComparePresenter(page, context)
    presenter.refresh()
    return page, presenter


def test_without_a_policy_review_says_what_is_missing(context: SessionContext, visit_id: str) -> None:
    page, _ = review(context)
    assert page._stack.currentWidget() is page._empty
    assert "Personalize" in page._empty._detail.text()


def test_simulate_gait_asks_for_the_newest_policy(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.PERSONALIZE)
    page, _ = review(context)
    page.main_action.emit()
    (job,) = board.jobs.values()
    assert job.spec.kind == "simulate_gait"
    assert job.spec.params == {"policy_id": made[Step.PERSONALIZE]}


def test_review_shows_both_twins_beside_the_measured_gait(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.REVIEW)
    page, _ = review(context)
    plot = page.comparison.joints.plots[JointKind.KNEE, Side.LEFT]
    assert plot.panel is not None
    assert [curve.label for curve in plot.panel.curves] == ["measured", "default twin", "personalized twin"]
    assert page.comparison.table.rowCount() == 6
    assert page._main.text() == "Go on with Train"


def test_the_picture_follows_the_cursor_and_the_cursor_the_picture(
    context: SessionContext, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.REVIEW)
    page, _ = review(context)
    page.resize(1000, 700)
    page.show()
    page.comparison.stage.set_time(2.5)
    page.comparison.joints.cursor_moved.emit(Side.LEFT, 0.25)
    assert page.comparison.stage.cycle_fraction(Side.LEFT) == pytest.approx(0.25, abs=1e-6)
    right = page.comparison.joints.plots[JointKind.HIP_FLEXION, Side.RIGHT]
    assert right._cursor.value() == pytest.approx(75.0, abs=3.0)  # frames are 2 % of a cycle apart


def test_a_twin_that_fell_is_told_as_such() -> None:
    fallen = walks.rollout(GaitLabel.PERSONALIZED_TWIN)
    object.__setattr__(fallen, "fell_at_s", 3.2)
    words, tone = review_headline(fallen, 0.97)
    assert words.startswith("The twin fell after 3.2 s") and tone is Tone.WARN


def test_the_review_sentence_names_the_joint_that_is_furthest_off() -> None:
    measured = samples.motion()
    gaits = [
        NamedCycles(GaitLabel.DEFAULT_TWIN, (walks.cycles(Side.LEFT, 0.1), walks.cycles(Side.RIGHT, 0.1))),
        NamedCycles(GaitLabel.PERSONALIZED_TWIN, measured.cycles),
    ]
    panels = joint_panels(measured, gaits)
    words = review_sentence(panels)
    assert "furthest off at the" in words and words.endswith("° on average.")


def test_exo_power_is_torque_times_hip_velocity() -> None:
    rollout = walks.rollout(GaitLabel.PERSONALIZED_CONTROLLER)
    curves: dict[str, CycleCurve] = {
        panel.kind.value: panel.curves[0] for panel in exo_panels([rollout]) if panel.side is Side.LEFT
    }
    np.testing.assert_allclose(curves["exo_torque"].mean, 5.0)
    assert curves["exo_power"].mean.max() == pytest.approx(5.0 * 0.4 * 2 * np.pi, rel=0.02)


def test_effort_is_told_against_walking_without_the_exo() -> None:
    words, tone = compare_headline(records.scores())
    assert words == "7 % less effort with the personalized controller." and tone is Tone.OK
    assert score_rows(records.scores())[0].cells == ("100 %", "97 %", "93 %")


def test_a_change_within_the_variation_is_not_praised() -> None:
    without, default, own = records.scores()
    words, tone = compare_headline((without, default, dataclasses.replace(own, effort=0.0495)))
    assert words.startswith("Hardly less effort") and tone is Tone.WARN


@pytest.mark.parametrize("effort", [0.0501, 0.0520])
def test_a_rise_is_told_however_small(effort: float) -> None:
    without, default, own = records.scores()
    words, tone = compare_headline((without, default, dataclasses.replace(own, effort=effort)))
    assert words.startswith("Walking gets harder") and tone is Tone.WARN


def test_nobody_signs_without_a_name(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    context.operator = ""
    page, _ = compare(context)
    assert not page._main.isEnabled()
    assert "name" in page._why_not.text()


def test_a_signature_is_bound_to_this_comparison_and_opens_deploy(
    context: SessionContext, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.COMPARE)
    page, presenter = compare(context)
    page.approver.name.setText("Dr. M. Weber")
    assert not page._main.isEnabled() and "role" in page._why_not.text()
    page.approver.role.setText("physician")
    page.main_action.emit()
    presenter.refresh()
    decision = context.store.decisions(visit_id)[-1]
    assert (decision.verdict, decision.record_id) == (Verdict.SIGNED, made[Step.COMPARE])
    assert (decision.by, decision.role) == ("Dr. M. Weber", "physician")
    assert context.status(Step.COMPARE).state is StepState.DONE
    assert context.status(Step.DEPLOY).blocker is None
    assert "Signed by Dr. M. Weber, physician" in page._declaration.text()


def harder(context: SessionContext, visit_id: str) -> str:
    """A comparison in which the personalized controller takes 4 % more effort."""
    made = records.fill(context.store, visit_id, Step.TRAIN)
    without, default, own = records.scores()
    worse = (without, default, dataclasses.replace(own, effort=0.0520))
    comparison = Comparison(walks.gaits(*records.GAITS), worse, "Harder.")
    inputs = (made[Step.TRAIN],)
    return context.store.save(
        RecordKind.COMPARISON, comparison, visit_id=visit_id, inputs=inputs, summary="compared"
    )


def test_who_releases_what_makes_walking_harder_types_a_reason(
    context: SessionContext, visit_id: str
) -> None:
    harder(context, visit_id)
    page, _ = compare(context)
    assert "Walking gets harder" in page._headline.text() and "4 % more effort" in page._headline.text()
    assert page._reason_box.isVisibleTo(page) and "4 % more effort" in page._reason_asked.text()
    page.approver.name.setText("Dr. M. Weber")
    page.approver.role.setText("physician")
    page.reason.setText("   ")
    assert not page._main.isEnabled() and "reason" in page._why_not.text()
    page.reason.returnPressed.emit()
    assert context.status(Step.COMPARE).state is not StepState.DONE
    page.reason.setText("a first try of the fit")
    page.main_action.emit()
    assert context.status(Step.COMPARE).state is StepState.DONE
    meaning = context.store.decisions(visit_id)[-1].reason
    assert "It makes walking harder in simulation: 4 % more effort" in meaning
    assert meaning.endswith("because: a first try of the fit")
    assert (
        approvals(context.store, visit_id, context.store.decisions(visit_id)[-1].record_id)[0].meaning
        == meaning
    )
    assert dict(report_content(context.store, visit_id).deployment)["Reason"] == "a first try of the fit"


def test_a_controller_that_helps_needs_no_reason(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, _ = compare(context)
    assert not page._reason_box.isVisibleTo(page)


def test_what_a_session_without_a_screen_released_can_still_be_signed_by_a_person(
    context: SessionContext, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.COMPARE)
    by, role, record_id = UNATTENDED_APPROVER.name, UNATTENDED_APPROVER.role, made[Step.COMPARE]
    context.store.decide(visit_id, Step.COMPARE.value, Verdict.SIGNED, record_id=record_id, by=by, role=role)
    page, _ = compare(context)
    assert page._main.text() == "Sign comparison" and page.approver.isVisibleTo(page)


def test_the_left_picture_can_be_the_default_controller(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, _ = compare(context)
    page.comparison.pair_chosen.emit(1)
    left, right = page.comparison.stage._gaits
    assert left.rollout.label is GaitLabel.DEFAULT_CONTROLLER
    assert right.rollout.label is GaitLabel.PERSONALIZED_CONTROLLER


def test_compare_asks_for_the_newest_controller(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.TRAIN)
    page, _ = compare(context)
    page.main_action.emit()
    (job,) = board.jobs.values()
    assert job.spec.params == {"controller_id": made[Step.TRAIN]}
    assert context.store.latest(visit_id, RecordKind.COMPARISON) is None
