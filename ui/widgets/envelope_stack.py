"""EMG envelopes below one another, one row per muscle, left red and right blue."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.domain.arrays import FloatArray
from core.domain.emg import EmgEnvelopes
from ui import theme
from ui.theme import Theme

_ROW_PX = 34
_AXIS_PX = 26
_FACTOR = 1.15  # a row shows up to 115 % of the normalisation value


class EnvelopeStack(QWidget):
    """Each row from 0 to its normalisation value, over time."""

    def __init__(self) -> None:
        super().__init__()
        self._emg: EmgEnvelopes | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("EMG envelopes over time")

    def show_envelopes(self, emg: EmgEnvelopes | None) -> None:
        self._emg = emg
        self.updateGeometry()
        self.update()

    def minimumSizeHint(self) -> QSize:
        rows = 1 if self._emg is None else len(self._emg.channels)
        return QSize(260, _AXIS_PX + 20 * rows)

    def sizeHint(self) -> QSize:
        rows = 1 if self._emg is None else len(self._emg.channels)
        return QSize(480, _AXIS_PX + _ROW_PX * rows)

    def paintEvent(self, event: QPaintEvent) -> None:
        emg = self._emg
        if emg is None or not len(emg.time_s):
            return
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(look.type.small)
        painter.setFont(font)
        names = [f"{c.site.side.suffix.upper()} {c.site.muscle.value}" for c in emg.channels]
        gutter = max(painter.fontMetrics().horizontalAdvance(name) for name in names) + 12
        area = QRectF(gutter, 0, max(10.0, self.width() - gutter - 8), self.height() - _AXIS_PX)
        height = area.height() / len(names)
        for number, name in enumerate(names):
            row_area = QRectF(area.left(), number * height, area.width(), height)
            side = emg.channels[number].site.side.value
            self._draw_row(painter, look, row_area, name, look.side_color(side), emg.envelope[:, number])
        self._draw_axis(painter, look, area, float(emg.time_s[-1]))
        painter.end()

    def _draw_row(
        self, painter: QPainter, look: Theme, area: QRectF, name: str, color: str, values: FloatArray
    ) -> None:
        painter.setPen(QColor(color))
        label_area = QRectF(0, area.top(), area.left() - 8, area.height())
        painter.drawText(label_area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
        floor = area.bottom() - 3
        painter.setPen(QPen(QColor(look.colors.plot_grid), 1))
        painter.drawLine(QPointF(area.left(), floor), QPointF(area.right(), floor))
        shown = _reduced(values, round(area.width()))
        x = np.linspace(area.left(), area.right(), len(shown))
        y = floor - np.clip(np.nan_to_num(shown) / _FACTOR, 0, 1) * (area.height() - 6)
        line = QPolygonF([QPointF(*point) for point in zip(x, y, strict=True)])
        filled = QPolygonF(line)
        filled.append(QPointF(area.right(), floor))
        filled.append(QPointF(area.left(), floor))
        shade = QColor(color)
        shade.setAlphaF(0.22)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.drawPolygon(filled)
        painter.setPen(QPen(QColor(color), 1.4))
        painter.drawPolyline(line)

    def _draw_axis(self, painter: QPainter, look: Theme, area: QRectF, duration_s: float) -> None:
        painter.setPen(QColor(look.colors.muted))
        for fraction in (0.0, 0.25, 0.5, 0.75, 1.0):
            text = f"{fraction * duration_s:.1f}" + (" s" if fraction == 1.0 else "")
            width = painter.fontMetrics().horizontalAdvance(text)
            at = (
                area.left()
                + fraction * area.width()
                - (width if fraction == 1.0 else width / 2 if fraction else 0)
            )
            painter.drawText(QPointF(at, area.bottom() + 18), text)


def _reduced(values: FloatArray, points: int) -> FloatArray:
    """The largest value per screen column, so that no burst is lost."""
    if len(values) <= 2 * points or points < 2:
        return values
    edges = np.linspace(0, len(values), points + 1).astype(int)[:-1]
    return np.asarray(np.maximum.reduceat(values, edges))
