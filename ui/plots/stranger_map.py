"""Who walks how well with whose controller: a square of colours, wearer by owner."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from core.cohort.stranger_matrix import StrangerMatrix
from ui import theme
from ui.plots.color_map import ink_on
from ui.plots.plot_style import mixed, small_font

_NUMBERED_PX = 30  # a smaller cell has no room for its number
_EDGE_PX = 18


class StrangerMap(QWidget):
    """Green is less than without the exo, amber is more; the own controller is framed, on the diagonal."""

    def __init__(self) -> None:
        super().__init__()
        self._patients: tuple[int, ...] = ()
        self._ratio: dict[tuple[int, int], float] = {}  # by wearer and owner; only what was walked
        self.setMinimumSize(220, 160)

    def sizeHint(self) -> QSize:
        return QSize(320, 300)

    def show_matrix(self, patients: tuple[int, ...], matrix: StrangerMatrix, words: str) -> None:
        self._patients = patients
        pairs = zip(matrix.wearer.tolist(), matrix.owner.tolist(), strict=True)
        self._ratio = dict(zip(pairs, matrix.ratio.tolist(), strict=True))
        self.setAccessibleName(f"{words}, wearer by owner of the controller")
        walked = sum(wearer != owner for wearer, owner in self._ratio)
        self.setAccessibleDescription(f"{len(patients)} patients, {walked} walks with controllers of others")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._patients:
            return
        look = theme.current()
        painter = QPainter(self)
        painter.setFont(small_font(look))
        painter.setPen(QColor(look.colors.muted))
        painter.drawText(
            QRectF(_EDGE_PX, 0, self.width() - _EDGE_PX, _EDGE_PX),
            Qt.AlignmentFlag.AlignCenter,
            "controller of",
        )
        painter.save()
        painter.translate(0, self.height())
        painter.rotate(-90)
        along = QRectF(0, 0, self.height() - _EDGE_PX, _EDGE_PX)
        painter.drawText(along, Qt.AlignmentFlag.AlignCenter, "worn by")
        painter.restore()
        most = self._most
        for (wearer, owner), value in self._ratio.items():
            self._paint_cell(painter, self._cell(wearer, owner), value, most, own=wearer == owner)
        painter.setPen(QPen(QColor(look.colors.border)))
        painter.drawRect(self._field)
        painter.end()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._words_at(event.pos().x(), event.pos().y()), self)
            return True
        return super().event(event)

    @property
    def _field(self) -> QRectF:
        return QRectF(_EDGE_PX, _EDGE_PX, self.width() - _EDGE_PX - 1, self.height() - _EDGE_PX - 1)

    @property
    def _most(self) -> float:
        """The largest deviation from walking without the exo, which has the strongest colour."""
        return max((abs(value - 1.0) for value in self._ratio.values()), default=0.0) or 1.0

    def _cell(self, wearer: int, owner: int) -> QRectF:
        field, count = self._field, len(self._patients)
        wide, high = field.width() / count, field.height() / count
        gap = 1.0 if min(wide, high) > 6.0 else 0.0
        place = QRectF(field.x() + owner * wide, field.y() + wearer * high, wide, high)
        return place.adjusted(gap, gap, -gap, -gap)

    def _paint_cell(self, painter: QPainter, cell: QRectF, value: float, most: float, *, own: bool) -> None:
        colors = theme.current().colors
        strong = colors.ok.ink if value < 1.0 else colors.warn.ink
        back = mixed(QColor(colors.surface), QColor(strong), 0.1 + 0.8 * abs(value - 1.0) / most)
        painter.fillRect(cell, back)
        if own:
            painter.setPen(QPen(QColor(colors.text), 1.6))
            painter.drawRect(cell)
        if min(cell.width(), cell.height()) >= _NUMBERED_PX:
            painter.setPen(ink_on(back))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{value:.2f}")

    def _words_at(self, x: int, y: int) -> str:
        field, count = self._field, len(self._patients)
        if not count or not field.contains(x, y):
            return ""
        wearer = min(int((y - field.y()) / field.height() * count), count - 1)
        owner = min(int((x - field.x()) / field.width() * count), count - 1)
        value = self._ratio.get((wearer, owner))
        whose = (
            "the own controller" if wearer == owner else f"the controller of patient {self._patients[owner]}"
        )
        walked = "did not walk" if value is None else f"{value:.3f} of walking without the exo"
        return f"Patient {self._patients[wearer]} with {whose}: {walked}"
