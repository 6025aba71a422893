"""Personalize, "What the EMG changed": parameters before and after, and how well moments follow."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QWidget

from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.plots.moment_courses import MomentCourse, MomentCourses
from ui.theme import Tone
from ui.widgets.basics import Box, Button, Deck, Icon, column, label, row
from ui.widgets.empty import EmptyState

_ROW_PX = 26
_LEAST_COLUMN_PX = 56
_WHAT_FOR = (
    "EMG and joint moments of the same walk tell how strong its muscles are, how late and how steeply they "
    "answer, and when they work. Part of the walk is kept aside to judge what was found."
)
_NOTHING = "There is no before and after to compare: the sentence above says what was taken over instead."


@dataclass(frozen=True, slots=True, eq=False)
class EmgMusclesState:
    verdict: str
    tone: Tone = Tone.NEUTRAL
    parameters: NumberTable | None = None
    fits: NumberTable | None = None
    courses: tuple[MomentCourse, ...] = ()
    action: str = ""
    why_not: str = ""


class ActionRow(QWidget):
    """A verdict with its icon, and the one thing to do here with the sentence why not."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._icon, self._words = Icon("", 20), label("", "strong", wrap=True)
        self.button, self._why_not = Button(""), label("", "small", wrap=True)
        self.button.clicked.connect(self.pressed)
        self._why_not.setAlignment(Qt.AlignmentFlag.AlignRight)
        layout = row(self._icon, gap=10)
        layout.addWidget(self._words, 3)
        layout.addWidget(self._why_not, 2)
        layout.addWidget(self.button)
        self.setLayout(layout)

    def show_action(self, verdict: str, tone: Tone, action: str, why_not: str = "") -> None:
        icon = {Tone.OK: "done", Tone.WARN: "attention", Tone.STOP: "stop"}.get(tone, "")
        self._icon.show_icon(icon, tone)
        self._icon.setVisible(bool(icon))
        self._words.setText(verdict)
        self.button.setText(action)
        self.button.setVisible(bool(action))
        self.button.setEnabled(not why_not)
        self.button.setToolTip(why_not)
        self._why_not.setText(why_not)
        self._why_not.setVisible(bool(why_not))

    @property
    def why_not(self) -> str:
        return self._why_not.text()

    @property
    def verdict(self) -> str:
        return self._words.text()


class EmgMusclesPanel(QWidget):
    calibrate = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.action, self.parameters, self.fits = ActionRow(), NumberTableWidget(), NumberTableWidget()
        self.courses = MomentCourses()
        self.parameters.setAccessibleName("Muscle parameters before and after calibration with EMG")
        self.fits.setAccessibleName("How well joint moments from EMG follow the measured ones")
        for table in (self.parameters, self.fits):
            table.verticalHeader().setDefaultSectionSize(_ROW_PX)
            table.verticalHeader().setMinimumSectionSize(_ROW_PX)
            table.horizontalHeader().setMinimumSectionSize(_LEAST_COLUMN_PX)
            table.horizontalHeader().setFixedHeight(_ROW_PX + 4)
            table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.fits.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._cards = self._build()
        self._empty = EmptyState()
        self._empty.show_purpose("emg", "Give the twin this person's own muscles", _WHAT_FOR)
        self._nothing = EmptyState()
        self._nothing.show_purpose("emg", "No parameter was changed", _NOTHING)
        self._parts = Deck(self._empty, self._nothing, self._cards)
        layout = column(self.action, gap=10)
        layout.addWidget(self._parts, 1)
        self.setLayout(layout)
        self.action.pressed.connect(self.calibrate)

    def show_state(self, state: EmgMusclesState) -> None:
        self.action.show_action(state.verdict, state.tone, state.action, state.why_not)
        self._parts.show_widget(self._part_of(state))
        if state.parameters is not None:
            self.parameters.show_numbers(state.parameters)
            header = self.parameters.horizontalHeader()
            for number in range(len(state.parameters.columns)):  # numbers whole, long names end in …
                fits = QHeaderView.ResizeMode.ResizeToContents if number else QHeaderView.ResizeMode.Stretch
                header.setSectionResizeMode(number, fits)
        if state.fits is not None:
            self.fits.show_numbers(state.fits)
            height = self.fits.horizontalHeader().height()
            self.fits.setFixedHeight(height + _ROW_PX * len(state.fits.rows) + 4)
        self.courses.show_courses(state.courses)

    def _part_of(self, state: EmgMusclesState) -> QWidget:
        if state.parameters is None:
            return self._empty
        return self._cards if state.parameters.rows or state.courses else self._nothing

    def _build(self) -> QWidget:
        left, right = Box("card", margin=12, gap=6), Box("card", margin=12, gap=6)
        left.body.addWidget(label("What the EMG changed", "section"))
        left.body.addWidget(self.parameters, 1)
        right.body.addWidget(label("Joint moments before and after", "section"))
        right.body.addWidget(self.courses, 1)
        right.body.addWidget(self.fits)
        cards = QWidget()
        halves = row(left, right, gap=12)
        halves.setStretch(0, 50)
        halves.setStretch(1, 50)
        cards.setLayout(halves)
        return cards
