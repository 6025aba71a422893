"""Tells when nobody touched a key or the mouse for a while."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

_TOUCHES = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)


class IdleLock(QObject):
    """Watches the whole program, its dialogs too. Calls `idle` once per pause."""

    def __init__(self, owner: QObject, idle: Callable[[], None]) -> None:
        super().__init__(owner)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(idle)
        app = QApplication.instance()
        assert app is not None
        app.installEventFilter(self)

    def watch(self, minutes: float) -> None:
        """From now on; 0 watches no more."""
        self._timer.setInterval(round(minutes * 60_000))
        if minutes > 0:
            self._timer.start()
        else:
            self._timer.stop()

    @property
    def watching(self) -> bool:
        return self._timer.isActive()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _TOUCHES and self._timer.isActive():
            self._timer.start()
        return False
