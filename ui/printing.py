"""Asking for a printer, and what is printed beside reports."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontDatabase, QPageSize, QPainter
from PySide6.QtWidgets import QWidget

from core.errors import refuse
from ui.widgets.recovery_key_box import KEEP_IT, lines_of
from ui.wording import day

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

_MARGIN_MM = 15
_TITLE_PT, _KEY_PT, _WORDS_PT = 16, 20, 11


def ask_printer(parent: QWidget) -> QPrinter | None:
    """A printer with its paper; None when nothing is to be printed."""
    from PySide6.QtPrintSupport import QPrintDialog, QPrinter

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    dialog = QPrintDialog(printer, parent)
    return printer if dialog.exec() == QPrintDialog.DialogCode.Accepted else None


def recovery_key_text(key: str, folder: str, on: date) -> str:
    """What a file with it holds."""
    lines = "\n".join(f"    {line}" for line in lines_of(key))
    return f"ExoTwin: recovery key\nData folder {folder}, {on.isoformat()}\n\n{lines}\n\n{KEEP_IT}\n"


def print_recovery_key(printer: QPrinter, key: str, folder: str, on: date) -> None:
    """One page. Refuses REC-046 where the printer does not begin."""
    printer.setDocName("ExoTwin recovery key")
    painter = QPainter()
    if not painter.begin(printer):
        raise refuse(
            "REC-046",
            "The recovery key was not printed.",
            "The printer does not take it.",
            "Choose another printer, save the key on a stick, or write it down.",
        )
    draw_recovery_key(painter, key, folder, on)
    painter.end()


def draw_recovery_key(painter: QPainter, key: str, folder: str, on: date) -> None:
    margin = _MARGIN_MM / 25.4 * painter.device().logicalDpiX()
    area = QRectF(painter.viewport()).adjusted(margin, margin, -margin, -margin)
    fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    plain = QFont().family()
    for family, size_pt, words in (
        (plain, _TITLE_PT, "ExoTwin: recovery key"),
        (plain, _WORDS_PT, f"Data folder {folder}, {day(on)}"),
        (fixed, _KEY_PT, "\n" + "\n".join(lines_of(key)) + "\n"),
        (plain, _WORDS_PT, KEEP_IT),
    ):
        painter.setFont(QFont(family, size_pt))
        drawn = painter.drawText(area, int(Qt.TextFlag.TextWordWrap), words)
        area.setTop(drawn.bottom() + painter.fontMetrics().height() / 2)
