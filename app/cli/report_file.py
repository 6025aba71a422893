"""The visit report as a file, also where there is no screen."""

from __future__ import annotations

import os
from pathlib import Path

from core.store.repository import Store


def without_screen() -> None:
    """Letters can be drawn from here on, also where there is no screen."""
    from PySide6.QtGui import QGuiApplication

    if QGuiApplication.instance() is None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        QGuiApplication([])


def write_visit_report(store: Store, visit_id: str, path: Path) -> None:
    """Write the PDF of a visit."""
    from core.session.report import report_content
    from ui.report_pdf import write_report

    without_screen()
    write_report(path, report_content(store, visit_id))
