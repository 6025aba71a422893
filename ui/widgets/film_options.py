"""What is said of the recordings of a patient: heads to hide, the exo worn, a film to be removed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from core.domain.condition import Condition
from ui.widgets.basics import Button, column, label, row
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
        self.hide_heads = QCheckBox("Hide heads")
        self.hide_heads.setToolTip(_TIP)
        self.hide_heads.setAccessibleName("Hide heads in what is imported or recorded next")
        self.condition = QuietCombo()
        self.condition.setAccessibleName(
            "With which exo the patient walks in what is imported or recorded next"
        )
        self.condition.setToolTip(_WORN_TIP)
        for one in Condition:
            self.condition.addItem(one.label, one)
        self.remove, self.keep = Button("Remove the original", "danger"), Button("Keep it")
        self._usual, self._asked = QWidget(), QWidget()
        following = label("In what is imported or recorded next:", "small")
        worn = label("Exo worn", "small")
        self._usual.setLayout(row(following, self.hide_heads, worn, self.condition, None, gap=12))
        self._asked.setLayout(row(label(_REMOVAL, "small", wrap=True), self.remove, self.keep, gap=12))
        self.setLayout(column(self._usual, self._asked, gap=0))
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
        self._usual.setVisible(not asked)
        self._asked.setVisible(asked)
