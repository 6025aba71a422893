"""What shall be done with the films of a patient: hide heads, and remove a film in which they are visible."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from ui.widgets.basics import Button, label, row

_TIP = (
    "The heads of all people found are blurred for good. Only that copy is kept in the patient's record; "
    "your own file stays as it is."
)
_REMOVAL = (
    "The earlier video and its pictures, in which heads are visible, are deleted for good. Landmarks, motion "
    "and the copy with hidden heads stay."
)


class FilmOptions(QWidget):
    removal_answered = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.hide_heads = QCheckBox("Hide heads in what is imported or recorded next")
        self.hide_heads.setToolTip(_TIP)
        self._question = label(_REMOVAL, "small", wrap=True)
        self.remove, self.keep = Button("Remove the original", "danger"), Button("Keep it")
        layout = row(self.hide_heads, self._question, self.remove, self.keep, gap=12)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.remove.clicked.connect(lambda: self.removal_answered.emit(True))
        self.keep.clicked.connect(lambda: self.removal_answered.emit(False))
        self.ask_removal(False)

    def ask_removal(self, asked: bool) -> None:
        """Ask in the same place, instead of offering what comes next."""
        self.hide_heads.setVisible(not asked)
        for widget in (self._question, self.remove, self.keep):
            widget.setVisible(asked)
