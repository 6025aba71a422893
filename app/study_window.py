"""The window of a study's results by itself, until it is closed."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication

from core.cohort.summary_file import StudySummary
from ui import theme
from ui.study_window import StudyWindow
from ui.theme import Mode


def show_study(summary: StudySummary) -> int:
    """Returns the exit status."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("ExoTwin")
    theme.apply(app, Mode.LIGHT)
    window = StudyWindow(summary)
    window.show()
    return app.exec()
