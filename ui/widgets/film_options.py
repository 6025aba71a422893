"""What is said of the recordings of a patient: heads to hide, the exo worn, a film to be removed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from core.domain.condition import Condition
from ui.widgets.basics import Button, label, row
from ui.widgets.channel_map import QuietCombo

_TIP = (
    "The heads of all people found are blurred for good. Only that copy is kept in the patient's record; "
    "your own file stays as it is."
)
_REMOVAL = (
    "The earlier video and its pictures, in which heads are visible, are deleted for good. Landmarks, motion "
    "and the copy with hidden heads stay."
)


_WORN_TIP = (
    "Of what is imported or recorded next; Visits compares recordings with and without the exo. Record a "
    "walk with the exo in a visit of its own, so that the twin stays the one of the walk without."
)


class FilmOptions(QWidget):
    removal_answered = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.hide_heads = QCheckBox("Hide heads in what is imported or recorded next")
        self.hide_heads.setToolTip(_TIP)
        self._question = label(_REMOVAL, "small", wrap=True)
        self.remove, self.keep = Button("Remove the original", "danger"), Button("Keep it")
        self.condition, self._worn = QuietCombo(), label("The patient walks with", "small")
        self.condition.setAccessibleName("With which exo the patient walks")
        self.condition.setToolTip(_WORN_TIP)
        for one in Condition:
            self.condition.addItem(one.words[:1].upper() + one.words[1:], one)
        layout = row(self.hide_heads, self._question, self.remove, self.keep, gap=12)
        layout.setStretch(1, 1)
        layout.addWidget(self._worn)
        layout.addWidget(self.condition)
        self.setLayout(layout)
        self.remove.clicked.connect(lambda: self.removal_answered.emit(True))
        self.keep.clicked.connect(lambda: self.removal_answered.emit(False))
        self.ask_removal(False)

    @property
    def worn(self) -> Condition:
        """With which exo the patient walks in what is imported or recorded next."""
        return list(Condition)[self.condition.currentIndex()]

    def forget_worn(self) -> None:
        """Another patient or visit: nobody has said it yet."""
        self.condition.setCurrentIndex(0)

    def ask_removal(self, asked: bool) -> None:
        """Ask in the same place, instead of offering what comes next."""
        usual: tuple[QWidget, ...] = (self.hide_heads, self._worn, self.condition)
        question: tuple[QWidget, ...] = (self._question, self.remove, self.keep)
        for widget in (*usual, *question):
            widget.setVisible(asked == (widget in question))
