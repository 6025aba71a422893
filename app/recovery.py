"""A start with a record that cannot be opened: ask the person, repair, try again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from core.errors import Advice, UserError
from core.store.backup_files import backup_time, newest_backup
from core.store.backups import restore_backup
from core.store.repository import STILL_READ
from core.store.trouble import has_traces_of_a_record
from core.vault.opened import bring_in, ensure_open
from core.vault.places import sealed_file
from ui.recovery import (
    RecoveryAction,
    RecoveryAnswer,
    RecoveryState,
    RecoveryWindow,
    recovery_key_state,
    recovery_state,
)

if TYPE_CHECKING:
    from core.vault.key_store import KeyStore

T = TypeVar("T")
# With the chosen action the other folder, the passphrase, or the recovery key.
Answer = Path | str | RecoveryAnswer | None
Ask = Callable[[RecoveryState], tuple[RecoveryAction, Answer]]


def open_or_recover(
    data_dir: Path,
    open_folder: Callable[[Path], T],
    ask: Ask,
    open_to_read: Callable[[Path], T] | None = None,
) -> tuple[T, Path | None] | None:
    """Open what is in a data folder; while that is refused, `ask` how to go on and do so.

    With `open_to_read` a record in which nothing can be changed now may be looked at.

    Returns what was opened and the backup that was restored, if any; None when the person gave up.
    """
    restored: Path | None = None
    state: RecoveryState | None = None
    opens = open_folder
    while True:
        if state is None:
            try:
                return opens(data_dir), restored
            except UserError as error:
                may_read = open_to_read is not None and _can_be_read(error.advice, data_dir)
                state = _state(error.advice, data_dir, may_read=may_read)
        action, answer = ask(state)
        opens = open_to_read or open_folder if action is RecoveryAction.READ else open_folder
        state = None
        match action:
            case RecoveryAction.QUIT:
                return None
            case RecoveryAction.OTHER_FOLDER:
                data_dir, restored = answer if isinstance(answer, Path) else data_dir, None
            case RecoveryAction.RESTORE:
                restored = _restore(data_dir) or restored
            case _:
                state = _next_question(action, answer, data_dir)


def _next_question(action: RecoveryAction, answer: Answer, data_dir: Path) -> RecoveryState | None:
    """After one that changes no record; None: try to open it."""
    match action:
        case RecoveryAction.UNLOCK:
            refused = _unlock(data_dir, str(answer or ""))
            return None if refused is None else _state(refused, data_dir)
        case RecoveryAction.HAVE_RECOVERY_KEY:
            return _key_state(None, data_dir)
        case RecoveryAction.UNLOCK_BY_KEY:
            assert isinstance(answer, RecoveryAnswer), "the window that asks for it gives it"
            refused = _unlock_by_key(data_dir, answer)
            return None if refused is None else _key_state(refused, data_dir)
        case _:  # read only, or try again
            return None


class RecoveryQuestion:
    """The window that is shown while the record cannot be opened; made when first needed."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._window: RecoveryWindow | None = None

    def ask(self, state: RecoveryState) -> tuple[RecoveryAction, Answer]:
        self._app.setQuitOnLastWindowClosed(False)  # the main window may still come
        window = self._window = self._window or RecoveryWindow()
        window.show_state(state)
        window.show()
        action = _chosen(window)
        if action is RecoveryAction.UNLOCK:
            return action, window.passphrase.text()
        if action is RecoveryAction.UNLOCK_BY_KEY:
            return action, window.answer
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


def _can_be_read(advice: Advice, data_dir: Path) -> bool:
    return advice.code in STILL_READ and has_traces_of_a_record(data_dir)


def _state(advice: Advice, data_dir: Path, *, may_read: bool = False) -> RecoveryState:
    backup = newest_backup(data_dir) if advice.code == "REC-002" else None
    made = None if backup is None else backup_time(backup)
    has_passphrase = sealed_file(data_dir).is_file()
    return recovery_state(advice, data_dir, made, has_passphrase=has_passphrase, may_read=may_read)


def _key_state(refused: Advice | None, data_dir: Path) -> RecoveryState:
    return recovery_key_state(refused, data_dir, has_key_store=_key_store() is not None)


def _key_store() -> KeyStore | None:
    """Slow to import, and of no use to a folder that is not encrypted."""
    from core.vault.key_store import DATA_KEYS, system_key_store

    return system_key_store(DATA_KEYS)


def _unlock_by_key(data_dir: Path, answer: RecoveryAnswer) -> Advice | None:
    """Open it by the recovery key, and keep its key as was chosen; why that was refused, or None."""
    from core.vault.data_key import check_typed_twice, keep, unlock_by_recovery

    store = _key_store()
    try:
        if answer.passphrase or answer.again or store is None:
            check_typed_twice(answer.passphrase, answer.again)
        keys = unlock_by_recovery(data_dir, answer.recovery_key)
        keep(keys, store, answer.passphrase)
    except UserError as error:
        return error.advice
    bring_in(keys)
    return None


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
