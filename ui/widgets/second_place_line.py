"""Where the whole record is copied to, and choosing it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from ui.widgets.basics import Button, ElidedLabel, row

_ENCRYPTED = "The data folder is encrypted; keep its recovery key in a safe place"
_PLAIN = "Who gets hold of this disk can read the data; “Data…” in the menu of the user encrypts them"


class SecondPlaceLine(QWidget):
    chosen = Signal(object)  # Path; None: no second place from now on

    def __init__(self) -> None:
        super().__init__()
        self.words = ElidedLabel("muted")
        self.button = Button("", tip="A folder on another disk: results and backups are copied there, too")
        self.button.clicked.connect(self._choose)
        layout: QHBoxLayout = row(self.words, self.button, gap=8)
        layout.setStretch(0, 1)
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)
        self._place = ""
        self.show_place("")

    def show_place(self, place: str, *, encrypted: bool = False) -> None:
        """`encrypted`: the data folder, and with it what is copied."""
        self._place = place
        copied = f"copied to {place}" if place else "no copy"
        words = f"{'Encrypted' if encrypted else 'Not encrypted'}, {copied}"
        self.words.setText(words)
        self.words.setToolTip(f"{words}. {_ENCRYPTED if encrypted else _PLAIN}")
        self.button.setText("Stop copying" if place else "Copy to…")

    def _choose(self) -> None:
        if self._place:
            self.chosen.emit(None)
            return
        name = QFileDialog.getExistingDirectory(self, "Second place of the record")
        if name:
            self.chosen.emit(Path(name))
