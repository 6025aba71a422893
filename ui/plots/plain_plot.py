"""A field for curves with an axis to its left and one below: what every plot here stands on."""

from __future__ import annotations

import gc

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QGraphicsGridLayout, QSizePolicy, QWidget

from ui import theme


class PlainPlot(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph is untyped
    """Quick to build and to restyle: pyqtgraph's own plot brings fifty hidden menu widgets of its own.

    Subclasses write `draw`; it is called again in the colours of another theme, when the plot is seen.
    """

    def __init__(self, box: pg.ViewBox | None = None, parent: QWidget | None = None) -> None:
        self._drawn_in = theme.current().mode
        super().__init__(parent, background=None)
        self.box = box or pg.ViewBox(enableMouse=False, enableMenu=False)
        self.box.setDefaultPadding(0.0)
        self.left, self.bottom = pg.AxisItem("left"), pg.AxisItem("bottom")
        self._layout_items()
        self.enableMouse(False)
        self.setAntialiasing(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it has no keys of its own, and would swallow the page's
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def draw(self) -> None:
        """Draw everything anew."""
        raise NotImplementedError

    def clear_box(self) -> None:
        """Item by item: a box that is cleared leaves what does not count for its bounds in the scene."""
        for item in self.box.childGroup.childItems():
            self.box.removeItem(item)
        self.box.clear()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._follow_theme()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow_theme()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Without the garbage collector, which would delete removed items while Qt walks over the others."""
        collecting = gc.isenabled()
        gc.disable()
        try:
            super().paintEvent(event)
        finally:
            if collecting:
                gc.enable()
        if self.hasFocus():
            painter = QPainter(self.viewport())
            painter.setPen(QPen(QColor(theme.current().colors.focus), 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))
            painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def _follow_theme(self) -> None:
        mode = theme.current().mode
        if self._drawn_in is not mode and self.isVisible():
            self._drawn_in = mode
            self.draw()

    def _layout_items(self) -> None:
        field = pg.GraphicsWidget()
        layout = QGraphicsGridLayout()
        layout.setContentsMargins(2, 2, 12, 2)
        layout.setSpacing(0)
        layout.addItem(self.box, 0, 1)
        for axis, place in ((self.left, (0, 0)), (self.bottom, (1, 1))):
            axis.linkToView(self.box)
            axis.setZValue(0.5)  # above the curves' field, so that grid lines are seen
            layout.addItem(axis, *place)
        layout.setRowStretchFactor(0, 100)
        layout.setColumnStretchFactor(1, 100)
        field.setLayout(layout)
        self.setCentralItem(field)
