"""A start with a record that cannot be opened: ask the person, repair, try again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from core.errors import Advice, UserError
from core.store.backup_files import backup_time, newest_backup
from core.store.backups import restore_backup
from ui.recovery import RecoveryAction, RecoveryState, RecoveryWindow, recovery_state

T = TypeVar("T")
Ask = Callable[[RecoveryState], tuple[RecoveryAction, Path | None]]  # the chosen action, and the other folder


def open_or_recover(
    data_dir: Path, open_folder: Callable[[Path], T], ask: Ask
) -> tuple[T, Path | None] | None:
    """Open what is in a data folder; while that is refused, `ask` how to go on and do so.

    Returns what was opened and the backup that was restored, if any; None when the person gave up.
    """
    restored: Path | None = None
    while True:
        try:
            return open_folder(data_dir), restored
        except UserError as error:
            action, other = ask(_state(error.advice, data_dir))
        match action:
            case RecoveryAction.QUIT:
                return None
            case RecoveryAction.OTHER_FOLDER:
                data_dir, restored = other or data_dir, None
            case RecoveryAction.RESTORE:
                restored = _restore(data_dir) or restored
            case RecoveryAction.TRY_AGAIN:
                pass


class RecoveryQuestion:
    """The window that is shown while the record cannot be opened; made when first needed."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._window: RecoveryWindow | None = None

    def ask(self, state: RecoveryState) -> tuple[RecoveryAction, Path | None]:
        self._app.setQuitOnLastWindowClosed(False)  # the main window may still come
        window = self._window = self._window or RecoveryWindow()
        window.show_state(state)
        window.show()
        action = _chosen(window)
        return action, window.ask_for_folder() if action is RecoveryAction.OTHER_FOLDER else None

    def close(self) -> None:
        if self._window is not None:
            self._window.hide()
            self._window.deleteLater()
            self._window = None
        self._app.setQuitOnLastWindowClosed(True)


def _chosen(window: RecoveryWindow) -> RecoveryAction:
    loop = QEventLoop()
    actions: list[RecoveryAction] = []

    def choose(action: RecoveryAction) -> None:
        actions.append(action)
        loop.quit()

    window.chosen.connect(choose)
    loop.exec()
    window.chosen.disconnect(choose)
    return actions[0] if actions else RecoveryAction.QUIT


def _state(advice: Advice, data_dir: Path) -> RecoveryState:
    backup = newest_backup(data_dir) if advice.code == "REC-002" else None
    return recovery_state(advice, data_dir, None if backup is None else backup_time(backup))


def _restore(data_dir: Path) -> Path | None:
    """The backup that is in place now; None when that failed, which the next opening reports."""
    try:
        return restore_backup(data_dir)
    except UserError:
        return None
