"""Claims about the window of a study: it draws what was found, and says that all of it is simulated."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel

from core.cohort.findings import study_findings
from core.cohort.stranger_matrix import StrangerMatrix
from core.cohort.summary_file import StudySummary, read_summary
from core.cohort.told import findings_values
from tests.cohort.made_up import made_up, plan
from ui import study_choice
from ui.main_window import MainWindow
from ui.plots.cohort_plots import DifferencePlot, DistributionPlot
from ui.plots.stranger_dots import StrangerDots
from ui.plots.stranger_map import StrangerMap
from ui.session_context import SessionContext
from ui.study_window import StudyWindow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a study whose results were made up."""
    found = tmp_path_factory.mktemp("study")
    (found / "results").mkdir()
    values = findings_values(study_findings(made_up(plan(8, 2), own=0.9, excluded=(4,))))
    (found / "results" / "summary.json").write_text(json.dumps(values), encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def summary(folder: Path) -> StudySummary:
    return read_summary(folder)


def texts(window: StudyWindow) -> str:
    return "\n".join(one.text() for one in window.findChildren(QLabel))


def test_it_tells_the_verdict_who_was_left_out_and_that_nobody_exists(
    app: QApplication, summary: StudySummary
) -> None:
    window = StudyWindow(summary)

    told = texts(window)
    assert summary.question in told and summary.answer in told
    assert "none of these patients exists" in told and "own controller" in told.lower()
    assert "by chance alone" in told and "without exo 0, no torque 0" in told
    assert "7 of 8 cells finished, 1 left out" in told
    assert "V-00004" in told and "falls without the exo" in told
    assert window.minimumSizeHint().height() <= 690  # with a title and a task bar on 1366 x 768
    window.deleteLater()


def test_another_measure_is_drawn_when_it_is_chosen(app: QApplication, summary: StudySummary) -> None:
    window = StudyWindow(summary)
    names = [
        window.findChild(kind).accessibleName() for kind in (DistributionPlot, DifferencePlot, StrangerMap)
    ]
    assert all("metabolic cost" in name for name in names)

    window.measure.setCurrentIndex(1)

    for kind in (DistributionPlot, DifferencePlot, StrangerMap):
        assert "muscle activation" in window.findChild(kind).accessibleName()
    window.deleteLater()


def test_the_matrix_paints_who_walked_and_leaves_the_rest_empty(
    app: QApplication, summary: StudySummary
) -> None:
    matrix = StrangerMap()
    matrix.resize(320, 320)
    walked = StrangerMatrix(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([0.9, 1.1, 0.9]))
    matrix.show_matrix((1, 2), walked, "cost")

    picture = matrix.grab().toImage()

    def color(wearer: int, owner: int) -> QColor:
        return picture.pixelColor(18 + 40 + 150 * owner, 18 + 40 + 150 * wearer)

    assert color(0, 0) == color(1, 1) != color(1, 0)
    assert color(0, 1) not in (color(0, 0), color(1, 0))
    matrix.deleteLater()


def test_others_controllers_are_shown_by_patient_or_as_a_matrix(
    app: QApplication, summary: StudySummary
) -> None:
    window = StudyWindow(summary)
    assert window.strangers_as.currentText() == "as a matrix"  # of few patients

    window.strangers_as.setCurrentText("by patient")

    dots = window.findChild(StrangerDots)
    assert dots is not None and not dots.isHidden() and window.findChild(StrangerMap).isHidden()
    (others, own) = (one for one in dots.box.addedItems if isinstance(one, pg.ScatterPlotItem))
    assert len(own.data) == 7 and len(others.data) == 14
    assert (np.diff(own.data["y"][np.argsort(own.data["x"])]) >= 0.0).all()  # the best first
    window.deleteLater()


def test_the_menu_at_the_top_opens_the_folder_of_a_study(
    context: SessionContext, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, told = MainWindow(context), list[str]()
    context.message_shown.connect(lambda sentence, _tone: told.append(sentence))
    chosen = iter((None, tmp_path, folder))
    monkeypatch.setattr(study_choice, "ask_folder", lambda _parent, _title: next(chosen))

    for _nothing_then_no_study_then_one in range(3):
        window.header.show_study.emit()

    (opened,) = window.findChildren(StudyWindow)
    assert opened.isWindow() and opened.isVisible()
    assert len(told) == 1 and "STU-011" in told[0]
    opened.close()
    window.close()
    window.deleteLater()
