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
from core.vault.opened import ensure_open
from core.vault.places import sealed_file
from ui.recovery import RecoveryAction, RecoveryState, RecoveryWindow, recovery_state

T = TypeVar("T")
# The chosen action, and with it the other folder or the passphrase.
Ask = Callable[[RecoveryState], tuple[RecoveryAction, Path | str | None]]


def open_or_recover(
    data_dir: Path, open_folder: Callable[[Path], T], ask: Ask
) -> tuple[T, Path | None] | None:
    """Open what is in a data folder; while that is refused, `ask` how to go on and do so.

    Returns what was opened and the backup that was restored, if any; None when the person gave up.
    """
    restored: Path | None = None
    refused: Advice | None = None
    while True:
        try:
            if refused is None:
                return open_folder(data_dir), restored
        except UserError as error:
            refused = error.advice
        assert refused is not None
        action, answer = ask(_state(refused, data_dir))
        refused = None
        match action:
            case RecoveryAction.QUIT:
                return None
            case RecoveryAction.UNLOCK:
                refused = _unlock(data_dir, str(answer or ""))
            case RecoveryAction.OTHER_FOLDER:
                data_dir, restored = Path(answer or data_dir), None
            case RecoveryAction.RESTORE:
                restored = _restore(data_dir) or restored
            case RecoveryAction.TRY_AGAIN:
                pass


class RecoveryQuestion:
    """The window that is shown while the record cannot be opened; made when first needed."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._window: RecoveryWindow | None = None

    def ask(self, state: RecoveryState) -> tuple[RecoveryAction, Path | str | None]:
        self._app.setQuitOnLastWindowClosed(False)  # the main window may still come
        window = self._window = self._window or RecoveryWindow()
        window.show_state(state)
        window.show()
        action = _chosen(window)
        if action is RecoveryAction.UNLOCK:
            return action, window.passphrase.text()
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
    made = None if backup is None else backup_time(backup)
    return recovery_state(advice, data_dir, made, has_passphrase=sealed_file(data_dir).is_file())


def _unlock(data_dir: Path, passphrase: str) -> Advice | None:
    """Open an encrypted folder for this program; why that was refused, None when it is open."""
    try:
        ensure_open(data_dir, passphrase)
    except UserError as error:
        return error.advice
    return None


def _restore(data_dir: Path) -> Path | None:
    """The backup that is in place now; None when that failed, which the next opening reports."""
    try:
        return restore_backup(data_dir)
    except UserError:
        return None
