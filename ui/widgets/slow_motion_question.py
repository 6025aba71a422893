"""How many times slower than life does the film play? Only a person knows how it was recorded."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from core.domain.people import Action
from ui.widgets.account_field import NameField
from ui.widgets.basics import Box, Button, column, label

_LEAST, _MOST = 1.0, 40.0
_NO_NAME = "Write your name first: it is kept with the answer."
_NO_FACTOR = f"Write a number from {_LEAST:g} to {_MOST:g}."
_HINT = (
    "Pictures per second while recording, over pictures per second while playing: 120 played at 30 is 4 "
    "times slower. 1 means as fast as life."
)


class SlowMotionQuestion(Box):
    """The answer is stored with the name of the person who gave it."""

    answered = Signal(float, str)  # times slower than life, name

    def __init__(self) -> None:
        super().__init__("card", horizontal=True, margin=10, gap=12)
        self.factor = QLineEdit()
        self.factor.setAccessibleName("How many times slower than life the film plays")
        self.factor.setMaximumWidth(60)
        self.name = NameField(Action.CAPTURE, "Name of who says how fast the film was recorded")
        self.solve = Button("Solve with this")
        question = column(label("How fast was this recorded?", "section"), label(_HINT, wrap=True), gap=4)
        self.body.addLayout(question, 1)
        for widget in (self.factor, label("times slower"), self.name, self.solve):
            self.body.addWidget(widget)
        self.solve.clicked.connect(self._answer)
        self.name.textChanged.connect(self._check)
        self.factor.textChanged.connect(self._check)
        self._check()
        self.hide()

    def ask(self, factor: float | None) -> None:
        """Ask, with the factor that holds now; None: nothing is asked, and the name is forgotten."""
        asked = factor is not None
        if asked and self.isHidden():
            self.factor.setText(f"{factor or _LEAST:g}")
        self.setVisible(asked)
        if not asked:
            self.name.clear()

    def _value(self) -> float:
        """What is written, with a point or a comma; 0 when it is no number."""
        try:
            return float(self.factor.text().strip().replace(",", "."))
        except ValueError:
            return 0.0

    def _answer(self) -> None:
        self.answered.emit(self._value(), self.name.text().strip())

    def _check(self) -> None:
        named, possible = bool(self.name.text().strip()), _LEAST <= self._value() <= _MOST
        self.solve.setEnabled(named and possible)
        self.solve.setToolTip(
            _NO_FACTOR if not possible else self.name.missing(_NO_NAME) or "Solve on this clock"
        )
