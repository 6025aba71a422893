"""For whom a controller is released: nobody, unless somebody chooses otherwise."""

from __future__ import annotations

from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox

from core.domain.release import Purpose

_WORDS = {
    Purpose.VIRTUAL_ONLY: "For a virtual exo only",
    Purpose.SUPERVISED_HUMAN: "For supervised walks",
}


class PurposeChoice(QComboBox):
    """The wheel does not turn it: nothing is released for a person by accident."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("For whom the controller is released")
        for purpose, words in _WORDS.items():
            self.addItem(words, purpose)

    @property
    def purpose(self) -> Purpose:
        return Purpose(self.currentData())

    def reset(self) -> None:
        self.setCurrentIndex(0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
