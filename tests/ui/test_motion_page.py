"""Motion: judged in words, accepted by a person, video and curves move together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel

from core.domain.body import Side
from core.domain.clock import FilmClock
from core.domain.findings import Finding, Severity
from core.domain.motion import Motion
from core.domain.record import RecordKind, Verdict
from core.domain.recording import Landmark
from core.gait.cycles import cycle_sd
from core.jobs.values import Refused
from core.session.flow import Step, StepState
from core.session.report import report_content
from tests.ui.board import HandBoard
from tests.ui.samples import (
    doubtful_motion,
    finding,
    landmarks,
    motion,
    several_cameras,
    squat_motion,
    track,
    with_spread,
)
from tests.ui.waiting import until
from ui.pages.motion import MotionPage
from ui.presenters.gait_curves import joint_panels
from ui.presenters.motion import MotionPresenter
from ui.presenters.motion_numbers import cycle_fraction, motion_table, motion_tiles, motion_verdict
from ui.session_context import SessionContext
from ui.theme import Tone


@pytest.fixture
def page(context: SessionContext) -> MotionPage:
    page = MotionPage()
    presenter = MotionPresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    return page


@pytest.fixture
def motion_id(context: SessionContext, page: MotionPage, visit_id: str) -> str:
    landmarks_id = context.store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="seen")
    found = context.store.save(
        RecordKind.MOTION, motion(), visit_id=visit_id, summary="motion", inputs=(landmarks_id,)
    )
    context.record_changed.emit()
    return found


def test_the_verdict_counts_strides_and_says_what_they_are_good_for() -> None:
    words, tone = motion_verdict(motion())
    assert words == "5 left and 5 right strides found. Good for sagittal analysis."
    assert tone is Tone.OK
    assert motion_verdict(motion((finding(Severity.STOP),)))[1] is Tone.STOP


@pytest.mark.parametrize(
    ("used", "sagittal_only", "words"),
    [
        ((0, 1, 2), False, "Cameras 1, 2 and 3 of 4"),
        ((1,), True, "Camera 2 of 4, from the side"),
    ],
)
def test_the_cameras_that_were_used_are_named(
    context: SessionContext,
    page: MotionPage,
    visit_id: str,
    used: tuple[int, ...],
    sagittal_only: bool,
    words: str,
) -> None:
    seen = context.store.save(RecordKind.LANDMARKS, several_cameras(), visit_id=visit_id, summary="seen")
    measured = replace(motion(), cameras_used=used, sagittal_only=sagittal_only)
    context.store.save(RecordKind.MOTION, measured, visit_id=visit_id, summary="motion", inputs=(seen,))
    context.record_changed.emit()
    assert [badge.text() for badge in page.findChildren(QLabel) if badge.text().startswith("Camera")] == [
        words
    ]


def test_measures_come_with_units_and_spread() -> None:
    rows = {row.name: row.cells for row in motion_table(motion()).rows}
    assert rows["Step length"] == ("62 ± 2 cm", "62 ± 2 cm")
    assert rows["Stride time"][0] == "1.10 ± 0.03 s"
    assert rows["Knee range"][0].endswith("°")


def test_accepting_writes_a_decision_and_then_leads_on(
    context: SessionContext, page: MotionPage, motion_id: str, visit_id: str
) -> None:
    steps: list[Step] = []
    context.go_to.connect(steps.append)
    assert context.status(Step.MOTION).state is StepState.ATTENTION
    page.main_action.emit()
    decision = context.store.decisions(visit_id)[-1]
    assert (decision.verdict, decision.record_id, decision.by) == (Verdict.ACCEPTED, motion_id, "A. Berger")
    assert context.status(Step.MOTION).state is StepState.DONE
    page.main_action.emit()
    assert steps == [Step.PERSONALIZE]


def test_swapping_sides_solves_again_with_sides_exchanged(
    page: MotionPage, motion_id: str, board: HandBoard
) -> None:
    page.secondary_action.emit("swap")
    job = board.states()[0].spec
    assert (job.kind, job.params["swap_sides"]) == ("solve_motion", True)


@pytest.fixture
def doubtful_id(context: SessionContext, page: MotionPage, visit_id: str) -> str:
    return keep(context, visit_id, doubtful_motion())


def keep(context: SessionContext, visit_id: str, solved: Motion) -> str:
    landmarks_id = context.store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="seen")
    found = context.store.save(
        RecordKind.MOTION, solved, visit_id=visit_id, summary="motion", inputs=(landmarks_id,)
    )
    context.record_changed.emit()
    return found


def test_sides_in_doubt_hold_the_session_until_a_named_person_has_answered(
    context: SessionContext, page: MotionPage, doubtful_id: str, visit_id: str
) -> None:
    assert page.question.isVisibleTo(page)
    assert not page._main.isEnabled() and "left one" in page._why_not.text()
    page.main_action.emit()
    assert context.store.decisions(visit_id) == () and page._advice.isVisibleTo(page)
    context.store.decide(visit_id, Step.MOTION, Verdict.ACCEPTED, record_id=doubtful_id)
    assert context.status(Step.MOTION).state is StepState.ATTENTION
    assert context.status(Step.PERSONALIZE).blocker == "Solve and accept the motion first."


def test_who_looked_and_confirms_the_sides_is_in_the_record_and_the_session_goes_on(
    context: SessionContext, page: MotionPage, doubtful_id: str, visit_id: str
) -> None:
    assert not page.question.buttons["shown"].isEnabled()
    page.question.name.setText("Dr. Lind")
    page.question.buttons["shown"].click()
    decision = context.store.decisions(visit_id)[-1]
    answer = (decision.verdict, decision.record_id, decision.by)
    assert answer == (Verdict.SIDES_CONFIRMED, doubtful_id, "Dr. Lind")
    assert not page.question.isVisibleTo(page)
    page.main_action.emit()
    assert context.status(Step.MOTION).state is StepState.DONE
    assert "Dr. Lind said which leg is the left one." in report_content(context.store, visit_id).quality


@pytest.mark.parametrize(
    ("key", "asked"),
    [("swap", (True, "repaired", "Dr. Lind")), ("detected", (False, "as-detected", "Dr. Lind"))],
)
def test_another_answer_solves_again_with_these_sides_and_the_name(
    page: MotionPage, doubtful_id: str, board: HandBoard, key: str, asked: tuple[bool, str, str]
) -> None:
    page.question.name.setText("Dr. Lind")
    page.question.buttons[key].click()
    params = board.states()[0].spec.params
    assert (params["swap_sides"], params["sides"], params["sides_by"]) == asked


def test_two_pictures_ask_whether_the_nearer_leg_is_the_left_one(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    near_right = np.zeros((60, 33, 3))
    near_right[:, Landmark.LEFT_ANKLE.value, 2] = 0.3  # as detected the left leg is further away
    person = replace(landmarks().people[0], tracks=(replace(track(), world_m=near_right),))
    seen = replace(landmarks(), people=(person,))
    landmarks_id = context.store.save(RecordKind.LANDMARKS, seen, visit_id=visit_id, summary="seen")
    context.store.save(
        RecordKind.MOTION, doubtful_motion(), visit_id=visit_id, summary="motion", inputs=(landmarks_id,)
    )
    context.record_changed.emit()
    question = page.question
    assert question._title.text() == "Is the leg nearer the camera the left one?"
    captions = [question._captions[key].text() for key in ("shown", "swap")]
    assert captions == ["Yes: the nearer leg is the left one.", "No: the nearer leg is the right one."]
    assert all(not picture.icon().isNull() for picture in question.pictures.values())
    for picture in question.pictures.values():  # a low window scrolls; it does not crush what lies below
        assert picture.minimumHeight() >= picture.iconSize().height()
    assert not question.pictures["shown"].isEnabled()
    question.name.setText("Dr. Lind")
    question.pictures["shown"].click()
    assert context.store.decisions(visit_id)[-1].verdict is Verdict.SIDES_CONFIRMED


def test_what_stops_is_overridden_by_name_and_role_and_then_accepted(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    stop = finding(Severity.STOP, "MOT-060")
    keep(context, visit_id, motion((stop,)))
    assert page.override.isVisibleTo(page) and not page._main.isEnabled()
    assert any(stop.advice.what in words.text() for words in page.override.findChildren(QLabel))
    page.override.approver.name.setText("Dr. Lind")
    assert not page.override.button.isEnabled()
    page.override.approver.role.setText("physician")
    page.override.button.click()
    decision = context.store.decisions(visit_id)[-1]
    assert (decision.verdict, decision.by, decision.role) == (Verdict.OVERRIDDEN, "Dr. Lind", "physician")
    assert not page.override.isVisibleTo(page) and page._main.isEnabled()
    page.main_action.emit()
    assert context.status(Step.MOTION).state is StepState.DONE


def test_doubtful_sides_are_asked_about_and_cannot_be_overridden(page: MotionPage, doubtful_id: str) -> None:
    assert page.question.isVisibleTo(page) and not page.override.isVisibleTo(page)
    page.stops_overridden.emit("Dr. Lind", "physician")
    assert "nothing to override" in page._advice.accessibleName()


def test_nobody_answers_without_a_name(
    context: SessionContext, page: MotionPage, doubtful_id: str, visit_id: str
) -> None:
    page.sides_answered.emit("shown", "")
    assert context.store.decisions(visit_id) == ()
    assert "The question was not answered" in page._advice.accessibleName()


def test_the_skeleton_has_the_sides_of_the_motion_not_of_the_detector(
    page: MotionPage, doubtful_id: str
) -> None:
    drawn = page.player._clip
    assert drawn is not None
    left, right = Landmark.LEFT_ANKLE.value, Landmark.RIGHT_ANKLE.value
    np.testing.assert_array_equal(drawn.tracks[0].image_px[:, left], track().image_px[:, right])


def test_a_motion_of_an_earlier_version_that_was_turned_round_must_be_solved_again(
    context: SessionContext, page: MotionPage, visit_id: str, board: HandBoard
) -> None:
    keep(context, visit_id, replace(motion((finding(code="MOT-020"),)), swapped_fraction=0.98))
    assert not page._main.isEnabled() and not page.question.isVisibleTo(page)
    page.secondary_action.emit("again")
    assert board.states()[0].spec.kind == "solve_motion"


def test_a_moment_in_a_curve_is_shown_in_the_video(page: MotionPage, motion_id: str) -> None:
    page.moment_chosen.emit(Side.RIGHT, 0.4)
    assert page.player.time_s == pytest.approx(0.9)


def test_the_cycle_is_unknown_outside_complete_strides() -> None:
    strides = motion().strides
    assert cycle_fraction(strides, Side.LEFT, 0.25) == pytest.approx(0.25)
    assert cycle_fraction(strides, Side.LEFT, 1.2) is None


def test_a_newer_recording_makes_the_motion_stale_until_kept(
    context: SessionContext, page: MotionPage, motion_id: str, visit_id: str
) -> None:
    page.main_action.emit()
    context.store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="newer")
    context.record_changed.emit()
    assert page._stale.isVisibleTo(page)
    page.keep_stale.emit()
    assert not page._stale.isVisibleTo(page)


@pytest.fixture
def squat_id(context: SessionContext, page: MotionPage, visit_id: str) -> str:
    return keep(context, visit_id, squat_motion())


def test_a_squat_is_shown_over_time_and_the_page_says_why_it_cannot_go_on(
    context: SessionContext, page: MotionPage, squat_id: str, visit_id: str
) -> None:
    assert page.courses.isVisibleTo(page) and not page.grid.isVisibleTo(page)
    assert "No walk was seen" in page._headline.text()
    assert not page._main.isEnabled() and "record one of at least four steps" in page._why_not.text()
    assert not page.override.isVisibleTo(page)
    page.main_action.emit()
    assert context.store.decisions(visit_id) == ()
    assert context.status(Step.PERSONALIZE).blocker is not None


def test_the_video_and_the_angles_over_time_move_together(page: MotionPage, squat_id: str) -> None:
    page.courses.moment_chosen.emit(0.5)
    assert page.player.time_s == pytest.approx(0.5, abs=0.05)
    page.player.moved.emit(1.0)
    assert [plot._cursor.value() for plot in page.courses.plots] == pytest.approx([1.0] * 3)
    knee = page.courses.plots[1]
    assert knee.read_out(1.0) == "left 90°, right 90°"


def test_a_motion_without_strides_shows_no_number_that_is_none(page: MotionPage, squat_id: str) -> None:
    squat = squat_motion()
    assert [tile.name for tile in motion_tiles(squat)] == ["Duration", "Fit"]
    rows = {row.name: row.cells for row in motion_table(squat).rows}
    assert rows["Knee flexion"] == ("0 to 90°", "0 to 90°")
    assert "nan" not in str(rows) + str(motion_tiles(squat))


def test_a_walk_after_a_squat_has_its_gait_cycle_again(
    context: SessionContext, page: MotionPage, squat_id: str, visit_id: str
) -> None:
    keep(context, visit_id, motion())
    assert page.grid.isVisibleTo(page) and not page.courses.isVisibleTo(page)
    assert page._main.isEnabled()


def test_the_speed_of_a_treadmill_can_be_entered_and_is_solved_with(
    context: SessionContext, page: MotionPage, visit_id: str, board: HandBoard
) -> None:
    keep(context, visit_id, motion())
    assert not page.belt.isVisibleTo(page)
    keep(context, visit_id, replace(motion(), belt_speed_m_s=1.17))
    assert page.belt.isVisibleTo(page)
    assert page.belt.value() == 1.17 and "4.2 km/h" in page.belt._hours.text()
    for nonsense in ("", "fast", "0", "20", "nan"):
        page.belt.speed.setText(nonsense)
        assert not page.belt.button.isEnabled()
    page.belt.speed.setText("1,25")
    page.belt.button.click()
    params = board.states()[0].spec.params
    assert (params["belt_speed_m_s"], params["swap_sides"], params["sides"]) == (1.25, False, "repaired")


def test_a_speed_that_was_entered_holds_on_when_sides_are_swapped(
    context: SessionContext, page: MotionPage, visit_id: str, board: HandBoard
) -> None:
    landmarks_id = context.store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="seen")
    context.store.save(
        RecordKind.MOTION,
        replace(motion(), belt_speed_m_s=1.25),
        visit_id=visit_id,
        summary="motion",
        inputs=(landmarks_id,),
        settings={"belt_speed_m_s": 1.25},
    )
    context.record_changed.emit()
    assert "As it was entered" in page.belt._why.text()
    page.secondary_action.emit("swap")
    assert board.states()[0].spec.params["belt_speed_m_s"] == 1.25


def test_measured_curves_have_their_band_and_one_sentence_says_what_it_is() -> None:
    shown = joint_panels(with_spread(motion(), 0.05), (), norm=None)
    for panel in shown:
        (curve,) = panel.curves
        assert curve.sd is not None and (curve.sd >= np.degrees(0.05) - 1e-9).all()
        assert "68 %" in curve.sd_words
    before = joint_panels(motion(), (), norm=None)[0].curves[0]
    spread = np.degrees(cycle_sd(motion().cycles[0])[:, 0])
    assert before.sd is not None and before.sd_words == ""
    np.testing.assert_allclose(before.sd, spread)


def test_the_sentence_on_bands_is_shown_only_where_it_holds(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    keep(context, visit_id, with_spread(motion()))
    assert "68 %" in page.grid._band_words.text()
    keep(context, visit_id, motion())
    assert "68 %" not in page.grid._band_words.text()


def slow_motion_question() -> Finding:
    return finding(Severity.STOP, "MOT-090")


def test_a_film_that_may_be_slow_motion_is_solved_on_the_clock_that_a_person_names(
    context: SessionContext, page: MotionPage, visit_id: str, board: HandBoard
) -> None:
    keep(context, visit_id, motion((slow_motion_question(),)))
    assert page.slow_motion.isVisibleTo(page) and not page.slow_motion.solve.isEnabled()
    assert not page._main.isEnabled() and "how fast" in page._why_not.text()
    page.slow_motion.name.setText("Dr. Lind")
    page.slow_motion.factor.setText("fast")
    assert not page.slow_motion.solve.isEnabled()
    page.slow_motion.factor.setText("4,0")
    page.slow_motion.solve.click()
    params = board.states()[0].spec.params
    assert (params["slow_motion"], params["slow_motion_by"]) == (4.0, "Dr. Lind")


def test_a_walk_too_slow_for_any_stride_asks_where_there_is_no_motion_yet(
    context: SessionContext, page: MotionPage, visit_id: str, board: HandBoard
) -> None:
    context.store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="seen")
    context.record_changed.emit()
    assert not page.slow_motion.isVisibleTo(page)
    page.main_action.emit()
    board.happens(board.states()[0].spec.id, Refused(slow_motion_question().advice))
    until(lambda: page.slow_motion.isVisibleTo(page))
    assert page.slow_motion.isVisibleTo(page)


def test_what_was_said_of_the_clock_holds_when_the_sides_are_swapped(
    context: SessionContext, page: MotionPage, visit_id: str, board: HandBoard
) -> None:
    keep(context, visit_id, replace(motion(), clock=FilmClock(2.0, "Dr. Lind")))
    assert not page.slow_motion.isVisibleTo(page)
    page.secondary_action.emit("swap")
    params = board.states()[0].spec.params
    assert (params["slow_motion"], params["slow_motion_by"]) == (2.0, "Dr. Lind")


def test_the_slow_video_is_shown_where_its_stride_is(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    keep(context, visit_id, replace(motion(), clock=FilmClock(1.5, "Dr. Lind")))
    page.moment_chosen.emit(Side.LEFT, 0.5)
    assert page.player.time_s == pytest.approx(0.75, abs=0.02)


def test_nobody_names_a_clock_without_a_name(
    context: SessionContext, page: MotionPage, motion_id: str, board: HandBoard
) -> None:
    page.clock_answered.emit(2.0, "")
    assert not board.states() and "not solved again" in page._advice.accessibleName()
