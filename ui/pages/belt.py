"""Train, "Belt exo": what a belt is to give over the gait cycle, planned from the person's own hip moment."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QWidget

from ui.plots.belt_curve import BeltCurves, BeltPlot
from ui.theme import Tone
from ui.widgets.basics import Box, Button, Icon, column, label, row

_WHAT_FOR = (
    "A belt pulls the thigh forward by a band ahead of the hip. Its force follows the moment of the person's "
    "own hip from terminal stance to mid swing; nothing is learned. "
    "Measure on the person where the band runs."
)
_KEY = "Thick: asked for by the moment · line: planned, a sum of sines · dashed: the curve belts gave before"
_FIELD_PX = 96


@dataclass(frozen=True, slots=True)
class BeltWishes:
    """What a person asks for: newtons, and metres from the hip joint."""

    amplitude_n: float
    above_m: float
    ahead_m: float
    along_m: float


@dataclass(frozen=True, slots=True, eq=False)
class BeltState:
    verdict: str
    tone: Tone = Tone.NEUTRAL
    usual: BeltWishes | None = None  # for the fields, when nobody wrote into them
    curves: BeltCurves | None = None
    lines: tuple[str, ...] = ()  # about the plan on show
    action: str = ""  # plan
    why_not: str = ""
    teach: str = ""  # words of the second button
    why_not_teach: str = ""


class BeltPanel(QWidget):
    plan = Signal(object)  # BeltWishes
    teach = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._touched, self._filling = False, False
        self.amplitude = self._field(1.0, 80.0, " N", 0)
        self.above, self.ahead = self._field(-20.0, 60.0, " cm", 1), self._field(-20.0, 60.0, " cm", 1)
        self.along = self._field(1.0, 60.0, " cm", 1)
        self.action, self.teaching = Button(""), Button("")
        self._why_not, self._why_not_teach = label("", "small", wrap=True), label("", "small", wrap=True)
        self._icon, self._verdict = Icon("", 20), label("", "section", wrap=True)
        self._lines = label("", "small", wrap=True)
        self.plot, self._key = BeltPlot(), label(_KEY, "small", wrap=True)
        self._build()
        self.action.clicked.connect(lambda: self.plan.emit(self.wishes))
        self.teaching.clicked.connect(self.teach)

    @property
    def wishes(self) -> BeltWishes:
        cm = (self.above.value(), self.ahead.value(), self.along.value())
        above, ahead, along = (round(value / 100.0, 4) for value in cm)
        return BeltWishes(self.amplitude.value(), above, ahead, along)

    def forget(self) -> None:
        """Another visit: what was written for the one before does not count."""
        self._touched = False

    def show_state(self, state: BeltState) -> None:
        if state.usual is not None and not self._touched:
            self._fill(state.usual)
        icon = {Tone.OK: "done", Tone.WARN: "attention", Tone.STOP: "stop"}.get(state.tone, "")
        self._icon.show_icon(icon, state.tone)
        self._icon.setVisible(bool(icon))
        self._verdict.setText(state.verdict)
        self._lines.setText("\n".join(state.lines))
        self._lines.setVisible(bool(state.lines))
        self.plot.show_curves(state.curves)
        shown = state.curves is not None
        self.plot.setVisible(shown)
        self._key.setVisible(shown)
        for button, words, why_not, told in (
            (self.action, state.action, state.why_not, self._why_not),
            (self.teaching, state.teach, state.why_not_teach, self._why_not_teach),
        ):
            button.setText(words)
            button.setVisible(bool(words))
            button.setEnabled(not why_not)
            button.setToolTip(why_not)
            told.setText(why_not)
            told.setVisible(bool(words and why_not))

    def _fill(self, usual: BeltWishes) -> None:
        self._filling = True
        self.amplitude.setValue(usual.amplitude_n)
        for field, metres in zip(
            (self.above, self.ahead, self.along), (usual.above_m, usual.ahead_m, usual.along_m), strict=True
        ):
            field.setValue(100.0 * metres)
        self._filling = False

    def _field(self, low: float, high: float, unit: str, digits: int) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setRange(low, high)
        field.setDecimals(digits)
        field.setSuffix(unit)
        field.setFixedWidth(_FIELD_PX)
        field.valueChanged.connect(self._changed)
        return field

    def _changed(self) -> None:
        self._touched = self._touched or not self._filling

    def _build(self) -> None:
        card = Box("card", margin=12, gap=8)
        card.body.addWidget(label("Belt exo", "section"))
        card.body.addWidget(label(_WHAT_FOR, "small", wrap=True))
        fields = QGridLayout()
        fields.setVerticalSpacing(6)
        for number, (words, field) in enumerate(
            (
                ("Largest force", self.amplitude),
                ("Hip joint up to the belt's outlet", self.above),
                ("and from there forward", self.ahead),
                ("Hip joint down to the band's end", self.along),
            )
        ):
            field.setAccessibleName(words)
            fields.addWidget(label(words, wrap=True), number, 0)
            fields.addWidget(field, number, 1)
        fields.setColumnStretch(0, 1)
        card.body.addLayout(fields)
        for widget in (self.action, self._why_not, self.teaching, self._why_not_teach):
            card.body.addWidget(widget)
        card.body.addStretch(1)
        card.setFixedWidth(360)
        head = row(self._icon, self._verdict)
        head.setStretch(1, 1)
        shown = column(gap=8)
        shown.addLayout(head)
        shown.addWidget(self.plot, 1)
        shown.addWidget(self._key)
        shown.addWidget(self._lines)
        shown.addStretch(0)
        both = row(card, gap=16)
        both.addLayout(shown, 1)
        self.setLayout(both)
