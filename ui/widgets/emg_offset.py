"""When the EMG began in the time of the motion: shown, with how that is known, and changed here."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from core.domain.emg import EmgEnvelopes
from ui.widgets.basics import Button, label, row


class EmgOffset(QWidget):
    changed = Signal(str)  # seconds as written

    def __init__(self) -> None:
        super().__init__()
        self._source = label("", "small", wrap=True)
        self.seconds = QLineEdit()
        self.seconds.setFixedWidth(80)
        self.seconds.setAccessibleName("Seconds from the start of the motion to that of the EMG")
        self.button = Button("Move", tip="Keep the EMG at this place in the time of the motion")
        self.button.clicked.connect(lambda: self.changed.emit(self.seconds.text()))
        self.seconds.returnPressed.connect(lambda: self.changed.emit(self.seconds.text()))
        self.seconds.textChanged.connect(self._check)
        self._shown = ""
        line = row(
            label("EMG began at"), self.seconds, label("s of the motion"), self._source, self.button, gap=8
        )
        line.setStretch(3, 1)
        line.setContentsMargins(0, 0, 0, 0)
        self.setLayout(line)

    def show_offset(self, emg: EmgEnvelopes) -> None:
        """What is being typed stays until another offset holds."""
        shown = f"{emg.offset_s:.3f}".rstrip("0").rstrip(".")
        if (shown, emg.offset_from) != (self._shown, self._source.property("source")):
            self.seconds.setText(shown)
        self._shown = shown
        self._source.setProperty("source", emg.offset_from)
        self._source.setText(
            f"({emg.offset_from})" if emg.offset_from else "(not known: taken to start together)"
        )
        self._check()

    def _check(self) -> None:
        self.button.setEnabled(self.seconds.text().strip().replace(",", ".") != self._shown)
