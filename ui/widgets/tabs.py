"""Tabs of which the shown one alone asks for room, and for no more than it needs at the present width."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QTabWidget


class Tabs(QTabWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self.currentChanged.connect(self._make_room)

    def tabInserted(self, index: int) -> None:
        super().tabInserted(index)
        self._make_room(self.currentIndex())

    def hasHeightForWidth(self) -> bool:
        """Or Qt takes the height of the tallest tab, and wrapped texts for as high as in a narrow place."""
        return False

    def minimumSizeHint(self) -> QSize:
        hint, shown = super().minimumSizeHint(), self.currentWidget()
        layout = None if shown is None else shown.layout()
        if layout is None or not layout.hasHeightForWidth() or self.width() < hint.width():
            return hint
        own = layout.totalMinimumHeightForWidth(self.width()) + self.tabBar().sizeHint().height()
        return QSize(hint.width(), min(hint.height(), own))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def _make_room(self, shown: int) -> None:
        for number in range(self.count()):
            widget = self.widget(number)
            policy = QSizePolicy.Policy.Expanding if number == shown else QSizePolicy.Policy.Ignored
            if widget is not None:
                widget.setSizePolicy(policy, policy)
        self.updateGeometry()
