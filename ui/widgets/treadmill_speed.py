"""How fast a treadmill ran: found from the feet, or read from its display and entered here."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from core.domain.motion import BELT_SPEEDS_M_S
from ui.widgets.basics import Box, Button, column, label

_LOW, _HIGH = BELT_SPEEDS_M_S
_NO_SPEED = f"Write a number from {_LOW:g} to {_HIGH:g}, in metres per second."


class TreadmillSpeed(Box):
    """Shown only where the patient walks in place."""

    entered = Signal(float)  # m/s

    def __init__(self) -> None:
        super().__init__("card", horizontal=True, margin=10, gap=12)
        self._why = label("", wrap=True)
        self.speed = QLineEdit()
        self.speed.setMaximumWidth(60)
        self.speed.setAccessibleName("Treadmill speed in metres per second")
        self._hours = label("", "small")
        self.button = Button("Solve with this speed")
        self.body.addLayout(column(label("Treadmill speed", "section"), self._why, gap=4), 1)
        for widget in (self.speed, label("m/s"), self._hours, self.button):
            self.body.addWidget(widget)
        self.speed.textChanged.connect(self._check)
        self.button.clicked.connect(lambda: self.entered.emit(self.value()))
        self._shown: tuple[float, str] | None = None
        self._check()
        self.hide()

    def ask(self, speed_m_s: float | None, why: str = "") -> None:
        """Show the speed that holds now; None hides the field. What is being typed stays."""
        self.setVisible(speed_m_s is not None)
        shown = None if speed_m_s is None else (speed_m_s, why)
        if shown is not None and shown != self._shown:
            self._why.setText(why)
            self.speed.setText(f"{shown[0]:.2f}")
        self._shown = shown

    def value(self) -> float:
        """What is written, with a point or a comma; 0 when it is no number."""
        try:
            return float(self.speed.text().strip().replace(",", "."))
        except ValueError:
            return 0.0

    def _check(self) -> None:
        known = _LOW <= self.value() <= _HIGH
        self.button.setEnabled(known)
        self.button.setToolTip("Step lengths and speed follow from it" if known else _NO_SPEED)
        self._hours.setText(f"= {3.6 * self.value():.1f} km/h" if known else "")
