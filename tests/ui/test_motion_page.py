"""Motion: judged in words, accepted by a person, video and curves move together."""

from __future__ import annotations

import pytest

from core.domain.body import Side
from core.domain.findings import Severity
from core.domain.record import RecordKind, Verdict
from core.session.flow import Step, StepState
from tests.ui.board import HandBoard
from tests.ui.samples import finding, landmarks, motion
from ui.pages.motion import MotionPage
from ui.presenters.motion import MotionPresenter, cycle_fraction, motion_table, motion_verdict
from ui.session_context import Desk
from ui.theme import Tone


@pytest.fixture
def page(desk: Desk) -> MotionPage:
    page = MotionPage()
    presenter = MotionPresenter(page, desk)
    desk.record_changed.connect(presenter.refresh)
    return page


@pytest.fixture
def motion_id(desk: Desk, page: MotionPage, visit_id: str) -> str:
    seen = desk.store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="seen")
    found = desk.store.save(RecordKind.MOTION, motion(), visit_id=visit_id, summary="motion", inputs=(seen,))
    desk.record_changed.emit()
    return found


def test_the_verdict_counts_strides_and_says_what_they_are_good_for() -> None:
    words, tone = motion_verdict(motion())
    assert words == "5 left and 5 right strides found. Good for sagittal analysis."
    assert tone is Tone.OK
    assert motion_verdict(motion((finding(Severity.STOP),)))[1] is Tone.STOP


def test_measures_come_with_units_and_spread() -> None:
    rows = {row.name: row.cells for row in motion_table(motion()).rows}
    assert rows["Step length"] == ("62 ± 2 cm", "62 ± 2 cm")
    assert rows["Stride time"][0] == "1.10 ± 0.03 s"
    assert rows["Knee range"][0].endswith("°")


def test_accepting_writes_a_decision_and_then_leads_on(
    desk: Desk, page: MotionPage, motion_id: str, visit_id: str
) -> None:
    steps: list[Step] = []
    desk.go_to.connect(steps.append)
    assert desk.status(Step.MOTION).state is StepState.ATTENTION
    page.main_action.emit()
    decision = desk.store.decisions(visit_id)[-1]
    assert (decision.verdict, decision.record_id, decision.by) == (Verdict.ACCEPTED, motion_id, "A. Berger")
    assert desk.status(Step.MOTION).state is StepState.DONE
    page.main_action.emit()
    assert steps == [Step.PERSONALIZE]


def test_swapping_sides_solves_again_with_sides_exchanged(
    page: MotionPage, motion_id: str, board: HandBoard
) -> None:
    page.secondary_action.emit("swap")
    job = board.states()[0].spec
    assert (job.kind, job.params["swap_sides"]) == ("solve_motion", True)


def test_a_moment_in_a_curve_is_shown_in_the_video(page: MotionPage, motion_id: str) -> None:
    page.moment_chosen.emit(Side.RIGHT, 0.4)
    assert page.player.time_s == pytest.approx(0.9)


def test_the_cycle_is_unknown_outside_complete_strides() -> None:
    strides = motion().strides
    assert cycle_fraction(strides, Side.LEFT, 0.25) == pytest.approx(0.25)
    assert cycle_fraction(strides, Side.LEFT, 1.2) is None


def test_a_newer_recording_makes_the_motion_stale_until_kept(
    desk: Desk, page: MotionPage, motion_id: str, visit_id: str
) -> None:
    page.main_action.emit()
    desk.store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="newer")
    desk.record_changed.emit()
    assert page._stale.isVisibleTo(page)
    page.keep_stale.emit()
    assert not page._stale.isVisibleTo(page)
