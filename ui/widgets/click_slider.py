"""A slider that goes where it is clicked; Qt's own goes one page nearer."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider


class ClickSlider(QSlider):
    """Horizontal. The handle comes under the mouse at once, so that a press can go on as a drag."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._go_to(event.position().x(), event)
        super().mousePressEvent(event)

    def _go_to(self, x: float, event: QMouseEvent) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle, groove = (
            self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)
            for part in (QStyle.SubControl.SC_SliderHandle, QStyle.SubControl.SC_SliderGroove)
        )
        if handle.contains(event.position().toPoint()):
            return
        at, room = x - groove.x() - handle.width() / 2, groove.width() - handle.width()
        self.setValue(
            QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), round(at), room, option.upsideDown)
        )
