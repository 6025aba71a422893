"""The one-page report of a visit: drawn once, for the printer, the file and the screen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

from core.errors import refuse
from core.session.report import ReportContent
from ui.report_drawing import PAGE_HEIGHT, PAGE_WIDTH, ReportDrawing


def write_report(path: Path, content: ReportContent) -> None:
    """Write one A4 page. Needs a QGuiApplication, also an offscreen one. Raises UserError RPT-002."""
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
    draw_report(painter, QSizeF(writer.width(), writer.height()), content)
    painter.end()


def draw_report(painter: QPainter, size: QSizeF, content: ReportContent) -> None:
    """Draw the page into `size` device pixels from the painter's origin, keeping A4's proportions."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scale = min(size.width() / PAGE_WIDTH, size.height() / PAGE_HEIGHT)
    painter.scale(scale, scale)
    painter.setClipRect(QRectF(0, 0, PAGE_WIDTH, PAGE_HEIGHT))
    ReportDrawing(painter, content).draw()
    painter.restore()
