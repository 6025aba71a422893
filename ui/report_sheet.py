"""Paper of the report: page, letters, tables; in tenths of a typographic point (A4 = 5953 x 8419)."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPainter, QPen

from core.session.report_tables import ReportTable
from ui.theme.tokens import LIGHT

PAGE_WIDTH, PAGE_HEIGHT = 5953.0, 8419.0
MARGIN = 480.0
GAP = 260.0
INK, MUTED, HAIR = QColor("#1A2430"), QColor("#5A6572"), QColor("#CBD2D9")
ACCENT = QColor(LIGHT.accent)
FAMILIES = ("Inter", "Source Sans 3", "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans")
LEFT_ALIGNED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT_ALIGNED = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRED = Qt.AlignmentFlag.AlignCenter
WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
LINE = 114.0  # height of a table's row
HALF = (PAGE_WIDTH - 2 * MARGIN - GAP) / 2
WRAPPED_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


class Sheet:
    """One page, drawn from top to bottom; `_y` is where the next block begins."""

    def __init__(self, painter: QPainter) -> None:
        self._painter, self._y, self._family = painter, MARGIN, _family()
        self._measuring = False  # where parts end is asked only: curves and pictures are left out

    def _blank(self) -> None:
        self._painter.fillRect(QRectF(0, 0, PAGE_WIDTH, PAGE_HEIGHT), QColor("white"))

    def _draw_labels(self, labels: tuple[str, ...], right: float, top: float) -> None:
        for words in reversed(labels):
            font = self._font(70, 600)
            width = QFontMetricsF(font).horizontalAdvance(words) + 110
            box = QRectF(right - width, top, width, 120)
            warn = QColor(LIGHT.warn.ink)
            self._painter.setPen(QPen(warn, 6))
            self._painter.drawRoundedRect(box, 60, 60)
            self._text(box, words, 70, warn, CENTRED, 600)
            right -= width + 60

    def _heading(self, words: str, x: float, y: float, width: float | None = None) -> float:
        used = self._text(QRectF(x, y, width or HALF, 400), words, 96, ACCENT, WRAPPED, 600)
        return y + used + 50

    def _table(self, table: ReportTable, x: float, y: float, width: float) -> float:
        y = self._heading(table.title, x, y)
        cells = max(len(table.columns) - 1, 1)
        letters = QFontMetricsF(self._font(84))
        first = max((letters.horizontalAdvance(row.name) for row in table.rows), default=0.0) + 40
        step = (width - first) / cells
        line = LINE
        deepest = 0.0
        for number, words in enumerate(table.columns[1:]):
            box = QRectF(x + first + number * step + 20, y, step - 20, 400)
            deepest = max(deepest, self._text(box, words, 72, MUTED, WRAPPED_RIGHT))
        y += deepest + 30
        self._rule(y, x, x + width)
        for row in table.rows:
            self._text(QRectF(x, y, first, line), row.name, 84)
            for number, words in enumerate(row.cells):
                left = number  # long words may reach over empty cells to their left
                while left and not row.cells[left - 1]:
                    left -= 1
                box = QRectF(x + first + left * step, y, (number + 1 - left) * step, line)
                self._text(box, words, 84, align=RIGHT_ALIGNED, weight=500)
            y += line
        return y + 130

    def _wide_table(
        self, table: ReportTable, x: float, y: float, width: float, *, signed_last: bool = False
    ) -> float:
        """Columns as wide as what stands in them, and the rest shared out; the last row may be signed."""
        y = self._heading(table.title, x, y, width)
        if not table.rows:  # nothing was found: the notes below say so
            return y
        columns = list(zip(table.columns, *((row.name, *row.cells) for row in table.rows), strict=True))
        needed = [self._column_width(words) for words in columns]
        share = max(0.0, (width - sum(needed)) / max(len(needed) - 1, 1))
        rights, edge = [], x + needed[0]
        for own in needed[1:]:
            edge += own + share
            rights.append((edge - own - share, own + share))
        deepest = 0.0
        for words, (left, wide) in zip(table.columns[1:], rights, strict=True):
            box = QRectF(left + 30, y, wide - 30, 400)
            deepest = max(deepest, self._text(box, words, 66, MUTED, WRAPPED_RIGHT))
        y += deepest + 30
        self._rule(y, x, x + width)
        for row in table.rows:
            weight = 700 if signed_last and row is table.rows[-1] else 500
            self._text(QRectF(x, y, needed[0], LINE), row.name, 84, weight=weight - 100)
            for words, (left, wide) in zip(row.cells, rights, strict=True):
                self._text(QRectF(left, y, wide, LINE), words, 80, align=RIGHT_ALIGNED, weight=weight)
            y += LINE
        y += 30 + self._text(QRectF(x, y + 30, width, 200), table.note, 66, MUTED, WRAPPED)
        return y + 110

    def _column_width(self, words: tuple[str, ...]) -> float:
        """Of the heading's longest word and of the widest cell, in the bold of the last row."""
        heading, cells = QFontMetricsF(self._font(66)), QFontMetricsF(self._font(80, 700))
        widths = [heading.horizontalAdvance(word) for word in words[0].split()]
        return max([*widths, *(cells.horizontalAdvance(cell) for cell in words[1:])]) + 50

    def _rule(self, y: float, x0: float = MARGIN, x1: float = PAGE_WIDTH - MARGIN) -> None:
        self._painter.setPen(QPen(HAIR, 6))
        self._painter.drawLine(QPointF(x0, y), QPointF(x1, y))

    def _text(
        self,
        box: QRectF,
        words: str,
        size: int,
        color: QColor = INK,
        align: Qt.AlignmentFlag = LEFT_ALIGNED,
        weight: int = 400,
    ) -> float:
        """Draw words and return the height they took."""
        self._painter.setFont(self._font(size, weight))
        self._painter.setPen(color)
        used = self._painter.drawText(box, int(align), words)
        return used.height() if isinstance(used, QRectF) else self._bounds(box, words, align)

    def _bounds(self, box: QRectF, words: str, align: Qt.AlignmentFlag) -> float:
        return self._painter.boundingRect(box, int(align), words).height()

    def _font(self, size: int, weight: int = 400) -> QFont:
        return font_of(self._family, size, weight)


def font_of(family: str, size: int, weight: int) -> QFont:
    font = QFont(family)
    font.setPixelSize(size)
    font.setWeight(QFont.Weight(weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if family == "DejaVu Sans":
        font.setStretch(QFont.Stretch.SemiCondensed)  # its normal width is too loose for print
    return font


def _family() -> str:
    present = set(QFontDatabase.families())
    return next((family for family in FAMILIES if family in present), QFont().defaultFamily())
