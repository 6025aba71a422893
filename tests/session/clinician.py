"""Hands and eyes of a clinician before the real window."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEventLoop, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QWidget,
)

from core.session.flow import Step
from ui.asides import Place
from ui.main_window import MainWindow
from ui.pages.personalize import LearningPage

SHORT_S, LONG_S = 180.0, 900.0  # what a PC that also does other things may take; no claims
TICK_MS, LONGEST_TICK_MS = 50, 400  # looking takes the processor's time, which the jobs need
HOLD_MS = 2500
TICKS_TO_BUILD = 10
Opened = TypeVar("Opened", QMenu, QFileDialog)


class Clinician:
    """Sees only what is visible and enabled, and acts by mouse and keyboard."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def waits_for(self, wish: str, fulfilled: Callable[[], bool], limit_s: float) -> None:
        end_s, tick_ms = time.monotonic() + limit_s, TICK_MS
        while not fulfilled():
            if time.monotonic() > end_s:
                raise AssertionError(f"waited {limit_s:.0f} s for {wish}; sees: {self.reads()}")
            loop = QEventLoop()
            QTimer.singleShot(tick_ms, loop.quit)
            loop.exec()
            tick_ms = min(LONGEST_TICK_MS, tick_ms * 5 // 4)

    def clicks(self, words: str, limit_s: float = SHORT_S) -> None:
        self.waits_for(f"“{words}”", lambda: self._find(QAbstractButton, words) is not None, limit_s)
        button = self._find(QAbstractButton, words)
        assert isinstance(button, QAbstractButton)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def holds(self, words: str) -> None:
        self.waits_for(f"“{words}”", lambda: self._find(QAbstractButton, words) is not None, SHORT_S)
        button = self._find(QAbstractButton, words)
        assert isinstance(button, QAbstractButton)
        QTest.mousePress(button, Qt.MouseButton.LeftButton)
        QTest.qWait(HOLD_MS)
        QTest.mouseRelease(button, Qt.MouseButton.LeftButton)

    def types(self, field: str, text: str, limit_s: float = SHORT_S) -> None:
        self.waits_for(f"“{field}”", lambda: self._find(QLineEdit, field) is not None, limit_s)
        found = self._find(QLineEdit, field)
        assert isinstance(found, QLineEdit)
        found.setFocus()
        found.selectAll()
        QTest.keyClicks(found, text)

    def opens(self, step: Step) -> None:
        """By its row of the step list, whose spoken name also says how far the step is."""
        row = next(
            found
            for found in self.window.steps.findChildren(QAbstractButton)
            if found.accessibleName().startswith(f"{step.label}, ")
        )
        QTest.mouseClick(row, Qt.MouseButton.LeftButton)
        self.waits_for(step.label, lambda: self.sees(step), SHORT_S)

    def picks(self, field: str, words: str) -> None:
        """In a drop-down whose name begins with `field`, by the first letter of the entry."""

        def found() -> QComboBox | None:
            boxes = [box for box in self.window.findChildren(QComboBox) if box.isVisible()]
            return next((box for box in boxes if box.accessibleName().startswith(field)), None)

        self.waits_for(f"“{field}”", lambda: found() is not None, SHORT_S)
        QTest.keyClick(found(), words[0])
        self.waits_for(words, lambda: (box := found()) is not None and box.currentText() == words, SHORT_S)

    def drops(self, files: Sequence[Path], step: Step) -> None:
        """Files from the desktop onto the page of `step`."""
        self.waits_for(step.label, lambda: self.sees(step), SHORT_S)
        carried = QMimeData()
        carried.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        copy, page = Qt.DropAction.CopyAction, self.window.pages.page(step)
        QApplication.sendEvent(page, QDragEnterEvent(QPoint(40, 40), copy, carried, left, none))
        QApplication.sendEvent(page, QDropEvent(QPointF(40.0, 40.0), copy, carried, left, none))

    def saves(self, words: str, path: Path, entry: str = "") -> None:
        """Press a button, choose an entry of its menu where it has one, and type where the file shall go."""
        if entry:
            _soon(_open_menu, lambda menu: _chooses(menu, entry))
        _soon(_open_dialog, lambda dialog: _types_path(dialog, path))
        self.clicks(words)
        self.waits_for(path.name, lambda: path.is_file() and path.stat().st_size > 0, SHORT_S)

    def is_asked(self, field: str) -> bool:
        return self._find(QLineEdit, field) is not None

    def has_little_time(self, step: Step, minutes: float) -> None:
        """Learn for less time than clinicians are offered: enough to see that every part works."""
        self.waits_for(step.label, lambda: self.sees(step), SHORT_S)
        page = self.window.pages.page(step)
        assert isinstance(page, LearningPage)
        page.minutes_box.set_minutes(minutes)

    def sees(self, place: Place) -> bool:
        return self.window.pages.shown is place

    def reads(self) -> list[str]:
        buttons = self.window.findChildren(QAbstractButton)
        return [b.accessibleName() for b in buttons if b.isVisible() and b.isEnabled() and b.accessibleName()]

    def _find(self, kind: type[QWidget], name: str) -> QWidget | None:
        for widget in self.window.findChildren(kind):
            if widget.isVisible() and widget.isEnabled() and widget.accessibleName() == name:
                return widget
        return None


def _open_menu() -> QMenu | None:
    popup = QApplication.activePopupWidget()
    return popup if isinstance(popup, QMenu) else None


def _open_dialog() -> QFileDialog | None:
    dialog = QApplication.activeModalWidget()
    return dialog if isinstance(dialog, QFileDialog) else None


def _soon(find: Callable[[], Opened | None], act: Callable[[Opened], None]) -> None:
    """Act on what is opened next: menus and dialogs have event loops of their own."""
    timer = QTimer(QApplication.instance())
    timer.setInterval(TICK_MS)

    seen: list[Opened] = []  # ready a while after it is seen first: it is being built meanwhile

    def look() -> None:
        found = find()
        if found is not None:
            seen.append(found)
        if found is not None and len(seen) > TICKS_TO_BUILD:
            timer.stop()
            act(found)

    timer.timeout.connect(look)
    timer.start()


def _chooses(menu: QMenu, entry: str) -> None:
    action = next(action for action in menu.actions() if action.text() == entry)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())


def _types_path(dialog: QFileDialog, path: Path) -> None:
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(name, QLineEdit)
    name.setCompleter(None)  # type: ignore[arg-type]  # its proposals would take the key
    name.selectAll()
    QTest.keyClicks(name, str(path))
    buttons = dialog.findChild(QDialogButtonBox)
    assert isinstance(buttons, QDialogButtonBox)
    QTest.keyClick(buttons.button(QDialogButtonBox.StandardButton.Save), Qt.Key.Key_Space)
