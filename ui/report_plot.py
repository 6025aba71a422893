"""One small plot over the gait cycle as the report prints it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from core.domain.arrays import FloatArray
from ui.report_sheet import CENTRED, HAIR, LEFT_ALIGNED, MUTED, RIGHT_ALIGNED, font_of


class PlotDrawing:
    """Title, axes, curves and bands in a box. Subclasses write `draw`."""

    def __init__(self, painter: QPainter, value_range: tuple[float, float], family: str) -> None:
        self._painter, self._family = painter, family
        self._low, self._high = value_range
        self._area = QRectF()

    def _title(self, box: QRectF, words: str, color: QColor) -> None:
        """Write the title and keep the rest of the box for the curves."""
        self._area = QRectF(box.left() + 190, box.top() + 150, box.width() - 190, box.height() - 290)
        wide = QFontMetricsF(font_of(self._family, 84, 600)).horizontalAdvance(words)
        size = max(round(84 * min(1.0, box.width() / max(wide, 1.0))), 56)  # a long name with its unit, too
        self._words(QRectF(box.left(), box.top(), box.width(), 130), words, size, color, LEFT_ALIGNED, 600)

    def _line(self, values: FloatArray, pen: QPen) -> QPolygonF:
        line = QPolygonF([self._point(i, value) for i, value in enumerate(values)])
        self._painter.setPen(pen)
        self._painter.drawPolyline(line)
        return line

    def _fill_between(self, low: FloatArray, high: FloatArray, color: QColor) -> None:
        edge = [self._point(i, value) for i, value in enumerate(low)]
        edge += [self._point(i, high[i]) for i in range(len(high) - 1, -1, -1)]
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(color)
        self._painter.drawPolygon(QPolygonF(edge))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)

    def _axes(self, step: float, digits: int = 0) -> None:
        """A line at every multiple of `step`, the zero line thicker; the cycle in halves."""
        self._painter.setPen(QPen(HAIR, 6))
        self._painter.drawLine(self._area.bottomLeft(), self._area.bottomRight())
        for number in range(int(np.floor(self._low / step)) + 1, int(np.floor(self._high / step)) + 1):
            y = self._point(0, number * step).y()
            self._painter.setPen(QPen(HAIR, 8 if number == 0 else 4))
            self._painter.drawLine(QPointF(self._area.left(), y), QPointF(self._area.right(), y))
            box = QRectF(self._area.left() - 250, y - 60, 210, 120)
            self._words(box, f"{number * step:.{digits}f}", 68, MUTED, RIGHT_ALIGNED)
        for percent in (0, 50, 100):
            x = self._point(percent, self._low).x()
            last = percent == 100
            box = QRectF(x - (500 if last else 250), self._area.bottom() + 15, 500, 110)
            words = f"{percent} %" if percent else "0"
            self._words(box, words, 68, MUTED, RIGHT_ALIGNED if last else CENTRED)

    def _point(self, percent: float, value: float) -> QPointF:
        fraction = (value - self._low) / (self._high - self._low)
        return QPointF(
            self._area.left() + percent / 100 * self._area.width(),
            self._area.bottom() - fraction * self._area.height(),
        )

    def _words(
        self,
        box: QRectF,
        words: str,
        size: int,
        color: QColor,
        align: Qt.AlignmentFlag,
        weight: int = 400,
    ) -> None:
        self._painter.setFont(font_of(self._family, size, weight))
        self._painter.setPen(color)
        self._painter.drawText(box, int(align), words)


def pen_of(color: QColor, width: float, dashes: list[float] | None = None) -> QPen:
    pen = QPen(color, width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if dashes else Qt.PenCapStyle.RoundCap)
    if dashes:
        pen.setDashPattern(dashes)
    return pen


def dot(painter: QPainter, at: QPointF, color: QColor) -> None:
    painter.setPen(QPen(QColor("white"), 7))
    painter.setBrush(color)
    painter.drawEllipse(at, 26, 26)
    painter.setBrush(Qt.BrushStyle.NoBrush)


_STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


def round_step(span: float, most: float) -> tuple[float, int]:
    """A round distance of at most so many lines, and the digits of their numbers."""
    size = next((size for size in _STEPS if span / size <= most), 1000.0)
    return size, 2 if size < 0.1 else 1 if size < 1.0 else 0
