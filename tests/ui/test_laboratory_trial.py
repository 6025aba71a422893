"""A laboratory trial stands in for the cameras on the Capture and Motion pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.laboratory import LaboratoryTrial
from core.domain.record import RecordKind
from core.domain.recording import Landmark
from core.session.flow import Step, StepState
from tests.ui.board import HandBoard
from tests.ui.samples import landmarks, motion
from ui.marker_view import marker_view
from ui.pages.capture import CapturePage
from ui.pages.motion import MotionPage
from ui.presenters.capture import CapturePresenter
from ui.presenters.laboratory_trial import trial_facts
from ui.presenters.motion import MotionPresenter
from ui.session_context import SessionContext
from ui.widgets.basics import Button

NAMES = tuple(
    f"{side}{name}"
    for name in ("ASI", "PSI", "THI", "KNE", "TIB", "ANK", "HEE", "TOE", "SHO")
    for side in ("L", "R")
)
UP_M = {"ASI": 0.95, "PSI": 0.95, "THI": 0.7, "KNE": 0.5, "TIB": 0.3, "ANK": 0.1, "HEE": 0.05, "TOE": 0.05}


def a_trial() -> LaboratoryTrial:
    """Somebody who slides forward standing: enough to look at."""
    time_s = np.arange(100) / 100.0
    place = np.zeros((100, len(NAMES), 3))
    for k, name in enumerate(NAMES):
        ahead = {"PSI": 0.15, "TOE": -0.15}.get(name[1:], 0.0)
        place[:, k] = (0.1 if name[0] == "L" else -0.1, ahead, UP_M.get(name[1:], 1.4))
    place[..., 1] -= time_s[:, None]
    return LaboratoryTrial(NAMES, time_s, place, (), np.zeros(0), (), None, "walk 05.c3d", ())


def test_the_facts_count_what_was_seen_and_stand_for_a_single_frame() -> None:
    trial = a_trial()
    hidden = trial.marker_m.copy()
    hidden[:, 0] = np.nan
    assert trial_facts(replace(trial, marker_m=hidden)).startswith("walk 05.c3d · 17 markers · 100 frames/s")
    one = replace(trial, time_s=trial.time_s[:1], marker_m=trial.marker_m[:1])
    assert trial_facts(one) == "walk 05.c3d · 18 markers · 1 frame · no force plate · no standing trial"


@pytest.fixture
def capture(context: SessionContext) -> CapturePage:
    page = CapturePage()
    presenter = CapturePresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    return page


@pytest.fixture
def page(context: SessionContext) -> MotionPage:
    page = MotionPage()
    presenter = MotionPresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    return page


def save(context: SessionContext, visit_id: str) -> str:
    found = context.store.save(RecordKind.LABORATORY_TRIAL, a_trial(), visit_id=visit_id, summary="trial")
    context.record_changed.emit()
    return found


def words(page: CapturePage | MotionPage) -> set[str]:
    return {button.text() for button in page.findChildren(Button) if button.isVisibleTo(page)}


def test_a_trial_dropped_on_the_page_is_imported_with_what_belongs_to_it(
    capture: CapturePage, board: HandBoard, visit_id: str
) -> None:
    capture.files_chosen.emit((Path("/lab/walk 05.c3d"),))
    assert not board.jobs
    assert capture.laboratory.isVisibleTo(capture)

    capture.laboratory.standing_chosen.emit(Path("/lab/static.c3d"))
    capture.laboratory.wanted.emit(True)

    job = board.states()[0].spec
    assert job.kind == "import_trial"
    assert (job.params["file"], job.params["standing"], job.params["plates"]) == (
        "/lab/walk 05.c3d",
        "/lab/static.c3d",
        None,
    )
    assert job.params["visit_id"] == visit_id


def test_a_trial_that_was_left_is_not_imported(capture: CapturePage, board: HandBoard, visit_id: str) -> None:
    capture.trial_chosen.emit(Path("/lab/walk.trc"))
    capture.laboratory.wanted.emit(False)

    assert not board.jobs
    assert not capture.laboratory.isVisibleTo(capture)


def test_the_page_shows_what_the_trial_holds_and_leads_to_its_motion(
    capture: CapturePage, context: SessionContext, visit_id: str
) -> None:
    asked: list[Step] = []
    context.go_to.connect(asked.append)

    save(context, visit_id)

    assert "walk 05.c3d" in capture._facts.text() and "18 markers" in capture._facts.text()
    capture.main_action.emit()
    assert asked == [Step.MOTION]


def test_the_skeleton_of_the_markers_walks_to_the_left_seen_from_the_left_side() -> None:
    view = marker_view(a_trial())

    assert view is not None
    points = view.tracks[0].image_px
    knee = points[:, Landmark.LEFT_KNEE.value]
    assert knee[-1, 0] < knee[0, 0]
    assert points[0, Landmark.LEFT_HIP.value, 1] < knee[0, 1]
    assert marker_view(replace(a_trial(), marker_names=tuple(f"M{k}" for k in range(len(NAMES))))) is None


def test_the_motion_of_a_trial_is_solved_from_its_markers(
    page: MotionPage, context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    trial_id = save(context, visit_id)
    assert "Slow motion…" not in words(page)

    page.main_action.emit()

    job = board.states()[0].spec
    assert (job.kind, job.params) == ("solve_markers", {"trial_id": trial_id})


def test_a_motion_of_markers_is_judged_without_questions_about_a_film(
    page: MotionPage, context: SessionContext, visit_id: str
) -> None:
    trial_id = save(context, visit_id)
    solved = replace(motion(), marker_set="Plug-in-Gait", belt_speed_m_s=1.0, sagittal_only=False)
    context.store.save(RecordKind.MOTION, solved, visit_id=visit_id, summary="", inputs=(trial_id,))

    context.record_changed.emit()

    assert {"Accept motion", "Solve again"} <= words(page)
    assert not {"Slow motion…", "Swap left and right", "Solve with this speed"} & words(page)


def test_a_film_after_the_trial_counts_and_the_motion_is_out_of_date(
    page: MotionPage, context: SessionContext, visit_id: str
) -> None:
    trial_id = save(context, visit_id)
    solved = replace(motion(), marker_set="Plug-in-Gait")
    context.store.save(RecordKind.MOTION, solved, visit_id=visit_id, summary="", inputs=(trial_id,))
    context.store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="")

    context.record_changed.emit()

    assert context.status(Step.MOTION).state is StepState.STALE
