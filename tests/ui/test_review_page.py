"""Review and Compare: the words, the numbers, and what a signature does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.assistance import assistance_of
from core.domain.body import JointKind, Side
from core.domain.controller import UNATTENDED_APPROVER, Comparison, GaitScore
from core.domain.record import RecordKind, Verdict
from core.domain.rollout import GaitLabel
from core.domain.situation_effects import brief_assistance
from core.gait.twin_likeness import JointCloseness
from core.session.flow import Step, StepState
from core.session.report import report_content
from core.tasks.package_origin import approvals
from tests import walked
from tests.ui import records, samples, walks
from tests.ui.board import HandBoard
from ui.pages.compare import ComparePage
from ui.pages.number_table import NumberTable
from ui.pages.review import ReviewPage
from ui.plots.curves import CycleCurve
from ui.presenters.compare import ComparePresenter, verdict_headline
from ui.presenters.gait_curves import NamedCycles, exo_panels, joint_panels
from ui.presenters.level_walk import review_headline, review_sentence
from ui.presenters.review import ReviewPresenter
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
    words, tone = review_headline(fallen, (JointCloseness("left hip", 0.97, 3.0),))
    assert words.startswith("The twin fell after 3.2 s") and tone is Tone.WARN


def test_the_review_sentence_names_the_joint_that_is_furthest_off() -> None:
    measured = samples.motion()
    gaits = [
        NamedCycles(GaitLabel.DEFAULT_TWIN, (walks.cycles(Side.LEFT, 0.1), walks.cycles(Side.RIGHT, 0.1))),
        NamedCycles(GaitLabel.PERSONALIZED_TWIN, measured.cycles),
    ]
    panels = joint_panels(measured, gaits, norm=None)
    words = review_sentence(panels)
    assert "furthest off at the" in words and words.endswith("° on average.")


@pytest.mark.parametrize("joint", [JointKind.HIP_FLEXION, JointKind.ANKLE])
def test_exo_power_is_torque_times_the_velocity_of_the_joint_that_it_turns(joint: JointKind) -> None:
    walk = walks.rollout(GaitLabel.PERSONALIZED_CONTROLLER)
    still = np.zeros_like(walk.joint_velocity_rad_s)
    still[:, joint.columns] = walk.joint_velocity_rad_s[:, joint.columns]
    rollout = replace(walk, joint_velocity_rad_s=still, exo_joint=joint)
    curves: dict[str, CycleCurve] = {
        panel.kind.value: panel.curves[0] for panel in exo_panels([rollout]) if panel.side is Side.LEFT
    }
    np.testing.assert_allclose(curves["exo_torque"].mean, 5.0)
    assert curves["exo_power"].mean.max() == pytest.approx(5.0 * 0.4 * 2 * np.pi, rel=0.02)


@pytest.mark.parametrize(
    ("scores", "words", "tone"),
    [
        (walked.scores((*walked.USUAL[:-1], 0.88)), "makes walking easier in simulation: 12.0 %", Tone.OK),
        (walked.scores((*walked.USUAL[:-1], 0.98)), "hardly makes walking easier in", Tone.WARN),
        (walked.scores((*walked.USUAL[:-1], 1.01)), "makes walking harder in simulation: 1.0 %", Tone.WARN),
        (walked.scores(falls=(0, 0, 0, 0, 3)), "harder in simulation: 3 falls in 40 walks", Tone.WARN),
        (walked.earlier_scores(0.0465), "easier in simulation: 7 % less joint effort than", Tone.OK),
        (walked.earlier_scores(0.0500), "makes walking neither easier nor harder", Tone.WARN),
    ],
)
def test_train_and_compare_tell_the_verdict_in_the_same_words_and_green_only_without_a_warning(
    scores: tuple[GaitScore, ...], words: str, tone: Tone
) -> None:
    said, looks = verdict_headline(brief_assistance(Comparison(walks.gaits(*records.GAITS), scores, "")))
    told = said.replace("\u00a0", " ")
    assert words in told and looks is tone
    assert told == assistance_of(scores).headline


def test_compare_shows_five_gaits_in_numbers_that_decide_first_and_joint_effort_last(
    context: SessionContext, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, _ = compare(context)
    names = [row.name for row in shown_table(page).rows]
    assert shown_table(page).columns == (
        "",
        "Without exo",
        "Worn, no torque",
        "Default",
        "Generic",
        "Personal",
    )
    rows = {row.name: row for row in shown_table(page).rows}
    assert names[:2] == ["Metabolic rate, %", "95 % interval, %"] and names[-1] == "Joint effort, %"
    assert rows["Metabolic rate, %"].cells == ("100", "103.0", "96.0", "94.0", "88.0")
    assert rows["95 % interval, %"].cells == ("", "± 0.4", "± 0.4", "± 0.4", "± 0.3")
    assert rows["… Umberger, W/kg"].cells[0] == "3.80" and rows["Falls in 40 walks"].cells[-1] == "0"
    assert names.index("Left hip") < names.index("Umberger 2010, %")
    sentence = page.comparison._sentence.text().replace("\u00a0", " ")
    assert sentence.startswith("Walking with the personalized controller costs 8.3 % less energy than")


def test_a_comparison_by_an_earlier_version_still_shows(context: SessionContext, visit_id: str) -> None:
    made = records.fill(context.store, visit_id, Step.TRAIN)
    context.store.save(
        RecordKind.COMPARISON,
        records.earlier_comparison(),
        visit_id=visit_id,
        inputs=(made[Step.TRAIN],),
        summary="compared",
    )
    page, _ = compare(context)
    assert page._headline.text().replace("\u00a0", " ") == (
        "The controller makes walking easier in simulation: 7 % less joint effort than without the exo."
    )
    assert shown_table(page).columns == ("", "Without exo", "Default", "Personal")
    assert shown_table(page).rows[0].name == "Joint effort"
    assert shown_table(page).rows[0].cells == ("100 %", "97 %", "93 %")
    assert page.comparison._sentence.text() == "Compared earlier."
    report = report_content(context.store, visit_id).controller
    assert report.columns[1] == "Joint effort"
    assert [row.cells[0] for row in report.rows] == ["100 %", "97 %", "93 %"]


def shown_table(page: ComparePage) -> NumberTable:
    view = page.comparison._view
    assert view is not None
    return view.table


def test_nobody_signs_without_a_name(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, _ = compare(context)
    assert page.approver.given == ("", "")  # not even the name of who uses this PC
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
    """A comparison in which walking with the personalized controller costs 4 % more."""
    made = records.fill(context.store, visit_id, Step.TRAIN)
    comparison = Comparison(walks.gaits(*records.GAITS), records.scores(1.04), "Harder.")
    inputs = (made[Step.TRAIN],)
    return context.store.save(
        RecordKind.COMPARISON, comparison, visit_id=visit_id, inputs=inputs, summary="compared"
    )


def test_who_releases_what_makes_walking_harder_types_a_reason(
    context: SessionContext, visit_id: str
) -> None:
    harder(context, visit_id)
    page, _presenter = compare(context)
    assert "makes walking harder" in page._headline.text() and "4.0\u00a0% higher" in page._headline.text()
    assert page.reason.isVisibleTo(page) and "4.0 % higher metabolic" in page._reason_prompt.toolTip()
    assert len(page._reason_prompt.text()) < 160  # the verdict is the headline: said twice, the page scrolled
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
    assert "It makes walking harder in simulation: 4.0 % higher metabolic rate" in meaning
    assert meaning.endswith("because: a first try of the fit")
    assert (
        approvals(context.store, visit_id, context.store.decisions(visit_id)[-1].record_id)[0].meaning
        == meaning
    )
    assert dict(report_content(context.store, visit_id).deployment)["Reason"] == "a first try of the fit"
    _presenter.refresh()
    assert page._declaration.text().endswith("in spite of the verdict, because: a first try of the fit")


def test_a_controller_that_helps_needs_no_reason(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, _ = compare(context)
    assert not page.reason.isVisibleTo(page)


def test_what_a_session_without_a_screen_released_can_still_be_signed_by_a_person(
    context: SessionContext, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.COMPARE)
    by, role, record_id = UNATTENDED_APPROVER.name, UNATTENDED_APPROVER.role, made[Step.COMPARE]
    context.store.decide(visit_id, Step.COMPARE.value, Verdict.SIGNED, record_id=record_id, by=by, role=role)
    page, _ = compare(context)
    assert page._main.text() == "Sign comparison" and page.approver.isVisibleTo(page)


def marked(page: ComparePage, *, exo: bool = False) -> list[tuple[str, str]]:
    """Letter and name of the curves of the first joint, or of the torque."""
    grid = page.comparison.exo if exo else page.comparison.joints
    assert grid is not None
    panel = next(iter(grid.plots.values())).panel
    assert panel is not None
    return [(curve.mark, curve.label) for curve in panel.curves]


def choose_gait(page: ComparePage, number: int, name: str) -> None:
    """As a person does it above the picture."""
    choice = page.comparison.stage.heads[number].choice
    choice.setCurrentIndex(choice.findData(name))
    choice.activated.emit(choice.currentIndex())


def test_two_gaits_are_held_against_each_other_in_pictures_and_curves(
    context: SessionContext, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, presenter = compare(context)
    assert marked(page) == [("A", "without exo"), ("B", "personalized controller")]
    choose_gait(page, 0, "default controller")
    left, right = page.comparison.stage._gaits
    assert left.rollout.label is GaitLabel.DEFAULT_CONTROLLER
    assert right.rollout.label is GaitLabel.PERSONALIZED_CONTROLLER
    both = [("A", "default controller"), ("B", "personalized controller")]
    assert marked(page) == marked(page, exo=True) == both
    presenter.refresh()
    assert marked(page) == both  # what a person chose stays
    choose_gait(page, 1, "default controller")
    assert marked(page) == [("A", "personalized controller"), ("B", "default controller")]  # changed over


def test_the_measured_gait_has_curves_but_no_picture(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, _ = compare(context)
    choose_gait(page, 0, "measured")
    (alone,) = page.comparison.stage._gaits
    assert alone.rollout.label is GaitLabel.PERSONALIZED_CONTROLLER
    assert page.comparison.stage.heads[0].text == "Measured · curves only"
    assert marked(page) == [("A", "measured"), ("B", "personalized controller")]


def test_all_gaits_can_be_seen_at_once(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, _ = compare(context)
    page.comparison.all_curves[0].click()
    assert [name for _, name in marked(page)] == ["measured", *(label.value for label in records.GAITS)]
    assert page.comparison.all_curves[1].isChecked()  # on both tabs
    page.comparison.all_curves[1].click()
    assert marked(page) == [("A", "without exo"), ("B", "personalized controller")]


def test_compare_asks_for_the_newest_controller(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.TRAIN)
    page, _ = compare(context)
    page.main_action.emit()
    (job,) = board.jobs.values()
    assert job.spec.params == {"controller_id": made[Step.TRAIN]}
    assert context.store.latest(visit_id, RecordKind.COMPARISON) is None
