"""Pages of A4 as a PDF file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMarginsF, QSizeF
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

from core.errors import refuse

DrawPage = Callable[[QPainter, QSizeF], object]  # into so many device pixels


def write_pdf(path: Path, title: str, pages: Sequence[DrawPage]) -> None:
    """Write the pages. Needs a QGuiApplication, also an offscreen one. Refuses RPT-002."""
    writer = QPdfWriter(str(path))
    writer.setResolution(1200)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Point)
    writer.setTitle(title)
    writer.setCreator("ExoTwin")
    painter = QPainter()
    if not painter.begin(writer):
        raise refuse(
            "RPT-002",
            f"The PDF could not be written to {path}.",
            "The folder is missing, full or protected.",
            "Choose another folder.",
        )
    for number, draw in enumerate(pages):
        if number:
            writer.newPage()
        draw(painter, QSizeF(writer.width(), writer.height()))
    painter.end()
