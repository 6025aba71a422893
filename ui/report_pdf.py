"""The report of a visit, one to five pages: drawn once, for the printer, the file and the screen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

from core.errors import refuse
from core.session.report import ReportContent
from ui.report_drawing import ReportDrawing
from ui.report_further_pages import ForcesPage, MusclesPage
from ui.report_help_page import HelpPage
from ui.report_sheet import PAGE_HEIGHT, PAGE_WIDTH


def write_report(path: Path, content: ReportContent) -> None:
    """Write one to five A4 pages. Needs a QGuiApplication, also an offscreen one. Refuses RPT-002."""
    writer = QPdfWriter(str(path))
    writer.setResolution(1200)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Point)
    writer.setTitle(f"ExoTwin report {content.patient} {content.visit}")
    writer.setCreator("ExoTwin")
    painter = QPainter()
    if not painter.begin(writer):
        raise refuse(
            "RPT-002",
            f"The report could not be written to {path}.",
            "The folder is missing, full or protected.",
            "Choose another folder.",
        )
    for page in range(page_count(content)):
        if page:
            writer.newPage()
        draw_report(painter, QSizeF(writer.width(), writer.height()), content, page)
    painter.end()


def page_count(content: ReportContent) -> int:
    """The exo's help, forces, and EMG with what follows from it have a page each where known."""
    muscles = content.muscles
    further = (content.exo_help, content.forces, muscles, muscles if muscles and muscles.apart else None)
    return 1 + sum(part is not None for part in further)


def draw_report(painter: QPainter, size: QSizeF, content: ReportContent, page: int = 0) -> None:
    """Draw a page into `size` device pixels from the painter's origin, keeping A4's proportions."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scale = min(size.width() / PAGE_WIDTH, size.height() / PAGE_HEIGHT)
    painter.scale(scale, scale)
    painter.setClipRect(QRectF(0, 0, PAGE_WIDTH, PAGE_HEIGHT))
    after_help = 1 if content.exo_help is None else 2
    if page == 0:
        ReportDrawing(painter, content).draw()
    elif page == 1 and content.exo_help is not None:
        HelpPage(painter, content, page + 1).draw(content.exo_help)
    elif page == after_help and content.forces is not None:
        ForcesPage(painter, content, page + 1).draw(content.forces)
    elif content.muscles is not None:
        last = content.muscles.apart and page == page_count(content) - 1
        MusclesPage(painter, content, page + 1).draw(content.muscles, calibration_only=last)
    painter.restore()
