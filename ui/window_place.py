"""Where the window opens: where it was, and always whole on a screen that is there now."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QMargins, QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow

USUAL = QSize(1280, 800)
_FRAME = QMargins(8, 36, 8, 8)  # at most, of the window managers seen; the real one is known once it is shown


def place(window: QMainWindow, kept: QByteArray | None) -> None:
    """Give a window that is not shown yet its place: the kept one, or the middle of the screen."""
    if kept is not None:
        window.restoreGeometry(kept)
        if window.isMaximized() or window.isFullScreen():
            return
    else:
        window.resize(USUAL)
    screen = (window.screen() if kept is not None else None) or QGuiApplication.primaryScreen()
    where = window.geometry()
    if kept is None:
        where.moveCenter(screen.availableGeometry().center())
    window.setGeometry(inside(where, screen.availableGeometry()))


def inside(window: QRect, available: QRect) -> QRect:
    """The nearest place, and the largest size up to the window's own, with its frame in what is available."""
    room = available.marginsRemoved(_FRAME)
    size = window.size().boundedTo(room.size())
    left = min(max(window.left(), room.left()), room.right() + 1 - size.width())
    top = min(max(window.top(), room.top()), room.bottom() + 1 - size.height())
    return QRect(left, top, size.width(), size.height())
