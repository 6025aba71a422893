"""The recording: a slider that obeys the mouse, and a key of what the skeleton's colours mean."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.ui.test_capture_page import page, refresh, save_landmarks
from ui import theme
from ui.pages.capture import CapturePage
from ui.session_context import SessionContext

__all__ = ["page"]


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_click_on_the_slider_goes_there(
    context: SessionContext, page: CapturePage, visit_id: str, share: float
) -> None:
    save_landmarks(context, visit_id)
    refresh(page)
    page.resize(1000, 700)
    slider, clip = page.player._slider, page.player._clip
    assert clip is not None
    slider.resize(600, 24)
    place = QPoint(round(share * 600), 12)
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=place)
    assert page.player.time_s == pytest.approx(share * clip.duration_s, abs=0.04 * clip.duration_s)


def test_the_skeleton_comes_with_a_key_of_left_and_right(
    context: SessionContext, page: CapturePage, visit_id: str
) -> None:
    save_landmarks(context, visit_id)
    refresh(page)
    page.resize(1000, 700)
    shown = page.player.picture.grab().toImage()
    colors = theme.current().colors
    corner = [(x, shown.height() - y) for x in range(10, 140) for y in range(10, 30)]
    seen = [shown.pixelColor(x, y).name() for x, y in corner]
    assert min(seen.count(colors.left.lower()), seen.count(colors.right.lower())) > 30
