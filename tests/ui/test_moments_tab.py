"""Moments (estimated): the tab of Motion shows hip moments with the band of their errors, and the weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import SIDES, Side
from core.domain.kinetics import ForceSource
from core.domain.moments import MOMENT_PLANES, STAGES, EstimatedCycles, Moments, StageWeights
from core.domain.record import RecordKind
from core.jobs.table import JOB_TABLE
from core.session.flow import JOBS, Step
from tests.ui.board import HandBoard
from tests.ui.force_samples import kinetics
from tests.ui.samples import doubtful_motion, motion, squat_motion
from ui.pages.moments import MomentView
from ui.pages.motion import MotionPage
from ui.plots.curves import CurveStyle
from ui.presenters.moments import JOB, moment_panels, weight_table
from ui.presenters.motion import MotionPresenter
from ui.session_context import SessionContext


def moments() -> Moments:
    """Two left strides and one right one."""
    weights = tuple(
        StageWeights(plane, stage, ("Newton-Euler, corrected", "NTM"), (0.9, 0.0 if stage else 0.25), 0.8)
        for plane in range(3)
        for stage in range(len(STAGES))
    )
    cycles = tuple(
        EstimatedCycles(side, np.full((2 - number, 101, 3), 0.1 + number), {})
        for number, side in enumerate(SIDES)
    )
    error = np.tile([0.15, 0.1, 0.03], (101, 1))
    return Moments((cycles[0], cycles[1]), weights, error, "hip moments 1", "11 real people", ())


@pytest.fixture
def page(context: SessionContext) -> MotionPage:
    page = MotionPage()
    presenter = MotionPresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    return page


def solved(context: SessionContext, visit_id: str) -> str:
    motion_id = context.store.save(RecordKind.MOTION, motion(), visit_id=visit_id, summary="")
    context.record_changed.emit()
    return motion_id


def test_the_job_is_one_of_this_step() -> None:
    assert JOB in JOB_TABLE and JOB in JOBS[Step.MOTION]


def test_without_moments_the_tab_says_what_they_are_and_starts_the_job(
    context: SessionContext, board: HandBoard, page: MotionPage, visit_id: str
) -> None:
    motion_id = solved(context, visit_id)
    assert "No force plate is needed" in page.moments._empty._detail.text()

    page.moments._empty._button.click()

    (job,) = board.jobs.values()
    assert (job.spec.kind, job.spec.params) == (JOB, {"motion_id": motion_id})
    assert page.moments._empty._sentence.text() == "The hip moments are being estimated."
    assert page.moments._empty._button.isHidden()


def test_an_open_question_and_a_squat_wait_or_are_told_why_not(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    context.store.save(RecordKind.MOTION, doubtful_motion(), visit_id=visit_id, summary="")
    context.record_changed.emit()
    assert "must be settled first" in page.moments._empty._detail.text()

    context.store.save(RecordKind.MOTION, squat_motion(), visit_id=visit_id, summary="")
    context.record_changed.emit()
    assert "no complete stride" in page.moments._empty._sentence.text()
    assert page.moments._empty._button.isHidden()


def test_moments_are_shown_as_estimated_with_their_weights_and_made_anew_for_a_new_motion(
    context: SessionContext, board: HandBoard, page: MotionPage, visit_id: str
) -> None:
    first = solved(context, visit_id)
    context.store.save(RecordKind.MOMENTS, moments(), visit_id=visit_id, summary="", inputs=(first,))
    context.record_changed.emit()
    assert page.moments.head.source.text() == "Estimated, not measured: 2 left and 1 right stride."
    assert "draw the leg in" in page.moments._note.text()
    assert page.moments.head.stale.isHidden() and page.moments.head.button.isHidden()
    page.moments.choose(MomentView.WEIGHTS)
    assert page.moments._middle.currentWidget() is page.moments._table
    assert page.moments.weights.rowCount() == len(STAGES)

    second = solved(context, visit_id)

    assert "solved again" in page.moments.head.stale.text()
    page.moments.head.button.click()
    (job,) = board.jobs.values()
    assert job.spec.params == {"motion_id": second}


def test_the_band_is_the_error_with_real_people_and_plates_are_drawn_beside() -> None:
    all_planes = replace(motion(), sagittal_only=False)
    panels = moment_panels(moments(), all_planes, kinetics(ForceSource.PLATES))
    assert len(panels) == 2 * len(MOMENT_PLANES)
    left = panels[0]
    assert left.side is Side.LEFT
    estimated, measured = left.curves
    assert estimated.style is CurveStyle.ESTIMATED and measured.style is CurveStyle.MEASURED
    assert estimated.sd is not None and np.allclose(estimated.sd, 0.15)
    assert "error with 11 real people, of whom the model knew nothing" in estimated.sd_words

    others = moment_panels(moments(), all_planes, kinetics(ForceSource.ESTIMATED))
    assert all(len(panel.curves) == 1 for panel in others), "one estimate says nothing about another"


def test_one_camera_tells_the_sagittal_plane_only() -> None:
    panels = moment_panels(moments(), replace(motion(), sagittal_only=True), None)
    assert [panel.kind.label for panel in panels] == ["Hip flexion moment"] * 2


def test_weights_are_told_by_stage_and_plane_in_words() -> None:
    table = weight_table(moments().weights)
    assert table.columns == ("", "Sagittal", "Frontal", "Transverse")
    assert table.rows[0].cells[0] == "P 90 · N 25"
    assert table.rows[0].tips[0] == "physics 90 %, NTM 25 %"
    assert table.rows[-1].name == "Swing" and table.rows[-1].cells[2] == "P 90"
