"""What is shown instead of the main window when the record cannot be opened: what, why, and the way on."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
_KEY_OUT_OF_REACH = ("REC-033", "KEY-004", "KEY-005")  # its file or the key store does not give it
_BY_RECOVERY_KEY = Advice(
    "Open the record with its recovery key.",
    "It was printed or saved when the record was encrypted: eight groups of five signs. Small letters, "
    "spaces and dashes do not matter.",
    "Type it below.",
    "REC-030",
)
_WIDTH_PX = 760  # the longest button beside the other two


class RecoveryAction(StrEnum):
    """What the person can do about a record that cannot be opened."""

    RESTORE = "restore"
    READ = "read"
    UNLOCK = "unlock"
    HAVE_RECOVERY_KEY = "have recovery key"
    UNLOCK_BY_KEY = "unlock by recovery key"
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
    asks_recovery_key: bool = False
    has_key_store: bool = False  # a new passphrase may be left out


@dataclass(frozen=True, slots=True)
class RecoveryAnswer:
    """The recovery key as typed, and how the record opens from now on."""

    recovery_key: str
    passphrase: str  # empty: by the key store of this login
    again: str


def _in_this_window(advice: Advice, *, has_passphrase: bool) -> Advice:
    """Of a locked record: what its next step is called here."""
    other = "choose “Use the recovery key…”."
    first = (
        "Type the passphrase."
        if advice.code == "REC-030"
        else "Type it again; small and capital letters count."
    )
    words = f"{first} If nobody knows it, {other}" if has_passphrase else f"Open it there, or {other}"
    return replace(advice, next_step=words)


_IN_USE = "REC-010"


def _to_read(advice: Advice) -> Advice:
    """Of a record that can be looked at: what its next step is called here."""
    if advice.code != _IN_USE:
        return replace(advice, next_step=f"{advice.next_step} Until then it can be opened to read only.")
    return replace(
        advice,
        what="This record is open in another window or program.",
        next_step="Go on there, or open it here to read only: everything is shown, nothing can be changed.",
    )


def recovery_key_state(refused: Advice | None, data_dir: Path, *, has_key_store: bool) -> RecoveryState:
    """Asks for the recovery key; `refused`: why what was typed before did not do."""
    actions = (
        (RecoveryAction.UNLOCK_BY_KEY, "Open"),
        (RecoveryAction.TRY_AGAIN, "Back"),
        (RecoveryAction.QUIT, "Quit"),
    )
    note = "Choose the passphrase with which the record opens from now on. The recovery key stays as it is."
    if has_key_store:
        note = (
            "The record then opens by itself in this login. With a new passphrase it asks for that at each "
            "start instead. The recovery key stays as it is."
        )
    return RecoveryState(
        refused or _BY_RECOVERY_KEY,
        str(data_dir),
        actions,
        note,
        asks_recovery_key=True,
        has_key_store=has_key_store,
    )


def recovery_state(
    advice: Advice,
    data_dir: Path,
    backup_made: datetime | None,
    *,
    has_passphrase: bool = False,
    may_read: bool = False,
) -> RecoveryState:
    """`backup_made`: when the last good backup was made; only a damaged record needs it.

    `has_passphrase`: the folder is encrypted, and a passphrase opens it. `may_read`: nothing can be changed
    in it, and everything read.
    """
    again, other = (
        (RecoveryAction.TRY_AGAIN, "Try again"),
        (RecoveryAction.OTHER_FOLDER, "Choose another folder"),
    )
    leave, note = (RecoveryAction.QUIT, "Quit"), ""
    actions: tuple[tuple[RecoveryAction, str], ...] = (again, other, leave)
    if may_read:
        advice = _to_read(advice)
        read = (RecoveryAction.READ, "Open to read only")
        actions = (read, again, other, (RecoveryAction.QUIT, "Close"))
    elif advice.code == "REC-002" and backup_made is not None:
        actions = ((RecoveryAction.RESTORE, f"Restore backup of {clock(backup_made)}"), other, leave)
        note = "What was done after this backup is not in it. A file that it replaces is kept beside it."
    elif advice.code in ("REC-002", "REC-005"):
        actions = (other, leave)
    by_key = (RecoveryAction.HAVE_RECOVERY_KEY, "Use the recovery key…")
    unlocks = has_passphrase and advice.code in _LOCKED
    if advice.code in _LOCKED:
        advice = _in_this_window(advice, has_passphrase=has_passphrase)
    if unlocks:
        actions = ((RecoveryAction.UNLOCK, "Open"), by_key, other, leave)
    elif advice.code in (*_LOCKED, *_KEY_OUT_OF_REACH):
        actions = (again, by_key, other, leave)
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
        self.passphrase = _secret("Passphrase of the data folder")
        self.passphrase.returnPressed.connect(lambda: self.chosen.emit(RecoveryAction.UNLOCK))
        self.recovery_key = QLineEdit()
        self.recovery_key.setPlaceholderText("Recovery key: XXXXX-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX")
        self.recovery_key.setAccessibleName("Recovery key")
        self.new_passphrase, self.again = _secret("New passphrase"), _secret("Once more")
        self.again.returnPressed.connect(lambda: self.chosen.emit(RecoveryAction.UNLOCK_BY_KEY))
        self._buttons = row()
        top = row(Icon("attention", 28, Tone.WARN), self._what, gap=Spacing().m)
        top.setStretch(1, 1)
        outer = column(gap=Spacing().m, margin=Spacing().xl)
        outer.addLayout(top)
        for widget in (self._why, self._next, self.recovery_key, self._note, self.passphrase):
            outer.addWidget(widget)
        outer.addLayout(row(self.new_passphrase, self.again, gap=Spacing().s))
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
        self._buttons.addStretch(1)
        self._show_fields(state)

    @property
    def answer(self) -> RecoveryAnswer:
        return RecoveryAnswer(self.recovery_key.text(), self.new_passphrase.text(), self.again.text())

    def _show_fields(self, state: RecoveryState) -> None:
        """A recovery key that was mistyped stays, to be compared with the printed one; secrets do not."""
        for field in (self.passphrase, self.new_passphrase, self.again):
            field.clear()
        self.passphrase.setVisible(state.asks_passphrase)
        for field in (self.recovery_key, self.new_passphrase, self.again):
            field.setVisible(state.asks_recovery_key)
        may_be_empty = " (or none)" if state.has_key_store else ""
        self.new_passphrase.setPlaceholderText(f"New passphrase{may_be_empty}")
        if state.asks_recovery_key:
            self.recovery_key.setFocus()
        else:
            self.recovery_key.clear()
        if state.asks_passphrase:
            self.passphrase.setFocus()

    def ask_for_folder(self) -> Path | None:
        name = QFileDialog.getExistingDirectory(self, "Data folder of ExoTwin")
        return Path(name) if name else None

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.chosen.emit(RecoveryAction.QUIT)


def _secret(words: str) -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setPlaceholderText(words)
    field.setAccessibleName(words)
    return field
