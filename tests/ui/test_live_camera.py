"""The camera's view of Capture: only what is there, on only when pictures come; and how to film."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from core.jobs.values import Crashed, Sample
from tests.ui.board import HandBoard
from tests.ui.live_camera import camera_view
from tests.ui.waiting import until
from ui import theme
from ui.pages.capture import CapturePage
from ui.presenters.capture import CapturePresenter
from ui.session_context import SessionContext
from ui.widgets.filming_advice import FilmingAdvice


@pytest.fixture
def page(context: SessionContext) -> CapturePage:
    page = CapturePage()
    page.presenter = CapturePresenter(page, context)  # type: ignore[attr-defined]
    return page


def listed_cameras(page: CapturePage) -> list[str]:
    choice = page.panel._choice
    return [choice.itemText(number) for number in range(choice.count())]


def test_without_a_camera_the_page_says_so_and_offers_to_look_again(
    page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    camera_view(page, board)
    assert page._headline.text() == "No camera was found on this PC."
    assert listed_cameras(page) == ["No camera"] and not page.panel._choice.isEnabled()
    assert not page.panel._record.isEnabled() and page.panel._power.text() == "Look again"
    page.panel._power.click()
    assert [state.spec.kind for state in board.jobs.values()] == ["list_cameras", "list_cameras"]
    assert page._headline.text() == "Looking for cameras…"


def test_a_search_that_ends_without_a_word_found_nothing(
    page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    page.presenter.refresh()  # type: ignore[attr-defined]
    page.secondary_action.emit("camera")
    board.happens("job-1", Crashed("no library"))
    until(lambda: page._headline.text() == "No camera was found on this PC.")


def test_only_the_cameras_that_are_there_are_listed_by_name(
    page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    camera_view(page, board, (2, "Webcam (/dev/video2)"), (4, "Lab (/dev/video4)"))
    assert listed_cameras(page) == ["Webcam (/dev/video2)", "Lab (/dev/video4)", "Both cameras together"]
    page.camera_on.emit(2)
    assert board.states()[0].spec.params["cameras"] == [2, 4]


def test_a_camera_is_on_only_when_pictures_come(page: CapturePage, board: HandBoard, visit_id: str) -> None:
    camera_view(page, board, (0, "Webcam"))
    page.camera_on.emit(0)
    assert page._headline.text() == "The camera is being turned on…"
    assert not page.panel._record.isEnabled()
    board.happens(board.states()[0].spec.id, Sample(0.1, {"fps_hz": 30.0}))
    until(lambda: page._headline.text() == "The camera is on. Record when all lights are fine.")
    assert page.panel._record.isEnabled()


def test_how_to_film_is_shown_as_a_picture_until_there_is_one(
    page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    page.presenter.refresh()  # type: ignore[attr-defined]
    in_empty = page._empty.findChild(FilmingAdvice)
    assert in_empty is not None and in_empty.isVisibleTo(page)
    camera_view(page, board, (0, "Webcam"))
    assert page.panel.advice.isVisibleTo(page) and not in_empty.isVisibleTo(page)
    page.camera_on.emit(0)
    board.happens(board.states()[0].spec.id, Sample(0.1, {"fps_hz": 30.0}))
    until(lambda: page.panel.picture.isVisibleTo(page))
    assert not page.panel.advice.isVisibleTo(page)


@pytest.mark.parametrize("mode", list(theme.Mode))
def test_the_advice_is_drawn_in_the_colours_of_the_theme(app: QApplication, mode: theme.Mode) -> None:
    before = theme.current().mode
    theme.apply(app, mode)
    try:
        advice = FilmingAdvice()
        advice.resize(640, 236)
        picture = advice.grab().toImage()
        seen = {picture.pixelColor(x, y).name() for x in range(0, 640, 2) for y in range(0, 236, 2)}
        colors = theme.current().colors
        assert {colors.left.lower(), colors.right.lower(), colors.accent.lower()} <= seen
        assert "4 m" in advice.toolTip()
    finally:
        theme.apply(app, before)
