"""How the mouse moves the camera: drag turns, right drag raises, wheel comes closer, double-click resets."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

UNITS_PER_NOTCH = 120.0  # of the wheel, as Qt counts
HELP = (
    "Drag to turn, wheel (or + and −) to come closer, right button to move up or down, "
    "double-click (or Home) to go back"
)


class OrbitMouse(QObject):
    """Reads the mouse over `watched` and keeps its events from VTK, which would roll the world."""

    turned = Signal(float, float)  # px to the right and down
    raised = Signal(float)  # px up
    closer = Signal(float)  # notches of the wheel
    reset = Signal()

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self._last: QPointF | None = None
        watched.installEventFilter(self)
        watched.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # space and arrows belong to the playback
        watched.setToolTip(HELP)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent):
            self.closer.emit(event.angleDelta().y() / UNITS_PER_NOTCH)
            event.accept()  # the page stays where it is
            return True
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        return event.type() in (QEvent.Type.ContextMenu, QEvent.Type.KeyPress, QEvent.Type.KeyRelease)

    def _mouse(self, event: QMouseEvent) -> bool:
        match event.type():
            case QEvent.Type.MouseButtonDblClick:
                self._last = None
                self.reset.emit()
            case QEvent.Type.MouseButtonPress:
                self._last = event.position()
            case QEvent.Type.MouseButtonRelease:
                self._last = None
            case QEvent.Type.MouseMove if self._last is not None:
                moved, self._last = event.position() - self._last, event.position()
                if event.buttons() & Qt.MouseButton.LeftButton:
                    self.turned.emit(moved.x(), moved.y())
                else:
                    self.raised.emit(-moved.y())
        event.accept()
        return True
