"""Capture, calibrating cameras: which board was filmed, what came out, and which calibration a walk gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.domain.calibration import Calibration
from core.domain.findings import Finding, Severity
from core.domain.record import RecordKind
from core.errors import Advice
from core.jobs.values import Done
from tests.capture.calibration.rigs import rig
from tests.ui.board import HandBoard
from tests.ui.samples import recording
from tests.ui.waiting import until
from ui.pages.capture import CapturePage
from ui.pages.number_table import NumberTableWidget
from ui.presenters.camera_calibration import calibration_verdict
from ui.presenters.capture import CapturePresenter
from ui.session_context import SessionContext
from ui.theme import Tone


@pytest.fixture
def page(context: SessionContext) -> CapturePage:
    page = CapturePage()
    page.presenter = CapturePresenter(page, context)  # type: ignore[attr-defined]
    return page


def refresh(page: CapturePage) -> None:
    page.presenter.refresh()  # type: ignore[attr-defined]


def save(context: SessionContext, visit_id: str, cameras: int = 2) -> str:
    return context.store.save(
        RecordKind.CALIBRATION, rig(cameras), visit_id=visit_id, summary="calibrated", operator="Dr. A"
    )


def test_films_of_a_board_are_calibrated_as_entered(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    refresh(page)
    assert page.options.isVisibleTo(page)
    page.secondary_action.emit("calibrate")
    assert not page.options.isVisibleTo(page)  # no heads are hidden in films of a board
    page.calibration._square_mm.setText("48,0")
    page.calibration._floor.setCurrentIndex(1)

    page.board_films_chosen.emit((Path("/tmp/left.mp4"), Path("/tmp/right.mp4")))

    job = board.states()[0].spec
    assert job.kind == "calibrate_cameras"
    assert job.params == {
        "visit_id": visit_id,
        "videos": [str(Path("/tmp/left.mp4")), str(Path("/tmp/right.mp4"))],
        "board": {"kind": "charuco", "columns": 7, "rows": 5, "square_mm": 48.0},
        "floor_s": 0.5,
    }


def test_what_came_out_is_told_for_every_camera(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    refresh(page)
    page.secondary_action.emit("calibrate")
    page.board_films_chosen.emit((Path("/tmp/left.mp4"), Path("/tmp/right.mp4")))
    board.happens(board.states()[0].spec.id, Done(save(context, visit_id)))

    table = page.calibration.findChild(NumberTableWidget)
    until(lambda: table.rowCount() == 2)

    assert page.calibration.isEnabled()
    assert [table.item(line, 3).text() for line in range(2)] == ["0.20 px", "0.20 px"]
    assert len(board.jobs) == 1  # no search for people


def test_a_walk_of_as_many_cameras_gets_the_calibration_of_the_visit(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    calibration_id = save(context, visit_id, cameras=2)

    page.files_chosen.emit((Path("/tmp/a.mp4"), Path("/tmp/b.mp4")))
    page.files_chosen.emit((Path("/tmp/a.mp4"), Path("/tmp/b.mp4"), Path("/tmp/c.mp4")))
    page.files_chosen.emit((Path("/tmp/a.mp4"),))

    told = [state.spec.params.get("calibration") for state in board.states()]
    assert sorted(told, key=str) == sorted([calibration_id, None, None], key=str)


def test_cameras_that_have_not_moved_are_taken_from_an_earlier_visit(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    earlier = save(context, visit_id)
    later = context.store.start_visit(context.store.visit(visit_id).patient_id)
    context.open_visit(later.id)
    refresh(page)

    page.secondary_action.emit("calibrate")
    page.secondary_action.emit("not moved")

    job = board.states()[0].spec
    assert (job.kind, job.params["earlier"]) == ("calibrate_cameras", earlier)
    assert job.params["visit_id"] == later.id


def test_one_goes_back_to_the_walk(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    context.store.save(RecordKind.RECORDING, recording(), visit_id=visit_id, summary="walk")
    page.secondary_action.emit("calibrate")
    assert page._views.currentWidget() is page.calibration
    page.secondary_action.emit("close")
    assert page._views.currentWidget() is page.player


def test_the_sentence_says_how_well_cameras_agree() -> None:
    doubted = Calibration(
        rig(2).cameras,
        "board",
        (0.4, 2.3),
        1.25,
        (Finding(Severity.WARNING, Advice("It bent.", "It did.", "Again.", "CAL-030")),),
    )
    assert calibration_verdict(rig(1)) == (
        "1 camera calibrated: off by at most 0.2 px, 0.5 mm in space.",
        Tone.OK,
    )
    assert calibration_verdict(doubted)[1] is Tone.WARN
    assert calibration_verdict(None)[1] is Tone.NEUTRAL
