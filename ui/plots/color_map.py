"""A square of correlations as colours with their numbers: gaits against gaits, for one joint of one side."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from core.domain.arrays import FloatArray
from ui import theme
from ui.plots.plot_style import mixed, small_font

LOWEST_R = 0.5  # and everything below has the palest colour


class ColorMap(QWidget):
    """Rows and columns are the same gaits, by short names; each cell has its number, colour is an aid."""

    def __init__(self) -> None:
        super().__init__()
        self.names: tuple[str, ...] = ()
        self._r: FloatArray | None = None
        self._above, self._beside = True, True  # whether there are names
        self.setMinimumSize(150, 80)

    def sizeHint(self) -> QSize:
        return QSize(240, 120)

    def show_matrix(
        self, title: str, names: tuple[str, ...], r: FloatArray, *, above: bool = True, beside: bool = True
    ) -> None:
        """`r` (G, G) of the gaits `names`, which stand above the columns and beside the rows."""
        self.names, self._r, self._above, self._beside = names, r, above, beside
        self.setAccessibleName(title)
        self.setAccessibleDescription("; ".join(self._sentences()))
        self.setToolTip("\n".join((title, *self._sentences())))
        self.update()

    def _sentences(self) -> list[str]:
        assert self._r is not None
        count = len(self.names)
        return [
            f"{self.names[first]} with {self.names[second]}: r {number_words(float(self._r[first, second]))}"
            for first in range(count)
            for second in range(first, count)
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._r is None or not self.names:
            return
        look, count = theme.current(), len(self.names)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(look))
        metrics = painter.fontMetrics()
        beside = max(map(metrics.horizontalAdvance, self.names)) + 8 if self._beside else 0
        above = metrics.height() + 4 if self._above else 0
        wide, high = (self.width() - beside) / count, (self.height() - above) / count
        painter.setPen(QColor(look.colors.muted))
        for number, name in enumerate(self.names):
            if self._beside:
                place = QRectF(0, above + number * high, beside - 6, high)
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, name)
            if self._above:
                words = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(wide) - 2)
                head = QRectF(beside + number * wide, 0, wide, above)
                painter.drawText(head, Qt.AlignmentFlag.AlignCenter, words)
        for row, column in np.ndindex(count, count):
            cell = QRectF(beside + column * wide, above + row * high, wide, high).adjusted(1, 1, -1, -1)
            self._paint_cell(painter, cell, float(self._r[row, column]))
        painter.end()

    @staticmethod
    def _paint_cell(painter: QPainter, cell: QRectF, r: float) -> None:
        colors = theme.current().colors
        share = 0.0 if math.isnan(r) else min(max((r - LOWEST_R) / (1.0 - LOWEST_R), 0.0), 1.0)
        back = mixed(QColor(colors.sunken), QColor(colors.accent), share)
        painter.fillRect(cell, back)
        painter.setPen(ink_on(back))
        painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, number_words(r))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()


def number_words(r: float) -> str:
    return "–" if math.isnan(r) else f"{r:.2f}".replace("-", "−")


def ink_on(back: QColor) -> QColor:
    """Black or white: one of them can be read on every colour, also between those of the theme."""
    inks = QColor(Qt.GlobalColor.black), QColor(Qt.GlobalColor.white)
    return max(inks, key=lambda ink: contrast(ink, back))


def contrast(ink: QColor, back: QColor) -> float:
    """Of two colours, as WCAG 2 has it: 1 to 21."""
    lighter, darker = sorted((_luminance(ink), _luminance(back)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: QColor) -> float:
    parts = (color.redF(), color.greenF(), color.blueF())
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
