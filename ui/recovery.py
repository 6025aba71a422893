"""What is shown instead of the main window when the record cannot be opened: what, why, and the way on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from core.errors import Advice
from ui.theme import Spacing, Tone
from ui.widgets.basics import Button, Icon, clear, column, label, row
from ui.wording import clock

_LOCKED = ("REC-030", "REC-031")  # the passphrase is needed, or was wrong
_WIDTH_PX = 760  # the longest button beside the other two


class RecoveryAction(StrEnum):
    """What the person can do about a record that cannot be opened."""

    RESTORE = "restore"
    UNLOCK = "unlock"
    TRY_AGAIN = "try again"
    OTHER_FOLDER = "other folder"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class RecoveryState:
    advice: Advice
    folder: str
    actions: tuple[
        tuple[RecoveryAction, str], ...
    ]  # with the words of their buttons; the first is the main action
    note: str = ""
    asks_passphrase: bool = False


def recovery_state(
    advice: Advice, data_dir: Path, backup_made: datetime | None, *, has_passphrase: bool = False
) -> RecoveryState:
    """`backup_made`: when the last good backup was made; only a damaged record needs it.

    `has_passphrase`: the folder is encrypted, and a passphrase opens it.
    """
    again, other = (
        (RecoveryAction.TRY_AGAIN, "Try again"),
        (RecoveryAction.OTHER_FOLDER, "Choose another folder"),
    )
    leave, note = (RecoveryAction.QUIT, "Quit"), ""
    actions: tuple[tuple[RecoveryAction, str], ...] = (again, other, leave)
    if advice.code == "REC-002" and backup_made is not None:
        actions = ((RecoveryAction.RESTORE, f"Restore backup of {clock(backup_made)}"), other, leave)
        note = "What was done after this backup is not in it. A file that it replaces is kept beside it."
    elif advice.code in ("REC-002", "REC-005"):
        actions = (other, leave)
    unlocks = has_passphrase and advice.code in _LOCKED
    if unlocks:
        actions = ((RecoveryAction.UNLOCK, "Open"), other, leave)
    return RecoveryState(advice, str(data_dir), actions, note, unlocks)


class RecoveryWindow(QWidget):
    chosen = Signal(object)  # Way; closing the window is to quit

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("ExoTwin")
        self.setMinimumWidth(_WIDTH_PX)
        self._what = label("", "title", wrap=True)
        self._why = label("", "body", wrap=True)
        self._next = label("", "body", wrap=True)
        self._note = label("", "muted", wrap=True)
        self._folder = label("", "small", wrap=True)
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setPlaceholderText("Passphrase of the data folder")
        self.passphrase.setAccessibleName("Passphrase of the data folder")
        self.passphrase.returnPressed.connect(lambda: self.chosen.emit(RecoveryAction.UNLOCK))
        self._buttons = row()
        top = row(Icon("attention", 28, Tone.WARN), self._what, gap=Spacing().m)
        top.setStretch(1, 1)
        outer = column(gap=Spacing().m, margin=Spacing().xl)
        outer.addLayout(top)
        for text in (self._why, self._next, self._note):
            outer.addWidget(text)
        outer.addWidget(self.passphrase)
        outer.addSpacing(Spacing().s)
        outer.addLayout(self._buttons)
        outer.addWidget(self._folder)
        self.setLayout(outer)

    def show_state(self, state: RecoveryState) -> None:
        self._what.setText(state.advice.what)
        self._why.setText(state.advice.why)
        self._next.setText(state.advice.next_step)
        self._note.setText(state.note)
        self._note.setVisible(bool(state.note))
        self._folder.setText(f"{state.folder} · {state.advice.code}")
        self.setAccessibleName(state.advice.one_line())
        clear(self._buttons)
        for number, (action, words) in enumerate(state.actions):
            button = Button(
                words, "main" if number == 0 else "quiet" if action is RecoveryAction.QUIT else ""
            )
            button.clicked.connect(lambda _checked=False, action=action: self.chosen.emit(action))
            self._buttons.addWidget(button)
            if number == 0:
                button.setDefault(True)
                button.setFocus()
        self.passphrase.clear()
        self.passphrase.setVisible(state.asks_passphrase)
        if state.asks_passphrase:
            self.passphrase.setFocus()
        self._buttons.addStretch(1)

    def ask_for_folder(self) -> Path | None:
        name = QFileDialog.getExistingDirectory(self, "Data folder of ExoTwin")
        return Path(name) if name else None

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.chosen.emit(RecoveryAction.QUIT)
