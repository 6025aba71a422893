"""A button for body-near actions: it acts only after it was held, and shows how long still."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent

from ui import theme
from ui.widgets.basics import Button

HOLD_MS = 800
_TICK_MS = 30


class HoldButton(Button):
    """Press and hold by mouse or by space; letting go earlier does nothing."""

    held = Signal()

    def __init__(self, text: str, kind: str = "", icon: str = "", *, tip: str = "Press and hold") -> None:
        super().__init__(text, kind, icon, tip=tip)
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.pressed.connect(self._begin)
        self.released.connect(self._let_go)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._timer.isActive():
            return
        fraction = min(1.0, self._clock.elapsed() / HOLD_MS)
        painter = QPainter(self)
        color = QColor(
            theme.current().colors.on_danger if self.property("kind") else theme.current().colors.accent
        )
        painter.fillRect(QRectF(3, self.height() - 6, (self.width() - 6) * fraction, 3), color)
        painter.end()

    def _begin(self) -> None:
        self._clock.start()
        self._timer.start()

    def _let_go(self) -> None:
        self._timer.stop()
        self.update()

    def _tick(self) -> None:
        self.update()
        if self._clock.elapsed() >= HOLD_MS:
            self._timer.stop()
            self.setDown(False)
            self.held.emit()
