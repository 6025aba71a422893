"""Claims about pages of 1366 x 768, the smallest screen of a clinic: verdicts, tables and plots are whole."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QApplication, QPushButton

from core.domain.condition import Condition
from core.session.capture_trend import TrendPoint, TrendSeries
from core.session.report_tables import ReportRow, ReportTable
from ui.pages.capture import CapturePage, CaptureState
from ui.pages.emg_muscles import EmgMusclesPanel, EmgMusclesState
from ui.pages.number_table import FittingTable, NumberRow, NumberTable
from ui.plots.trend import _ticks
from ui.report_sheet import HALF, Sheet

PAGE_PX = (1366 - 224, 768 - 56 - 40)  # without header, step list and job tray


@pytest.mark.parametrize(
    "words",
    [
        ("Import video", "Laboratory file…", "Hide heads", "Calibration file…", "Calibrate cameras"),
        ("Fine-tune from the virtual walk of 30 Nov 2026", "Train again"),
    ],
)
def test_a_verdict_has_room_beside_many_or_long_actions(app: QApplication, words: tuple[str, ...]) -> None:
    page = CapturePage()
    state = CaptureState(
        "Patient seen in 100 % of frames.",
        main_action="Go on with Motion",
        secondary=tuple((name, name) for name in words),
    )
    page.resize(*PAGE_PX)
    page.render(state)
    page.show()
    app.processEvents()
    assert page._headline.width() > page._headline.fontMetrics().horizontalAdvance(state.headline)
    buttons = [found for found in page.findChildren(QPushButton) if found.text() in words]
    assert len(buttons) == len(words)
    assert all(button.width() >= button.sizeHint().width() for button in buttons)


def test_what_is_chosen_on_capture_is_said_of_the_next_recording(app: QApplication) -> None:
    page = CapturePage()
    options = page.options
    assert options.hide_heads.accessibleName() == "Hide heads in what is imported or recorded next"
    assert options.condition.accessibleName().endswith("in what is imported or recorded next")


def test_a_fitting_table_cuts_no_cell(app: QApplication) -> None:
    table = FittingTable()
    rows = tuple(
        NumberRow(name, ("✓ good", "27 dB", "5 %")) for name in ("L soleus", "R gastrocnemius medialis")
    )
    table.resize(470, 300)
    table.show_numbers(NumberTable(("", "Quality", "Signal", "Hum"), rows))
    table.show()
    app.processEvents()
    assert table.horizontalScrollBar().maximum() == 0
    for number in range(table.columnCount()):
        assert table.columnWidth(number) >= table.sizeHintForColumn(number)
    table.close()


@pytest.mark.parametrize(("values", "texts"), [((95.2, 94.7), ["95"]), ((57.0, 60.0), ["57", "60"])])
def test_numbers_of_a_trend_do_not_lie_on_each_other(values: tuple[float, ...], texts: list[str]) -> None:
    points = tuple(
        TrendPoint(number, number + 1, value, 0.6, Condition.NO_EXO) for number, value in enumerate(values)
    )
    series = TrendSeries("Symmetry (%)", points, 0, ("V1", "V2"))
    assert [text for _, text in _ticks(series)] == texts


def test_a_calibration_without_numbers_shows_no_empty_tables(app: QApplication) -> None:
    panel = EmgMusclesPanel()
    panel.show_state(
        EmgMusclesState("Only the timing was taken over.", parameters=NumberTable(("", "Before"), ()))
    )
    panel.show()
    app.processEvents()
    assert not panel.parameters.isVisible() and panel._nothing.isVisible()
    panel.close()


def test_the_report_cuts_no_number_of_a_narrow_table(app: QApplication) -> None:
    cells = ("1.12 ± 0.01 s", "1.12 ± 0.01 s", "(1.27 ± 0.20 m/s)")
    table = ReportTable("Measured gait", ("", "Left", "Right", "Normal"), (ReportRow("Speed", cells),), "")
    picture = QImage(60, 60, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    sheet = Sheet(painter)
    for width in (HALF, HALF - 500.0):
        size, _first, places = sheet._columns_of(table, width)
        letters = QFontMetricsF(sheet._font(size, 500))
        assert places[-1][0] + places[-1][1] <= width + 1.0
        for cell, (_, wide) in zip(cells, places, strict=True):
            assert letters.horizontalAdvance(cell) < wide
    painter.end()
