"""Which leg is the left one? A question for a person, where software cannot decide."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from ui.widgets.basics import Box, Button, column, label

SHOWN, SWAP, DETECTED = "shown", "swap", "detected"
_NO_NAME = "Write your name first: it is kept with the answer."
_ANSWERS = (
    (SHOWN, "Right as shown", "Red is the patient's left leg: keep left and right as they are"),
    (SWAP, "Swap left and right", "Solve again with left and right exchanged throughout"),
    (DETECTED, "As detected", "Solve again with the detector's left and right in every picture"),
)


class SidesQuestion(Box):
    """Every answer is stored with the name of the person who gave it."""

    answered = Signal(str, str)  # SHOWN, SWAP or DETECTED; name

    def __init__(self) -> None:
        super().__init__("card", horizontal=True, margin=10, gap=12)
        self._why = label("", wrap=True)
        self.name = QLineEdit()
        self.name.setPlaceholderText("Your name")
        self.name.setAccessibleName("Name of who says which leg is the left one")
        self.name.setMaximumWidth(200)
        self.name.textChanged.connect(self._check)
        question = column(label("Which leg is the left one?", "section"), self._why, gap=4)
        self.body.addLayout(question, 1)
        self.body.addWidget(self.name)
        self.buttons = {key: Button(words) for key, words, _tip in _ANSWERS}
        for key, button in self.buttons.items():
            button.clicked.connect(lambda _=False, key=key: self.answered.emit(key, self.name.text().strip()))
            self.body.addWidget(button)
        self._check()
        self.hide()

    def ask(self, why: str) -> None:
        """Ask, with the reason; without one nothing is asked and the name is forgotten."""
        self.setVisible(bool(why))
        self._why.setText(why)
        if not why:
            self.name.clear()

    def _check(self) -> None:
        named = bool(self.name.text().strip())
        for key, _words, tip in _ANSWERS:
            self.buttons[key].setEnabled(named)
            self.buttons[key].setToolTip(tip if named else _NO_NAME)
