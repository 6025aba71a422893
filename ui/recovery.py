"""What is shown instead of the main window when the record cannot be opened: what, why, and the way on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from core.errors import Advice
from ui.theme import Spacing, Tone
from ui.widgets.basics import Button, Icon, clear, column, label, row
from ui.wording import clock

_WIDTH_PX = 760  # the longest button beside the other two


class Way(StrEnum):
    """How to go on."""

    RESTORE = "restore"
    TRY_AGAIN = "try again"
    OTHER_FOLDER = "other folder"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class RecoveryState:
    advice: Advice
    folder: str
    ways: tuple[tuple[Way, str], ...]  # with the words of their buttons; the first is the main action
    note: str = ""


def recovery_state(advice: Advice, data_dir: Path, backup_made: datetime | None) -> RecoveryState:
    """`backup_made`: when the last good backup was made; only a damaged record needs it."""
    again, other = (Way.TRY_AGAIN, "Try again"), (Way.OTHER_FOLDER, "Choose another folder")
    leave, note = (Way.QUIT, "Quit"), ""
    ways: tuple[tuple[Way, str], ...] = (again, other, leave)
    if advice.code == "REC-002" and backup_made is not None:
        ways = ((Way.RESTORE, f"Restore backup of {clock(backup_made)}"), other, leave)
        note = "What was done after this backup is not in it. A file that it replaces is kept beside it."
    elif advice.code in ("REC-002", "REC-005"):
        ways = (other, leave)
    return RecoveryState(advice, str(data_dir), ways, note)


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
        self._buttons = row()
        top = row(Icon("attention", 28, Tone.WARN), self._what, gap=Spacing().m)
        top.setStretch(1, 1)
        outer = column(gap=Spacing().m, margin=Spacing().xl)
        outer.addLayout(top)
        for text in (self._why, self._next, self._note):
            outer.addWidget(text)
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
        for number, (way, words) in enumerate(state.ways):
            button = Button(words, "main" if number == 0 else "quiet" if way is Way.QUIT else "")
            button.clicked.connect(lambda _checked=False, way=way: self.chosen.emit(way))
            self._buttons.addWidget(button)
            if number == 0:
                button.setDefault(True)
                button.setFocus()
        self._buttons.addStretch(1)

    def ask_for_folder(self) -> Path | None:
        name = QFileDialog.getExistingDirectory(self, "Data folder of ExoTwin")
        return Path(name) if name else None

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.chosen.emit(Way.QUIT)
