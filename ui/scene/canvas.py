"""What VTK draws on: once for requests that come together."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget
from vtkmodules.qt.QVTKRenderWindowInteractor import QVTKRenderWindowInteractor

_GATHER_MS = 15  # Qt asks when the page is laid out, the screen when its window is there


class Canvas(QVTKRenderWindowInteractor):  # type: ignore[misc]  # untyped
    """A page that is shown asks two or three times, and a picture takes 20 to 50 ms in software."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_GATHER_MS)
        self._later.timeout.connect(self._render_if_seen)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._later.isActive():
            self._later.start()

    def _render_if_seen(self) -> None:
        if self.isVisible():
            self.GetRenderWindow().Render()
