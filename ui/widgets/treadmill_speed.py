"""How fast a treadmill ran: found from the feet, or read from its display and entered here."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox

from core.domain.motion import BELT_SPEEDS_M_S
from ui.widgets.basics import Box, Button, column, label


class TreadmillSpeed(Box):
    """Shown only where the patient walks in place."""

    entered = Signal(float)  # m/s

    def __init__(self) -> None:
        super().__init__("card", horizontal=True, margin=10, gap=12)
        self._why = label("", wrap=True)
        self.speed = QDoubleSpinBox()
        self.speed.setRange(*BELT_SPEEDS_M_S)
        self.speed.setSingleStep(0.05)
        self.speed.setSuffix(" m/s")
        self.speed.setAccessibleName("Treadmill speed in metres per second")
        self._hours = label("", "small")
        self.button = Button("Solve with this speed")
        self.body.addLayout(column(label("Treadmill speed", "section"), self._why, gap=4), 1)
        self.body.addWidget(self.speed)
        self.body.addWidget(self._hours)
        self.body.addWidget(self.button)
        self.speed.valueChanged.connect(self._show_hours)
        self.button.clicked.connect(lambda: self.entered.emit(self.speed.value()))
        self._shown: tuple[float, str] | None = None
        self.hide()

    def ask(self, speed_m_s: float | None, why: str = "") -> None:
        """Show the speed that holds now; None hides the field. What is being typed stays."""
        self.setVisible(speed_m_s is not None)
        shown = None if speed_m_s is None else (speed_m_s, why)
        if shown is not None and shown != self._shown:
            self._why.setText(why)
            self.speed.setValue(shown[0])
            self._show_hours()
        self._shown = shown

    def _show_hours(self) -> None:
        self._hours.setText(f"= {3.6 * self.speed.value():.1f} km/h")
