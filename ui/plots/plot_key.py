"""The key of a grid of plots: pieces of line with their names, as many side by side as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLayout, QWidget

from core.domain.body import Side
from ui import theme
from ui.plots.curves import CurveStyle
from ui.plots.plot_style import curve_pen, fill, visit_pen
from ui.widgets.basics import clear, label, row

GAP_PX = 18
SWATCH_PX, SWATCH_GAP_PX = 34, 5


class Mark(Enum):
    """What is drawn beside curves."""

    BAND = "band"
    BEYOND = "beyond"  # the bar at the foot of a strip of differences


Entry = tuple[CurveStyle | Mark | int, str]  # a number is that of a recording


class PlotKey(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] = ()
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP_PX)
        self._grid.setVerticalSpacing(0)
        self._grid.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # it may get narrower

    def show_entries(self, entries: Sequence[Entry]) -> None:
        if tuple(entries) != self._entries:
            self._entries, self._columns = tuple(entries), 0
            self._arrange()

    def minimumSizeHint(self) -> QSize:
        """Narrow: it takes another line where there is no room."""
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = self._room_for()
        if columns == self._columns:
            return
        self._columns = columns
        clear(self._grid)
        for number, (style, name) in enumerate(self._entries):
            entry = row(KeySwatch(style), label(name, "small"), None, gap=SWATCH_GAP_PX)
            self._grid.addLayout(entry, number // columns, number % columns)

    def _room_for(self) -> int:
        """The most columns that fit, at least one."""
        look = theme.current()
        font = QFont(look.family)
        font.setPixelSize(look.type.small)
        metrics = QFontMetrics(font)
        wide = [
            SWATCH_PX + SWATCH_GAP_PX + GAP_PX + metrics.horizontalAdvance(name) for _, name in self._entries
        ]
        for columns in range(len(wide), 1, -1):
            widest = [max(wide[column::columns]) for column in range(columns)]
            if sum(widest) - GAP_PX <= self.width():
                return columns
        return 1


class KeySwatch(QWidget):
    """A piece of line as it looks in the plots; a grey field for bands, a bar for what exceeds them."""

    def __init__(self, style: CurveStyle | Mark | int) -> None:
        super().__init__()
        self._style = style
        self.setFixedSize(QSize(SWATCH_PX, 14))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        if isinstance(self._style, Mark):
            band = self._style is Mark.BAND
            place = self.rect().adjusted(2, 2 if band else 8, -2, -2 if band else -3)
            painter.fillRect(place, fill(look.colors.norm_band if band else look.colors.text, 0.9))
            painter.end()
            return
        if isinstance(self._style, int):
            pen = visit_pen(look, self._style)
        else:
            pen = QPen(curve_pen(look, Side.LEFT, self._style))
            pen.setColor(look.colors.text)
        painter.setPen(pen)
        painter.drawLine(2, round(middle), self.width() - 2, round(middle))
        if self._style is CurveStyle.WITH_EXO:
            painter.setBrush(pen.color())
            painter.drawEllipse(self.rect().center(), 4, 4)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
