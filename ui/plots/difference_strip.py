"""The difference of two gaits over the cycle as a strip under their curves, marked where it is large."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.domain.arrays import FloatArray
from core.domain.body import Side
from ui import theme
from ui.plots.against import Difference
from ui.plots.plot_style import fill, line_pen, small_font

LOW_PX, HIGH_PX = 22, 76  # in a grid, and where one joint has all the room
BAR_PX = 3  # along the foot, where the band is exceeded
RIGHT_PX = 12  # as the plots above it
_SHADE = 0.25  # over what is drawn


class DifferenceStrip(QWidget):
    """Zero in the middle, the band around it; beyond it the field is filled and a bar runs along the foot.

    Where the gaits differ by more than chance the strip is shaded.
    """

    def __init__(self, side: Side, left_px: int) -> None:
        """`left_px`: where the plot above begins."""
        super().__init__()
        self._side, self._left_px = side, left_px
        self._difference: Difference | None = None
        self._most = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_high(False)

    @property
    def difference(self) -> Difference | None:
        return self._difference

    def set_high(self, high: bool) -> None:
        self.setFixedHeight(HIGH_PX if high else LOW_PX)

    def sizeHint(self) -> QSize:
        return QSize(150, self.height())

    def show_difference(self, difference: Difference | None, most: float) -> None:
        """`most` makes left and right comparable: the value at the upper and lower edge."""
        self._difference, self._most = difference, max(most, 1e-9)
        self.setVisible(difference is not None)
        words = "" if difference is None else difference.words()
        self.setToolTip(words)
        self.setAccessibleName("Difference of the two gaits")
        self.setAccessibleDescription(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._difference is None:
            return
        look, difference = theme.current(), self._difference
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        field = QRectF(self._left_px, 0, self.width() - self._left_px - RIGHT_PX, self.height() - BAR_PX - 1)
        painter.fillRect(self.rect(), QColor(look.colors.surface))
        if difference.band is not None:
            self._area(painter, field, difference.band, -difference.band, fill(look.colors.norm_band, 0.75))
            self._beyond(painter, field, difference)
        painter.setPen(line_pen(look.colors.norm))
        painter.drawLine(
            QPointF(field.left(), field.center().y()), QPointF(field.right(), field.center().y())
        )
        pen = QPen(QColor(look.colors.text))
        pen.setWidthF(1.5)
        painter.setPen(pen)
        painter.drawPolyline(self._line(field, difference.value))
        self._scale(painter, field)
        for begin, end in difference.beyond_chance:
            left, right = (field.left() + 0.01 * percent * field.width() for percent in (begin, end))
            painter.fillRect(QRectF(left, 0, right - left, field.height()), fill(look.colors.accent, _SHADE))
        painter.end()

    def _beyond(self, painter: QPainter, field: QRectF, difference: Difference) -> None:
        assert difference.band is not None
        color = QColor(theme.current().side_color(self._side.value))
        inside = np.clip(difference.value, -difference.band, difference.band)
        self._area(painter, field, difference.value, inside, fill(color.name(), 0.75))
        step = field.width() / (len(difference.value) - 1)
        for first, last in difference.spans():
            left = max(field.left() + (first - 0.5) * step, field.left())
            right = min(field.left() + (last + 0.5) * step, field.right())
            painter.fillRect(QRectF(left, self.height() - BAR_PX, right - left, BAR_PX), color)

    def _area(
        self, painter: QPainter, field: QRectF, upper: FloatArray, lower: FloatArray, brush: QBrush
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawPolygon(QPolygonF([*self._line(field, upper), *reversed(self._line(field, lower))]))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _line(self, field: QRectF, values: FloatArray) -> list[QPointF]:
        x = np.linspace(field.left(), field.right(), len(values))
        half = field.height() / 2
        y = field.center().y() - half * np.clip(values / self._most, -1.0, 1.0)
        return [QPointF(float(a), float(b)) for a, b in zip(x, y, strict=True)]

    def _scale(self, painter: QPainter, field: QRectF) -> None:
        """`B − A` where the axis of the plot stands; with room, the value at the upper edge too."""
        assert self._difference is not None
        look = theme.current()
        painter.setFont(small_font(look))
        painter.setPen(QColor(look.colors.muted))
        place = QRectF(0, 0, field.left() - 4, field.height())
        along = Qt.AlignmentFlag.AlignRight
        painter.drawText(place, along | Qt.AlignmentFlag.AlignVCenter, "B−A")
        if self.height() > LOW_PX:
            edge = f"{self._most:.{self._difference.digits}f}"
            painter.drawText(place, along | Qt.AlignmentFlag.AlignTop, f"+{edge}")
            painter.drawText(place, along | Qt.AlignmentFlag.AlignBottom, f"−{edge}")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
