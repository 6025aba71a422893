"""How many times slower than life does the film play? Only a person knows how it was recorded."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QLineEdit

from ui.widgets.basics import Box, Button, column, label

_LEAST, _MOST = 1.0, 40.0
_NO_NAME = "Write your name first: it is kept with the answer."
_HINT = (
    "Pictures per second while recording, over pictures per second while playing: 120 played at 30 is 4 "
    "times slower. 1 means as fast as life."
)


class SlowMotionQuestion(Box):
    """The answer is stored with the name of the person who gave it."""

    answered = Signal(float, str)  # times slower than life, name

    def __init__(self) -> None:
        super().__init__("card", horizontal=True, margin=10, gap=12)
        self.factor = QDoubleSpinBox()
        self.factor.setRange(_LEAST, _MOST)
        self.factor.setDecimals(2)
        self.factor.setSuffix(" times slower")
        self.factor.setAccessibleName("How many times slower than life the film plays")
        self.factor.setMinimumWidth(170)
        self.name = QLineEdit()
        self.name.setPlaceholderText("Your name")
        self.name.setAccessibleName("Name of who says how fast the film was recorded")
        self.name.setMaximumWidth(200)
        self.solve = Button("Solve with this")
        question = column(label("How fast was this recorded?", "section"), label(_HINT, wrap=True), gap=4)
        self.body.addLayout(question, 1)
        for widget in (self.factor, self.name, self.solve):
            self.body.addWidget(widget)
        self.solve.clicked.connect(lambda: self.answered.emit(self.factor.value(), self.name.text().strip()))
        self.name.textChanged.connect(self._check)
        self._check()
        self.hide()

    def ask(self, factor: float | None) -> None:
        """Ask, with the factor that holds now; None: nothing is asked, and the name is forgotten."""
        asked = factor is not None
        if asked and self.isHidden():
            self.factor.setValue(factor or _LEAST)
        self.setVisible(asked)
        if not asked:
            self.name.clear()

    def _check(self) -> None:
        named = bool(self.name.text().strip())
        self.solve.setEnabled(named)
        self.solve.setToolTip("Solve again on this clock" if named else _NO_NAME)
