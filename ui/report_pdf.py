"""The report of a visit: two pages at most, and an appendix where wanted; for printer, file and screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QPainter

from core.errors import refuse
from core.session.report import ReportContent
from ui.pdf_file import write_pdf
from ui.report_drawing import ReportDrawing
from ui.report_estimates_page import EstimatesPage
from ui.report_further_pages import ForcesPage, MusclesPage
from ui.report_help_page import HelpPage
from ui.report_second_page import SecondPage, has_second_page
from ui.report_sheet import PAGE_HEIGHT, PAGE_WIDTH

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter


def write_report(path: Path, content: ReportContent) -> None:
    """Write A4 pages. Needs a QGuiApplication, also an offscreen one. Refuses RPT-002."""
    pages = [
        lambda painter, size, page=page: draw_report(painter, size, content, page)
        for page in range(page_count(content))
    ]
    write_pdf(path, f"ExoTwin report {content.patient} {content.visit}", pages)


def print_report(printer: QPrinter, content: ReportContent) -> None:
    """All pages onto paper, in A4's proportions. Refuses RPT-025 where the printer does not begin."""
    printer.setFullPage(True)
    printer.setDocName(f"ExoTwin report {content.patient} {content.visit}")
    painter = QPainter()
    if not painter.begin(printer):
        raise refuse(
            "RPT-025",
            "The report was not printed.",
            "The printer does not take it.",
            "Choose another printer, or open the PDF and print it there.",
        )
    paper = printer.paperRect(printer.Unit.DevicePixel)
    for page in range(page_count(content)):
        if page:
            printer.newPage()
        draw_report(painter, QSizeF(paper.width(), paper.height()), content, page)
    painter.end()


Drawer = Callable[[QPainter, int], None]  # a page of a number, from 1


def page_count(content: ReportContent) -> int:
    return len(_pages(content))


def appendix_pages(content: ReportContent) -> int:
    """How many pages the appendix has or would have."""
    return len(_appendix(content))


def _pages(content: ReportContent) -> list[Drawer]:
    pages: list[Drawer] = [lambda painter, _number: ReportDrawing(painter, content).draw()]
    if has_second_page(content):
        pages.append(lambda painter, number: SecondPage(painter, content, number).draw())
    return [*pages, *(_appendix(content) if content.appendix else ())]


def _appendix(content: ReportContent) -> list[Drawer]:
    """The exo's help, forces, estimates, and EMG with what follows from it have a page each where known."""
    pages: list[Drawer] = []
    if (exo_help := content.exo_help) is not None:
        pages.append(lambda painter, number: HelpPage(painter, content, number).draw(exo_help))
    if (forces := content.forces) is not None:
        pages.append(lambda painter, number: ForcesPage(painter, content, number).draw(forces))
    if (estimates := content.estimates) is not None:
        pages.append(lambda painter, number: EstimatesPage(painter, content, number).draw(estimates))
    if (muscles := content.muscles) is not None:
        pages.append(lambda painter, number: MusclesPage(painter, content, number).draw(muscles))
        if muscles.apart:
            pages.append(
                lambda painter, number: MusclesPage(painter, content, number).draw(
                    muscles, calibration_only=True
                )
            )
    return pages


def draw_report(painter: QPainter, size: QSizeF, content: ReportContent, page: int = 0) -> None:
    """Draw a page into `size` device pixels from the painter's origin, keeping A4's proportions."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scale = min(size.width() / PAGE_WIDTH, size.height() / PAGE_HEIGHT)
    painter.scale(scale, scale)
    painter.setClipRect(QRectF(0, 0, PAGE_WIDTH, PAGE_HEIGHT))
    _pages(content)[page](painter, page + 1)
    painter.restore()
